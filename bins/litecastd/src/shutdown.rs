//! Asking the node to stop, from anywhere, and waiting for it.

use std::sync::Arc;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Why the node stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// `stop`, a signal, `-stopatheight`.
    Asked,
    /// The node cannot go on.
    Failed(String),
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(Arc<watch::Sender<Option<Reason>>>);

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::channel(None).0))
    }

    /// The first reason counts.
    pub(crate) fn request(&self, reason: Reason) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        });
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits for a request.
    pub(crate) async fn wait(&self) -> Reason {
        let mut seen = self.0.subscribe();
        let reason = seen.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or(Reason::Asked)
    }

    /// SIGINT and SIGTERM become requests.
    pub(crate) fn on_signals(&self) -> std::io::Result<()> {
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let mut signals = signal(kind)?;
            let shutdown = self.clone();
            tokio::spawn(async move {
                if signals.recv().await.is_some() {
                    shutdown.request(Reason::Asked);
                }
            });
        }
        Ok(())
    }
}
