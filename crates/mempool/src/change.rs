//! What happened to the pool, in order, with its sequence numbers: the raw material of the event contract.
//!
//! Every change consumes one number, also the removal of a mined transaction, which has no event of its own.

use std::sync::Arc;

use litecast_primitives::{
    Transaction,
    event::{Event, RemovalReason},
};

/// Why a transaction left the pool (v0.21.5.5 src/txmempool.h, MemPoolRemovalReason).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Removal {
    /// Older than the policy allows.
    Expiry,
    /// The pool was full.
    SizeLimit,
    /// Not valid any more after a reorganisation.
    Reorg,
    /// It was mined.
    Block,
    /// A block spent one of its inputs otherwise.
    Conflict,
    /// Replaced by a transaction with a higher fee.
    Replaced,
}

impl Removal {
    /// The reason in the event, which a mined transaction has none of.
    pub const fn published(self) -> Option<RemovalReason> {
        match self {
            Self::Expiry => Some(RemovalReason::Expiry),
            Self::SizeLimit => Some(RemovalReason::SizeLimit),
            Self::Reorg => Some(RemovalReason::Reorg),
            Self::Block => None,
            Self::Conflict => Some(RemovalReason::Conflict),
            Self::Replaced => Some(RemovalReason::Replaced),
        }
    }
}

/// One change.
#[derive(Debug, Clone)]
pub enum Change {
    /// A transaction was accepted.
    Added {
        /// Which.
        tx: Arc<Transaction>,
        /// Number of this change.
        sequence: u64,
    },
    /// A transaction left.
    Removed {
        /// Which.
        tx: Arc<Transaction>,
        /// Why.
        removal: Removal,
        /// Number of this change.
        sequence: u64,
    },
}

impl Change {
    /// The entry of the event log, if the change has one.
    pub fn event(&self) -> Option<Event> {
        match self {
            Self::Added { tx, sequence } => Some(Event::TxAdded { tx: Arc::clone(tx), mempool_sequence: *sequence }),
            Self::Removed { tx, removal, sequence } => removal.published().map(|reason| Event::TxRemoved {
                txid: tx.txid(),
                reason,
                mempool_sequence: *sequence,
            }),
        }
    }
}
