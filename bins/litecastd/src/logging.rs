//! The log: `tracing` events as lines of `debug.log`, in litecoind's shape (`2026-01-01T00:00:00Z message`).
//!
//! Information, warnings and errors are always written. Debug and trace events are written when their category is on; the
//! category is the event's target, or belongs to the crate the event is from. Lines written before the file is open wait in
//! memory, up to a limit. Write errors are ignored: a full disk must not stop the node here.

mod category;
mod layer;
mod sink;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

pub(crate) use category::Categories;

use crate::config::LogSettings;
use sink::Sink;

/// The log of this process.
pub(crate) struct Logger {
    sink: Mutex<Sink>,
    mask: AtomicU32,
    reopen: AtomicBool,
    mock_time: AtomicI64,
    path: PathBuf,
    timestamps: bool,
    time_micros: bool,
    thread_names: bool,
}

impl Logger {
    /// A log that keeps its lines until [`Logger::open`].
    pub(crate) fn new(settings: &LogSettings) -> Arc<Self> {
        let mut mask = 0;
        for name in &settings.enable {
            mask |= Categories::mask(name).unwrap_or(0);
        }
        for name in &settings.disable {
            mask &= !Categories::mask(name).unwrap_or(0);
        }
        Arc::new(Self {
            sink: Mutex::new(Sink::new(settings.file.clone(), settings.to_console)),
            mask: AtomicU32::new(mask),
            reopen: AtomicBool::new(false),
            mock_time: AtomicI64::new(0),
            path: settings.path.clone(),
            timestamps: settings.timestamps,
            time_micros: settings.time_micros,
            thread_names: settings.thread_names,
        })
    }

    /// Makes this the log of all `tracing` events of the process; only the first call does.
    pub(crate) fn install(self: &Arc<Self>) {
        use tracing_subscriber::layer::SubscriberExt as _;
        let subscriber = tracing_subscriber::registry().with(layer::LogLayer::new(Arc::clone(self)));
        let _ = tracing::subscriber::set_global_default(subscriber);
    }

    /// Opens the file and writes what has waited. With `shrink`, a large old file is cut to its end first.
    pub(crate) fn open(&self, shrink: bool) -> io::Result<()> {
        self.sink.lock().open(shrink)
    }

    /// The next line opens the file anew, for log rotation.
    pub(crate) fn request_reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }

    /// The mocked time, which every line then shows; 0 for none.
    pub(crate) fn set_mock_time(&self, seconds: i64) {
        self.mock_time.store(seconds, Ordering::Relaxed);
    }

    /// Writes one message as a line.
    pub(crate) fn line(&self, message: &str) {
        let mut line = String::with_capacity(message.len() + 32);
        if self.timestamps {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let micros = self.time_micros.then_some(now.subsec_micros());
            line.push_str(&iso8601(i64::try_from(now.as_secs()).unwrap_or(i64::MAX), micros));
            let mock_time = self.mock_time.load(Ordering::Relaxed);
            if mock_time != 0 {
                line.push_str(&format!(" (mocktime: {})", iso8601(mock_time, None)));
            }
            line.push(' ');
        }
        if self.thread_names {
            line.push_str(&format!("[{}] ", std::thread::current().name().unwrap_or("")));
        }
        escape_into(message, &mut line);
        line.push('\n');
        let reopen = self.reopen.swap(false, Ordering::Relaxed);
        self.sink.lock().write(&line, reopen);
    }

    fn change(&self, category: &str, on: bool) -> bool {
        let Some(mask) = Categories::mask(category) else { return false };
        if on {
            self.mask.fetch_or(mask, Ordering::Relaxed);
        } else {
            self.mask.fetch_and(!mask, Ordering::Relaxed);
        }
        tracing::callsite::rebuild_interest_cache();
        true
    }
}

impl litecast_rpc::LogControl for Logger {
    fn set(&self, category: &str, on: bool) -> bool {
        self.change(category, on)
    }

    fn categories(&self) -> Vec<(&'static str, bool)> {
        let mask = self.mask.load(Ordering::Relaxed);
        Categories::all().map(|(name, bit)| (name, mask & bit != 0)).collect()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Reopens the log at every SIGHUP, for as long as the runtime lives.
pub(crate) async fn reopen_on_hangup(logger: Arc<Logger>) -> io::Result<()> {
    let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        logger.request_reopen();
    }
    Ok(())
}

/// Control characters, but line feeds, become `\xNN`: what a peer sends must not drive the reader's terminal.
fn escape_into(message: &str, line: &mut String) {
    for c in message.trim_end_matches('\n').chars() {
        if (c.is_ascii_control() && c != '\n') || c == '\x7f' {
            line.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
}

/// Seconds since 1970 as `2026-01-01T00:00:00Z`, with microseconds where given.
fn iso8601(seconds: i64, micros: Option<u32>) -> String {
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    // Days to civil date by 400-year eras that begin on 1 March, so that the leap day comes last.
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = micros.map_or_else(String::new, |micros| format!(".{micros:06}"));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests;
