//! One PUB socket: its subscribers, its accounts, and the task that accepts connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::{Mutex, RwLock};

use super::{
    Closing, KeepAlive,
    encoded::Encoded,
    listener::{Listener, Stream},
    session,
    settings::PublisherSettings,
    stats::SocketStats,
    subscriber::Subscriber,
};
use crate::{frames::Body, options::SocketConfig, topic::Topic};

/// Rest after an accept that failed (usually: no file descriptors left), so as not to spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct PubSocket {
    address: String,
    bound: String,
    hwm: u32,
    subscribers: RwLock<Vec<Arc<Subscriber>>>,
    gone: Mutex<Gone>,
    accepted: AtomicU64,
    refused: AtomicU64,
    open: AtomicUsize,
}

/// The accounts of subscribers that left.
#[derive(Debug, Default)]
struct Gone {
    sent: u64,
    dropped: u64,
}

impl PubSocket {
    pub(crate) fn new(config: &SocketConfig, bound: String) -> Self {
        Self {
            address: config.address.clone(),
            bound,
            hwm: config.hwm,
            subscribers: RwLock::default(),
            gone: Mutex::default(),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        }
    }

    pub(crate) fn bound(&self) -> &str {
        &self.bound
    }

    /// Queues one message for every subscriber that wants it. Never waits for any of them.
    pub(crate) fn publish(&self, topic: Topic, body: &Body, counter: u32) {
        let subscribers = self.subscribers.read();
        if subscribers.is_empty() {
            return;
        }
        let message = Encoded::new(topic, body, counter);
        for subscriber in subscribers.iter() {
            subscriber.offer(topic, &message);
        }
    }

    /// Adds a subscriber whose handshake is complete.
    pub(crate) fn join(&self, peer: String, zmtp_minor: u8) -> Arc<Subscriber> {
        let hwm = usize::try_from(self.hwm).unwrap_or(usize::MAX);
        let subscriber = Arc::new(Subscriber::new(peer, hwm, zmtp_minor));
        self.subscribers.write().push(Arc::clone(&subscriber));
        subscriber
    }

    pub(crate) fn leave(&self, subscriber: &Arc<Subscriber>) {
        let mut subscribers = self.subscribers.write();
        subscribers.retain(|other| !Arc::ptr_eq(other, subscriber));
        let stats = subscriber.stats();
        let mut gone = self.gone.lock();
        gone.sent += stats.sent;
        gone.dropped += stats.dropped;
    }

    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn stats(&self) -> SocketStats {
        let subscribers = self.subscribers.read();
        let present: Vec<_> = subscribers.iter().map(|subscriber| subscriber.stats()).collect();
        let gone = self.gone.lock();
        SocketStats {
            address: self.address.clone(),
            bound: self.bound.clone(),
            hwm: self.hwm,
            sent: gone.sent + present.iter().map(|subscriber| subscriber.sent).sum::<u64>(),
            dropped: gone.dropped + present.iter().map(|subscriber| subscriber.dropped).sum::<u64>(),
            accepted: self.accepted.load(Relaxed),
            refused: self.refused.load(Relaxed),
            subscribers: present,
        }
    }
}

/// Accepts until the publisher closes; each connection gets a task of its own.
pub(crate) async fn accept_loop(
    listener: Listener,
    socket: Arc<PubSocket>,
    settings: Arc<PublisherSettings>,
    mut closing: Closing,
    alive: KeepAlive,
) {
    loop {
        let accepted = tokio::select! {
            // Either a deadline was set or the publisher is gone.
            _ = closing.changed() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                socket.accepted.fetch_add(1, Relaxed);
                if socket.open.fetch_add(1, Relaxed) >= settings.max_connections {
                    socket.open.fetch_sub(1, Relaxed);
                    socket.refuse();
                    tracing::warn!(
                        address = socket.address,
                        limit = settings.max_connections,
                        "ZeroMQ: too many connections"
                    );
                    continue;
                }
                let place = Place(Arc::clone(&socket));
                tokio::spawn(serve(stream, place, Arc::clone(&settings), closing.clone(), alive.clone()));
            }
            Err(error) => {
                tracing::warn!(address = socket.address, %error, "ZeroMQ: cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    // In this order: a shutdown that has seen the last `alive` go may bind the same address again.
    drop(listener);
    drop(alive);
}

/// One of the connections that `max_connections` allows; given back on drop.
struct Place(Arc<PubSocket>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

async fn serve(stream: Stream, place: Place, settings: Arc<PublisherSettings>, closing: Closing, alive: KeepAlive) {
    stream.configure(&settings);
    match stream {
        Stream::Tcp(stream, peer) => {
            let (reader, writer) = stream.into_split();
            session::serve(reader, writer, &peer.to_string(), &place.0, &settings, closing).await;
        }
        Stream::Unix(stream) => {
            let (reader, writer) = stream.into_split();
            session::serve(reader, writer, "unix", &place.0, &settings, closing).await;
        }
    }
    drop((place, alive));
}
