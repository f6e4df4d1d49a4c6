//! What the publisher has done, as plain values for `getzmqinfo`, metrics and tests.

use crate::topic::Topic;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherStats {
    /// The active notifiers, in the order in which they fire.
    pub notifiers: Vec<NotifierStats>,
    /// The sockets that are bound.
    pub sockets: Vec<SocketStats>,
}

/// One option occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierStats {
    /// What it publishes.
    pub topic: Topic,
    /// The address as written.
    pub address: String,
    /// Its high water mark, in messages.
    pub hwm: u32,
    /// Messages published since the start; the counter of the next one is this number modulo 2^32.
    pub published: u64,
}

/// One PUB socket. Numbers are messages, and each subscriber counts for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketStats {
    /// The address as written.
    pub address: String,
    /// The address it listens on, with the port the system chose where the option left it open.
    pub bound: String,
    /// Most messages queued for one subscriber; 0 is unlimited.
    pub hwm: u32,
    /// Handed to the operating system, for subscribers that are there or were there.
    pub sent: u64,
    /// Dropped because a queue was full, for subscribers that are there or were there.
    pub dropped: u64,
    /// Connections taken since the start.
    pub accepted: u64,
    /// Connections that never completed a handshake: garbage, time-outs, wrong socket types, too many.
    pub refused: u64,
    /// The subscribers that are there.
    pub subscribers: Vec<SubscriberStats>,
}

/// One connected subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberStats {
    /// Its address.
    pub peer: String,
    /// 0 for a ZMTP 3.0 peer, 1 for 3.1.
    pub zmtp_minor: u8,
    /// The topics it gets.
    pub topics: Vec<Topic>,
    /// Messages that wait for it.
    pub queued: usize,
    /// Messages handed to the operating system (those being written included).
    pub sent: u64,
    /// Messages dropped because its queue was full.
    pub dropped: u64,
}
