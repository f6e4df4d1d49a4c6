//! What the sending thread and a connection's task share: subscriptions, the queue and its accounts.
//!
//! Owns the drop rule. A queue that holds its high water mark is full; from then on whole messages are dropped, and
//! counted, until at most half of it is left (libzmq's pipes do the same: the writer is woken when the reader has taken
//! a "low water mark" of `(hwm + 1) / 2` messages). Sending never waits for a subscriber.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    encoded::Encoded,
    stats::SubscriberStats,
    subscriptions::{Subscriptions, TooMany},
};
use crate::topic::Topic;

/// What became of a message at one subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    NotWanted,
    Queued,
    Dropped,
}

#[derive(Debug)]
pub(crate) struct Subscriber {
    peer: String,
    hwm: usize,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    subscriptions: Subscriptions,
    queue: VecDeque<Encoded>,
    full: bool,
    sent: u64,
    dropped: u64,
    zmtp_minor: u8,
}

impl Subscriber {
    /// `hwm` in messages; 0 is unlimited.
    pub(crate) fn new(peer: String, hwm: usize, zmtp_minor: u8) -> Self {
        let state = State { zmtp_minor, ..State::default() };
        Self { peer, hwm, state: Mutex::new(state), wake: Notify::new() }
    }

    pub(crate) fn subscribe(&self, prefix: &[u8]) -> Result<(), TooMany> {
        self.state.lock().subscriptions.add(prefix)
    }

    pub(crate) fn cancel(&self, prefix: &[u8]) {
        self.state.lock().subscriptions.remove(prefix);
    }

    /// Queues the message if it is wanted and fits.
    pub(crate) fn offer(&self, topic: Topic, message: &Encoded) -> Offer {
        let mut state = self.state.lock();
        if !state.subscriptions.wants(topic) {
            return Offer::NotWanted;
        }
        if self.hwm != 0 {
            if state.full && state.queue.len() <= self.hwm / 2 {
                state.full = false;
            }
            if state.full || state.queue.len() >= self.hwm {
                state.full = true;
                state.dropped += 1;
                return Offer::Dropped;
            }
        }
        let was_empty = state.queue.is_empty();
        state.queue.push_back(message.clone());
        drop(state);
        if was_empty {
            self.wake.notify_one();
        }
        Offer::Queued
    }

    /// Resolves when the queue may have something; spurious answers are possible, missed ones are not.
    pub(crate) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// Moves messages from the queue into `chunks` until `limit` bytes are there or nothing is left.
    pub(crate) fn take(&self, chunks: &mut VecDeque<Bytes>, limit: usize) {
        let mut state = self.state.lock();
        let mut bytes = 0;
        while bytes < limit {
            let Some(message) = state.queue.pop_front() else { break };
            bytes += message.len;
            state.sent += 1;
            chunks.extend(message.chunks.into_iter().filter(|chunk| !chunk.is_empty()));
        }
    }

    pub(crate) fn stats(&self) -> SubscriberStats {
        let state = self.state.lock();
        SubscriberStats {
            peer: self.peer.clone(),
            zmtp_minor: state.zmtp_minor,
            topics: state.subscriptions.wanted_topics(),
            queued: state.queue.len(),
            sent: state.sent,
            dropped: state.dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Body;

    fn offer(subscriber: &Subscriber) -> Offer {
        subscriber.offer(Topic::RawTx, &Encoded::new(Topic::RawTx, &Body::Raw(Bytes::from_static(b"x")), 0))
    }

    fn drain(subscriber: &Subscriber, messages: usize) {
        for _ in 0..messages {
            subscriber.take(&mut VecDeque::new(), 1);
        }
    }

    #[test]
    fn a_full_queue_takes_nothing_until_half_is_drained() {
        let subscriber = Subscriber::new(String::new(), 10, 1);
        assert_eq!(offer(&subscriber), Offer::NotWanted);
        subscriber.subscribe(b"raw").expect("because one prefix fits");
        for _ in 0..10 {
            assert_eq!(offer(&subscriber), Offer::Queued);
        }
        assert_eq!(offer(&subscriber), Offer::Dropped);
        drain(&subscriber, 4);
        assert_eq!(offer(&subscriber), Offer::Dropped);
        drain(&subscriber, 1);
        for _ in 0..5 {
            assert_eq!(offer(&subscriber), Offer::Queued);
        }
        assert_eq!(offer(&subscriber), Offer::Dropped);
        let stats = subscriber.stats();
        assert_eq!((stats.queued, stats.sent, stats.dropped), (10, 5, 3));
    }

    #[test]
    fn smallest_and_unlimited_marks() {
        let one = Subscriber::new(String::new(), 1, 1);
        one.subscribe(b"").expect("because one prefix fits");
        assert_eq!((offer(&one), offer(&one)), (Offer::Queued, Offer::Dropped));
        drain(&one, 1);
        assert_eq!(offer(&one), Offer::Queued);

        let unlimited = Subscriber::new(String::new(), 0, 1);
        unlimited.subscribe(b"").expect("because one prefix fits");
        assert!((0..5000).all(|_| offer(&unlimited) == Offer::Queued));
    }
}
