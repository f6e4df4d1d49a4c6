//! From the engine's feed to everyone who follows it: first the publisher, then peers, then commands.
//!
//! One thread, in the order of the log. It never drops an event; a slow listener of ours makes the engine wait.

use std::{io, sync::Arc, thread};

use crossbeam_channel::Receiver;
use litecast_engine::FeedItem;
use litecast_p2p::Input;
use litecast_primitives::event::Event;
use parking_lot::Mutex;

use crate::{
    commands::Notifier,
    net::Net,
    publish::Publish,
    shutdown::{Reason, Shutdown},
};

/// Where events go.
pub(crate) struct Fanout {
    /// ZeroMQ.
    pub(crate) publish: Publish,
    /// Peers; set once the network runs.
    pub(crate) net: Arc<Mutex<Option<Net>>>,
    /// `-blocknotify`.
    pub(crate) block_notify: Option<Notifier>,
    /// `-alertnotify`.
    pub(crate) alert_notify: Option<Notifier>,
    /// `-stopatheight`: the engine halts there, and so does the node.
    pub(crate) stop_at_height: Option<u32>,
    /// To stop with.
    pub(crate) shutdown: Shutdown,
}

impl Fanout {
    /// Reads the feed until the engine ends; then tells `ended`.
    pub(crate) fn start(
        mut self,
        feed: Receiver<FeedItem>,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("events".into()).spawn(move || {
            for item in &feed {
                match item {
                    FeedItem::Event(event) => self.event(&event),
                    FeedItem::Warning(text) => self.warning(&text),
                    FeedItem::Barrier(done) => drop(done.send(Ok(()))),
                }
            }
            self.publish.shutdown();
            ended();
        })
    }

    fn warning(&self, text: &str) {
        tracing::warn!("{text}");
        if let Some(notifier) = &self.alert_notify {
            notifier.run(&format!("'{}'", sanitize(text)));
        }
    }

    fn event(&mut self, event: &Event) {
        self.publish.event(event);
        self.tell_peers(event);
        let Event::TipChanged { tip, initial_download, .. } = event else { return };
        let hash = tip.block.hash();
        if self.stop_at_height.is_some_and(|height| tip.height >= height) {
            self.shutdown.request(Reason::Asked);
        }
        if let Some(notifier) = self.block_notify.as_ref().filter(|_| !initial_download) {
            notifier.run(&hash.to_string());
        }
    }
}

impl Fanout {
    fn tell_peers(&self, event: &Event) {
        let input = match event {
            Event::Connected(at) => Input::BlockConnected { block: Arc::clone(&at.block) },
            Event::Disconnected(_) => Input::BlockDisconnected,
            Event::TipChanged { tip, fork, initial_download } => {
                Input::TipChanged { tip: tip.block.hash(), fork: *fork, initial_download: *initial_download }
            }
            // Who brought a transaction tells the machine of it.
            Event::TxAdded { .. } | Event::TxRemoved { .. } => return,
        };
        let net = self.net.lock().clone();
        if let Some(net) = net {
            net.input_blocking(input);
        }
    }
}

/// Only what a shell takes for plain text (v0.21.5.5 src/util/strencodings.cpp, SanitizeString).
fn sanitize(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || " .,;-_/:?@()".contains(*c)).collect()
}
