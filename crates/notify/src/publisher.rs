//! The publisher: numbers messages and sends them to any number of ZeroMQ subscribers.
//!
//! Owns the PUB sockets, the counters and the tasks behind them. [`Publisher::send`] is called in order by one thread,
//! which is not async; it queues and returns, whatever the subscribers do. Each subscriber has a queue of its own,
//! bounded by the high water mark (in messages), and loses whole messages, counted, when it is full. A counter belongs
//! to one option occurrence; it starts at 0 and advances with every message, whether or not anybody listens.
//!
//! Differences from a libzmq PUB socket are listed in `docs/spec/zmq.md`.

mod encoded;
mod listener;
mod session;
mod settings;
mod socket;
mod stats;
mod subscriber;
mod subscriptions;

use std::{
    convert::Infallible,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, time::Instant};

pub use listener::BindError;
pub use settings::PublisherSettings;
pub use stats::{NotifierStats, PublisherStats, SocketStats, SubscriberStats};

use crate::{
    frames::Message,
    options::{AddressError, NotifierConfig, NotifyConfig},
    topic::Topic,
};
use listener::Listener;
use socket::{PubSocket, accept_loop};

/// Tells tasks to end: by when, once it is decided. Its sender gone means at once.
type Closing = watch::Receiver<Option<Instant>>;
/// Held by every task; when all are dropped, a shutdown is complete.
type KeepAlive = mpsc::Sender<Infallible>;

/// How much longer than the flush a shutdown waits for tasks that no longer get to run.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(250);

/// Sends messages. Not shared: the thread that has it is the one that sends. For others there is [`Observer`].
#[must_use = "dropping the publisher closes its sockets"]
pub struct Publisher {
    shared: Arc<Shared>,
    closing: watch::Sender<Option<Instant>>,
    ended: mpsc::Receiver<Infallible>,
    flush_timeout: Duration,
}

/// Sees what the publisher does, from any thread.
#[derive(Clone, Debug)]
pub struct Observer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    notifiers: Vec<Notifier>,
    sockets: Vec<Option<Arc<PubSocket>>>,
}

#[derive(Debug)]
struct Notifier {
    config: NotifierConfig,
    /// Only the sending thread writes it.
    published: AtomicU64,
}

impl Publisher {
    /// Binds every socket of `config` and starts serving on `runtime`. Addresses that cannot be bound are returned;
    /// the others work.
    pub fn start(config: &NotifyConfig, settings: PublisherSettings, runtime: &Handle) -> (Self, Vec<AddressError>) {
        let settings = Arc::new(settings);
        let (closing, closing_seen) = watch::channel(None);
        let (alive, ended) = mpsc::channel();
        let mut errors = Vec::new();
        let mut sockets = Vec::new();
        let _inside = runtime.enter();
        for (index, socket_config) in config.sockets().iter().enumerate() {
            match Listener::bind(&socket_config.endpoint) {
                Ok(listener) => {
                    let bound = listener.bound(&socket_config.endpoint);
                    tracing::info!(
                        address = socket_config.address,
                        bound,
                        hwm = socket_config.hwm,
                        "ZeroMQ: publishing"
                    );
                    let socket = Arc::new(PubSocket::new(socket_config, bound));
                    let task = accept_loop(
                        listener,
                        Arc::clone(&socket),
                        Arc::clone(&settings),
                        closing_seen.clone(),
                        alive.clone(),
                    );
                    runtime.spawn(task);
                    sockets.push(Some(socket));
                }
                Err(error) => {
                    errors.push(AddressError {
                        address: socket_config.address.clone(),
                        topics: config.topics_of_socket(index),
                        reason: error.to_string(),
                        hint: error.hint().to_owned(),
                    });
                    sockets.push(None);
                }
            }
        }
        let notifiers =
            config.notifiers().iter().map(|config| Notifier { config: config.clone(), published: AtomicU64::new(0) });
        let shared = Arc::new(Shared { notifiers: notifiers.collect(), sockets });
        let flush_timeout = settings.flush_timeout;
        (Self { shared, closing, ended, flush_timeout }, errors)
    }

    /// Numbers one message and queues it for every subscriber that wants it. Never waits. A message of a notifier whose
    /// address could not be bound goes nowhere, and its counter stands still.
    ///
    /// # Panics
    /// If the message was made with another configuration.
    pub fn send(&mut self, message: &Message) {
        let notifier = &self.shared.notifiers[message.notifier];
        debug_assert_eq!(notifier.config.topic, message.topic, "the message belongs to this configuration");
        let Some(socket) = &self.shared.sockets[notifier.config.socket] else { return };
        let published = notifier.published.load(Relaxed);
        socket.publish(message.topic, &message.body, counter_of(published));
        notifier.published.store(published + 1, Relaxed);
    }

    /// What the publisher has done so far.
    #[must_use]
    pub fn stats(&self) -> PublisherStats {
        self.observer().stats()
    }

    /// A view for other threads.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer(Arc::clone(&self.shared))
    }

    /// Stops accepting, gives queued messages a bounded time to leave, closes everything and removes socket files.
    /// Blocks; must not be called from a task of the runtime. libzmq's linger of 0 would drop what is queued.
    pub fn shutdown(self) {
        let Self { shared, closing, ended, flush_timeout } = self;
        closing.send_replace(Some(Instant::now() + flush_timeout));
        // Every task holds a sender: the channel is disconnected when the last one is done.
        if let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(flush_timeout + SHUTDOWN_GRACE) {
            tracing::warn!("ZeroMQ: subscribers were cut off at shutdown");
        }
        drop(shared);
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl Observer {
    /// What the publisher has done so far.
    #[must_use]
    pub fn stats(&self) -> PublisherStats {
        let active = self.0.notifiers.iter().filter(|notifier| self.0.sockets[notifier.config.socket].is_some());
        let notifiers = active.map(|notifier| NotifierStats {
            topic: notifier.config.topic,
            address: notifier.config.address.clone(),
            hwm: notifier.config.hwm,
            published: notifier.published.load(Relaxed),
        });
        PublisherStats {
            notifiers: notifiers.collect(),
            sockets: self.0.sockets.iter().flatten().map(|socket| socket.stats()).collect(),
        }
    }

    /// What `getzmqnotifications` answers: type, address and high water mark of every active notifier.
    #[must_use]
    pub fn notifications(&self) -> Vec<(&'static str, String, u32)> {
        let row = |n: NotifierStats| (Topic::notifier_type(n.topic), n.address, n.hwm);
        self.stats().notifiers.into_iter().map(row).collect()
    }
}

/// The third frame: the lower 32 bits of how many messages came before.
fn counter_of(published: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the counter on the wire wraps at 2^32")]
    let counter = published as u32;
    counter
}
