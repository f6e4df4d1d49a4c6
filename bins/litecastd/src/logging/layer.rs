//! From `tracing` events to lines. Whether a call site is live is decided once and cached by `tracing`, until the categories
//! change.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::{Categories, Logger};

pub(super) struct LogLayer {
    logger: Arc<Logger>,
}

impl LogLayer {
    pub(super) fn new(logger: Arc<Logger>) -> Self {
        Self { logger }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
            || self.logger.mask.load(Ordering::Relaxed) & Categories::of_target(metadata.target()) != 0
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let prefix = match *event.metadata().level() {
            Level::ERROR => "ERROR: ",
            Level::WARN => "Warning: ",
            _ => "",
        };
        self.logger.line(&format!("{prefix}{}{}", text.message, text.fields));
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
}
