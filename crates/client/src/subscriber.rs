//! Subscribes to any number of publishers and hands out one stream of [`Notice`]s.
//!
//! Owns a thread per address, which connects, connects again with a growing pause when the connection is lost, and
//! watches the counters. What happens to the connection is part of the stream: connected, lost, messages missing,
//! publisher restarted. The stream is bounded: a slow reader makes the publisher queue, and drop, which shows as a gap.

mod connection;
mod gaps;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    address::{Address, AddressError},
    notification::Notification,
};
use connection::{Lost, PublisherConnection, Received};
use gaps::{Gaps, Step};

/// How to subscribe.
#[derive(Clone, Debug)]
pub struct SubscriberOptions {
    /// Topic prefixes; the empty string is everything.
    pub prefixes: Vec<String>,
    /// Longest time for connecting and for the handshake.
    pub connect_timeout: Duration,
    /// First and longest pause before connecting again; it doubles in between.
    pub reconnect: (Duration, Duration),
    /// Silence after which a publisher is asked whether it lives; after twice as much it is taken for dead.
    pub heartbeat: Duration,
    /// Notices that may wait to be read.
    pub queue: usize,
}

impl Default for SubscriberOptions {
    fn default() -> Self {
        Self {
            prefixes: vec![String::new()],
            connect_timeout: Duration::from_secs(10),
            reconnect: (Duration::from_millis(100), Duration::from_secs(10)),
            heartbeat: Duration::from_secs(30),
            queue: 1000,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Connected and subscribed. What the publisher sent before is not seen.
    Connected {
        /// The address as given.
        endpoint: Arc<str>,
    },
    /// Not connected, or no longer. Said once for each connection lost, and once if the first attempt fails.
    Disconnected {
        /// The address as given.
        endpoint: Arc<str>,
        /// What happened.
        reason: String,
    },
    /// A message.
    Message(Notification),
    /// Messages are missing before the one that follows.
    Gap {
        /// The address as given.
        endpoint: Arc<str>,
        /// The topic.
        topic: String,
        /// The counter that should have come.
        expected: u32,
        /// How many are missing.
        missing: u32,
    },
    /// The counter of the message that follows is lower than before: the publisher was restarted, and what was sent
    /// meanwhile is not known.
    Restarted {
        /// The address as given.
        endpoint: Arc<str>,
        /// The topic.
        topic: String,
        /// The counter that should have come.
        expected: u32,
    },
    /// A message that does not have the three frames of the family; it is left out.
    Malformed {
        /// The address as given.
        endpoint: Arc<str>,
        /// How many frames it has.
        frames: usize,
    },
}

/// A running subscription; ends when dropped.
#[derive(Debug)]
pub struct Subscriber {
    notices: Receiver<Notice>,
    stop: Arc<AtomicBool>,
}

impl Subscriber {
    /// Starts subscribing to every address. Fails only if an address makes no sense; publishers that are not there are
    /// waited for.
    pub fn start(addresses: &[String], options: &SubscriberOptions) -> Result<Self, AddressError> {
        let parsed: Vec<_> = addresses
            .iter()
            .map(|text| Address::parse(text).map(|address| (Arc::<str>::from(text.as_str()), address)))
            .collect::<Result<_, _>>()?;
        let (sender, notices) = mpsc::sync_channel(options.queue.max(1));
        let stop = Arc::new(AtomicBool::new(false));
        for (endpoint, address) in parsed {
            let worker = Worker {
                endpoint,
                address,
                options: options.clone(),
                notices: sender.clone(),
                stop: Arc::clone(&stop),
                gaps: Gaps::default(),
            };
            thread::Builder::new()
                .name("zmq-sub".to_owned())
                .spawn(move || worker.run())
                .expect("because a process can have a few more threads");
        }
        Ok(Self { notices, stop })
    }

    /// Waits for the next notice.
    ///
    /// # Panics
    /// If it was started without addresses.
    #[must_use]
    pub fn recv(&self) -> Notice {
        self.notices.recv().expect("because the threads run as long as the subscriber does")
    }

    /// Waits for the next notice for at most `timeout`.
    #[must_use]
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Notice> {
        self.notices.recv_timeout(timeout).ok()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // The threads see it within a moment; one that waits for room in the queue sees the queue vanish.
        self.stop.store(true, Relaxed);
    }
}

/// The subscriber is gone.
struct Stopped;

struct Worker {
    endpoint: Arc<str>,
    address: Address,
    options: SubscriberOptions,
    notices: SyncSender<Notice>,
    stop: Arc<AtomicBool>,
    gaps: Gaps,
}

impl Worker {
    fn run(mut self) {
        let _ = self.connect_and_receive();
    }

    fn connect_and_receive(&mut self) -> Result<(), Stopped> {
        let (first, longest) = self.options.reconnect;
        let mut pause = first;
        let mut said = false;
        loop {
            match self.open() {
                Ok(mut connection) => {
                    self.say(Notice::Connected { endpoint: Arc::clone(&self.endpoint) })?;
                    (pause, said) = (first, false);
                    let lost = self.receive(&mut connection)?;
                    self.say_lost(&lost, &mut said)?;
                }
                Err(lost) => self.say_lost(&lost, &mut said)?,
            }
            self.rest(pause)?;
            pause = (pause * 2).min(longest);
        }
    }

    fn open(&self) -> Result<PublisherConnection, Lost> {
        let SubscriberOptions { prefixes, connect_timeout, heartbeat, .. } = &self.options;
        let stream = self.address.connect(*connect_timeout)?;
        PublisherConnection::open(stream, prefixes, *connect_timeout, *heartbeat)
    }

    /// Receives until the connection is lost.
    fn receive(&mut self, connection: &mut PublisherConnection) -> Result<Lost, Stopped> {
        loop {
            match connection.receive() {
                Ok(Received::Nothing) => self.check()?,
                Ok(Received::Frames(frames)) => self.message(&frames)?,
                Err(lost) => return Ok(lost),
            }
        }
    }

    fn message(&mut self, frames: &[bytes::Bytes]) -> Result<(), Stopped> {
        let endpoint = Arc::clone(&self.endpoint);
        let parsed = match frames {
            [topic, body, counter] => {
                let topic = std::str::from_utf8(topic).ok();
                topic.zip(<[u8; 4]>::try_from(&counter[..]).ok()).map(|(topic, counter)| (topic, body, counter))
            }
            _ => None,
        };
        let Some((topic, body, counter)) = parsed else {
            return self.say(Notice::Malformed { endpoint, frames: frames.len() });
        };
        let (topic, counter) = (topic.to_owned(), u32::from_le_bytes(counter));
        match self.gaps.step(&topic, counter) {
            Step::InOrder => {}
            Step::Gap { expected, missing } => {
                self.say(Notice::Gap { endpoint: Arc::clone(&endpoint), topic: topic.clone(), expected, missing })?;
            }
            Step::Reset { expected } => {
                self.say(Notice::Restarted { endpoint: Arc::clone(&endpoint), topic: topic.clone(), expected })?;
            }
        }
        self.say(Notice::Message(Notification {
            endpoint,
            topic,
            body: body.clone(),
            counter,
            received_at: SystemTime::now(),
        }))
    }

    fn say(&self, notice: Notice) -> Result<(), Stopped> {
        self.notices.send(notice).map_err(|_| Stopped)
    }

    fn say_lost(&self, lost: &Lost, said: &mut bool) -> Result<(), Stopped> {
        if std::mem::replace(said, true) {
            return self.check();
        }
        self.say(Notice::Disconnected { endpoint: Arc::clone(&self.endpoint), reason: lost.to_string() })
    }

    fn check(&self) -> Result<(), Stopped> {
        if self.stop.load(Relaxed) { Err(Stopped) } else { Ok(()) }
    }

    fn rest(&self, pause: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + pause;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.check()?;
            thread::sleep(left.min(Duration::from_millis(100)));
        }
        self.check()
    }
}
