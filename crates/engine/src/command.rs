//! What the writer is told to do, what it answers, and what comes out of its feed.

use std::{path::PathBuf, sync::Arc};

use crossbeam_channel::Sender;
use litecast_consensus::Reject;
use litecast_mempool::{
    Accepted, TxReject,
    persist::{Loaded, SavedPool},
};
use litecast_primitives::{Amount, Block, BlockHash, Transaction, Txid, event::Event};

use crate::{
    assemble::{AssembleError, AssembleRequest, Template},
    error::EngineError,
    proof::Hashed,
};

/// Where an answer goes, after the sync that makes it true.
pub(crate) type Answer<T> = Sender<Result<T, EngineError>>;

/// What became of a list of headers.
#[derive(Debug, Clone)]
pub struct HeadersOutcome {
    /// The last header that is known now.
    pub last: Option<BlockHash>,
    /// Why the first bad one was refused.
    pub reject: Option<Reject>,
}

/// What became of a block.
#[derive(Debug, Clone)]
pub struct BlockOutcome {
    /// It was stored, and it was not there before.
    pub new: bool,
    /// Good enough to keep, or why not.
    pub accepted: Result<(), Reject>,
    /// Full verdicts that fell while it was handled, about this block or others (BlockChecked of the reference).
    pub checked: Vec<(BlockHash, Option<Reject>)>,
}

/// A transaction for the mempool.
#[derive(Debug, Clone)]
pub struct SubmitTx {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Who submits it.
    pub from: TxSource,
}

/// Who submits a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxSource {
    /// A peer.
    Peer,
    /// A user. It may be in the mempool already, and must not pay more than this. Peers are told of it until one asks for it.
    User {
        /// The most it may pay.
        max_fee: Option<Amount>,
    },
}

/// A transaction is in the mempool.
#[derive(Debug, Clone)]
pub enum Submitted {
    /// It came in now.
    New(Accepted),
    /// It was there before; only told to users.
    Known,
}

/// Why a transaction was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It breaks a rule.
    #[error(transparent)]
    Reject(#[from] TxReject),
    /// It pays more than the caller wanted.
    #[error("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")]
    MaxFeeExceeded,
    /// Its outputs exist already.
    #[error("Transaction already in block chain")]
    AlreadyInChain,
}

/// What comes out of the feed, in the order of the log.
#[derive(Debug)]
pub enum FeedItem {
    /// An entry of the event log.
    Event(Event),
    /// Something that the operator should hear of; once for each kind.
    Warning(String),
    /// Everything before this has been read: tell the one who waits.
    Barrier(Sender<Result<(), EngineError>>),
}

/// A command to the writer.
pub(crate) enum Command {
    Headers(Vec<Hashed>, Answer<HeadersOutcome>),
    Block {
        block: Arc<Block>,
        force: bool,
        answer: Answer<BlockOutcome>,
    },
    SubmitTx(SubmitTx, Answer<Result<Submitted, SubmitError>>),
    LoadPool(SavedPool, Answer<Loaded>),
    Prioritise(Txid, i64, Answer<()>),
    /// A peer has asked for it: nobody needs to be told again. Not answered.
    Broadcast(Txid),
    Invalidate(BlockHash, Answer<()>),
    Reconsider(BlockHash, Answer<()>),
    Precious(BlockHash, Answer<()>),
    Assemble(Box<AssembleRequest>, Answer<Result<Template, AssembleError>>),
    CheckTemplate(Arc<Block>, Answer<Result<(), Reject>>),
    Import(PathBuf, Answer<u64>),
    Flush(Answer<()>),
    Barrier(Answer<()>),
    Stop(Answer<()>),
}
