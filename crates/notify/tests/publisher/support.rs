//! A publisher on ports of the system's choice, and bounded waiting.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use litecast_notify::{
    Body, Message, NotifyConfig, PubOption, Publisher, PublisherSettings, Topic,
    publisher::{PublisherStats, SocketStats},
};
use tokio::runtime::{Builder, Runtime};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Bench {
    // Declared first: dropped while the runtime still lives.
    publisher: Option<Publisher>,
    config: NotifyConfig,
    runtime: Runtime,
}

pub(crate) fn option(topic: Topic, address: &str, hwm: Option<i64>) -> PubOption {
    PubOption { topic, address: address.to_owned(), hwm }
}

/// All five topics on one address.
pub(crate) fn all_on(address: &str) -> Vec<PubOption> {
    Topic::ALL.into_iter().map(|topic| option(topic, address, None)).collect()
}

/// A process that is being started holds copies of our sockets until it runs its own program. Whoever starts one, and
/// whoever counts on a socket being closed, takes turns.
pub(crate) fn no_process_starts() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) const ANY_PORT: &str = "tcp://127.0.0.1:*";

/// For tests that free a port and bind it again: a loopback address of their own, where nobody takes it in between.
pub(crate) fn own_port() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    format!("tcp://127.28.33.{}:*", NEXT.fetch_add(1, Relaxed))
}

impl Bench {
    pub(crate) fn new(options: &[PubOption], settings: PublisherSettings) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (config, errors) = NotifyConfig::from_options(options);
        assert_eq!(errors, []);
        let (publisher, errors) = Publisher::start(&config, settings, runtime.handle());
        assert_eq!(errors, []);
        Self { publisher: Some(publisher), config, runtime }
    }

    pub(crate) fn with(options: &[PubOption]) -> Self {
        Self::new(options, PublisherSettings::default())
    }

    fn publisher(&mut self) -> &mut Publisher {
        self.publisher.as_mut().expect("not shut down yet")
    }

    /// Sends on every notifier of the topic.
    pub(crate) fn send(&mut self, topic: Topic, body: impl Into<Bytes>) {
        let body = Body::Raw(body.into());
        let notifiers: Vec<usize> = self.config.of_topic(topic).map(|(index, _)| index).collect();
        assert!(!notifiers.is_empty());
        for notifier in notifiers {
            self.publisher().send(&Message { notifier, topic, body: body.clone() });
        }
    }

    pub(crate) fn stats(&self) -> PublisherStats {
        self.publisher.as_ref().expect("not shut down yet").stats()
    }

    pub(crate) fn socket(&self) -> SocketStats {
        self.stats().sockets.swap_remove(0)
    }

    pub(crate) fn bound(&self) -> String {
        self.socket().bound
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.bound().strip_prefix("tcp://").and_then(|a| a.parse().ok()).expect("a TCP address")
    }

    /// Waits until the first socket looks as wanted.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&SocketStats) -> bool) -> SocketStats {
        let end = Instant::now() + PATIENCE;
        loop {
            let stats = self.socket();
            if wanted(&stats) {
                return stats;
            }
            assert!(Instant::now() < end, "{what} did not happen: {stats:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until `count` subscribers are there and each gets at least one topic.
    pub(crate) fn until_subscribed(&self, count: usize) {
        self.until("subscriptions", |stats| {
            stats.subscribers.len() == count && stats.subscribers.iter().all(|s| !s.topics.is_empty())
        });
    }

    pub(crate) fn until_sent(&self) {
        self.until("an empty queue", |stats| stats.subscribers.iter().all(|s| s.queued == 0));
    }

    /// Shuts down and starts again on the same address, at once.
    pub(crate) fn restart(self) -> Self {
        let address = self.bound();
        let _turn = no_process_starts();
        self.shutdown();
        Self::with(&all_on(&address))
    }

    pub(crate) fn shutdown(mut self) {
        self.publisher.take().expect("not shut down yet").shutdown();
        drop(self.runtime);
    }
}
