//! The five topics of the reference, in the order in which its notifiers fire.

use std::fmt;

/// What a notifier publishes. The order of the variants is the order in which the reference calls its notifiers for
/// one event (its factories sit in a map sorted by option name; v0.21.5.5 `src/zmq/zmqnotificationinterface.cpp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The hash of a new tip.
    HashBlock,
    /// The txid of a transaction that entered the pool, or that a block brought or took back.
    HashTx,
    /// The bytes of a new tip.
    RawBlock,
    /// The bytes of a transaction, on the same occasions as [`Topic::HashTx`].
    RawTx,
    /// Block connected or disconnected, transaction added to or removed from the pool.
    Sequence,
}

impl Topic {
    /// All topics, in notifier order.
    pub const ALL: [Self; 5] = [Self::HashBlock, Self::HashTx, Self::RawBlock, Self::RawTx, Self::Sequence];

    /// The first frame of every message of this topic: ASCII, without a terminating NUL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HashBlock => "hashblock",
            Self::HashTx => "hashtx",
            Self::RawBlock => "rawblock",
            Self::RawTx => "rawtx",
            Self::Sequence => "sequence",
        }
    }

    /// The `type` that `getzmqnotifications` reports, which is also the option name after `-zmq`.
    #[must_use]
    pub const fn notifier_type(self) -> &'static str {
        match self {
            Self::HashBlock => "pubhashblock",
            Self::HashTx => "pubhashtx",
            Self::RawBlock => "pubrawblock",
            Self::RawTx => "pubrawtx",
            Self::Sequence => "pubsequence",
        }
    }

    /// The topic whose first frame is `name`, if it is one of the five.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str().as_bytes() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
