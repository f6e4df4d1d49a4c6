//! A pure function from the configuration and an event to messages, in the reference's order.
//!
//! Owns what is published for which event and the bytes of every body; knows nothing of sockets, counters or time.
//! Replaying the same log under the same configuration therefore gives identical bytes. Hashes are sent in display
//! order, integers little-endian. Bodies of raw topics share memory with the bytes that arrived wherever the
//! serialisation asked for is the one that arrived.
//!
//! Sources: v0.21.5.5 `src/zmq/zmqnotificationinterface.cpp` (which notifier hears what),
//! `src/zmq/zmqpublishnotifier.cpp` (bodies).

use bytes::Bytes;
use litecast_primitives::{
    Block, Transaction,
    event::{ChainBlock, Event},
    transaction::Encoding,
};

use crate::{options::NotifyConfig, topic::Topic};

/// Longest body built here: hash, label and mempool sequence of topic `sequence`.
const SHORT: usize = 32 + 1 + 8;

/// Labels of topic `sequence`.
mod label {
    pub(super) const CONNECTED: u8 = b'C';
    pub(super) const DISCONNECTED: u8 = b'D';
    pub(super) const ADDED: u8 = b'A';
    pub(super) const REMOVED: u8 = b'R';
}

/// The second frame of a message.
#[derive(Clone, Debug)]
pub enum Body {
    /// A hash with what may follow it; needs no allocation.
    Short {
        /// The bytes; only the first `len` count.
        bytes: [u8; SHORT],
        /// How many.
        len: u8,
    },
    /// A transaction or a block, shared.
    Raw(Bytes),
}

impl Body {
    fn short(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; SHORT];
        let mut len = 0;
        for part in parts {
            bytes[len..len + part.len()].copy_from_slice(part);
            len += part.len();
        }
        Self::Short { bytes, len: u8::try_from(len).expect("because SHORT is 41") }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Short { bytes, len } => &bytes[..usize::from(*len)],
            Self::Raw(bytes) => bytes,
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Body {}

/// One message, still without its counter, which only the sender knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The option occurrence that publishes it: an index into [`NotifyConfig::notifiers`].
    pub notifier: usize,
    /// The first frame.
    pub topic: Topic,
    /// The second frame.
    pub body: Body,
}

/// The serialisation that `-rpcserialversion` asks for: 0 neither witness nor MWEB, 1 witness only, otherwise both
/// (v0.21.5.5 `src/rpc/server.cpp`, `RPCSerializationFlags`).
#[must_use]
pub const fn encoding(rpc_serial_version: i64) -> Encoding {
    match rpc_serial_version {
        0 => Encoding::Base,
        1 => Encoding::Witness,
        _ => Encoding::Full,
    }
}

/// All messages of one event.
#[must_use]
pub fn frames(config: &NotifyConfig, encoding: Encoding, event: &Event) -> Vec<Message> {
    let mut messages = Vec::new();
    for_each_frame(config, encoding, event, |message| messages.push(message));
    messages
}

/// Hands the messages of one event to `sink`, in order, without collecting them.
pub fn for_each_frame(config: &NotifyConfig, encoding: Encoding, event: &Event, mut sink: impl FnMut(Message)) {
    if config.is_empty() {
        return;
    }
    let mut out = Frames { config, encoding, sink: &mut sink };
    match event {
        Event::TxAdded { tx, mempool_sequence } => {
            out.transaction(tx);
            let hash = tx.txid().display_bytes();
            out.sequence(&[&hash, &[label::ADDED], &mempool_sequence.to_le_bytes()]);
        }
        Event::TxRemoved { txid, reason: _, mempool_sequence } => {
            out.sequence(&[&txid.display_bytes(), &[label::REMOVED], &mempool_sequence.to_le_bytes()]);
        }
        Event::Connected(ChainBlock { block, .. }) => out.block(block, label::CONNECTED),
        Event::Disconnected(ChainBlock { block, .. }) => out.block(block, label::DISCONNECTED),
        Event::TipChanged { tip, fork, initial_download } => {
            // Silent while catching up, and where blocks were only taken away.
            if !initial_download && tip.block.hash() != *fork {
                out.tip(&tip.block);
            }
        }
    }
}

struct Frames<'a, F> {
    config: &'a NotifyConfig,
    encoding: Encoding,
    sink: &'a mut F,
}

impl<F: FnMut(Message)> Frames<'_, F> {
    /// Sends `body` to every notifier of `topic`; the body is made only if there is one.
    fn publish(&mut self, topic: Topic, body: impl FnOnce() -> Body) {
        let mut notifiers = self.config.of_topic(topic).map(|(index, _)| index).peekable();
        if notifiers.peek().is_none() {
            return;
        }
        let body = body();
        for notifier in notifiers {
            (self.sink)(Message { notifier, topic, body: body.clone() });
        }
    }

    fn transaction(&mut self, tx: &Transaction) {
        let encoding = self.encoding;
        self.publish(Topic::HashTx, || Body::short(&[&tx.txid().display_bytes()]));
        self.publish(Topic::RawTx, || Body::Raw(tx.encode(encoding)));
    }

    fn sequence(&mut self, parts: &[&[u8]]) {
        self.publish(Topic::Sequence, || Body::short(parts));
    }

    fn block(&mut self, block: &Block, label: u8) {
        for tx in block.transactions() {
            self.transaction(tx);
        }
        self.sequence(&[&block.hash().display_bytes(), &[label]]);
    }

    fn tip(&mut self, block: &Block) {
        let encoding = self.encoding;
        self.publish(Topic::HashBlock, || Body::short(&[&block.hash().display_bytes()]));
        self.publish(Topic::RawBlock, || Body::Raw(block.encode(encoding)));
    }
}

#[cfg(test)]
mod tests;
