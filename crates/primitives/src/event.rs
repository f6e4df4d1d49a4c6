//! The event contract: what the engine tells the world, in which order, and what each event promises.
//!
//! The engine is the only writer of the log. An event is appended after the state of the chain that it speaks of is
//! durable, and before the call that caused it is answered. Laws:
//!
//! 1. Folding the events from the genesis block gives the current tip and the current mempool.
//! 2. `Disconnected(b)` comes only when `b` was the last `Connected` that is not disconnected yet.
//! 3. `mempool_sequence` strictly increases over all events that carry one; numbers are also consumed without an
//!    event, when a transaction leaves the mempool because it was mined.
//! 4. One step to a new tip is: every `Disconnected` (highest first), conflict `TxRemoved`s, re-admitted `TxAdded`s,
//!    further `TxRemoved`s, every `Connected` (lowest first, each preceded by its own conflict `TxRemoved`s), then one
//!    `TipChanged`, unless blocks were only disconnected.

use std::sync::Arc;

use crate::{Height, block::Block, hash::BlockHash, hash::Txid, transaction::Transaction};

/// Why a transaction left the mempool (the discriminants are public and never change).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalReason {
    /// Older than `-mempoolexpiry`.
    Expiry = 1,
    /// The mempool was full.
    SizeLimit = 2,
    /// Not valid any more after a reorganisation.
    Reorg = 3,
    /// A block spent one of its inputs otherwise.
    Conflict = 4,
    /// Replaced by a transaction with a higher fee.
    Replaced = 5,
}

/// A block's place in the chain when an event speaks of it.
#[derive(Debug, Clone)]
pub struct ChainBlock {
    /// The block, with the bytes that arrived.
    pub block: Arc<Block>,
    /// Its height.
    pub height: Height,
}

/// One entry of the event log.
#[derive(Debug, Clone)]
pub enum Event {
    /// The mempool accepted a transaction.
    TxAdded {
        /// The transaction, MWEB part included.
        tx: Arc<Transaction>,
        /// The mempool's sequence number of this change.
        mempool_sequence: u64,
    },
    /// The mempool dropped a transaction that was not mined.
    TxRemoved {
        /// Which.
        txid: Txid,
        /// Why.
        reason: RemovalReason,
        /// The mempool's sequence number of this change.
        mempool_sequence: u64,
    },
    /// The block became part of the active chain; it is on top of it now.
    Connected(ChainBlock),
    /// The block, which was on top, is no longer part of the active chain.
    Disconnected(ChainBlock),
    /// A step to a better chain is complete.
    TipChanged {
        /// The new tip.
        tip: ChainBlock,
        /// The block where the old and the new chain part; the old tip when nothing was disconnected.
        fork: BlockHash,
        /// The node is still catching up with the network (`IsInitialBlockDownload` of the reference).
        initial_download: bool,
    },
}
