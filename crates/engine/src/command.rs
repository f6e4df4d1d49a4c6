//! What the writer is told to do, what it answers, and what comes out of its feed.

use std::{path::PathBuf, sync::Arc};

use crossbeam_channel::Sender;
use litecast_consensus::Reject;
use litecast_primitives::{Block, BlockHash, BlockHeader, event::Event};

use crate::{
    assemble::{AssembleError, AssembleRequest, Template},
    error::EngineError,
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
    Headers(Vec<(BlockHeader, [u8; 32])>, Answer<HeadersOutcome>),
    Block { block: Arc<Block>, force: bool, answer: Answer<BlockOutcome> },
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
