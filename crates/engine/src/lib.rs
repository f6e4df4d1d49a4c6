//! The single writer of the chain state, the mempool and their event log.
//!
//! One thread owns every change: it takes commands from a bounded queue, decides with consensus and mempool, keeps with
//! the store, and appends to the event log. Everything else reads through [`Reader`]. A group of commands shares one
//! disk sync; its events are sent and its callers answered only after that sync, so whatever was announced or
//! acknowledged of the chain survives a crash; the mempool is kept in a file between runs. Nothing here is async, and no
//! failure of the machine is ever a verdict on a block.

mod assemble;
mod clock;
mod coins;
mod command;
mod error;
mod fee_file;
mod filters;
mod handle;
mod index;
mod inside;
mod options;
mod pool_file;
mod proof;
mod reader;
mod scripts;
mod undo_codec;
mod writer;

pub use assemble::{AssembleError, AssembleRequest, Contents, MiningPolicy, Template, TxCost, mine};
pub use clock::Clock;
pub use command::{BlockOutcome, FeedItem, HeadersOutcome, SubmitError, SubmitTx, Submitted, TxSource};
pub use error::{EngineError, StartError};
pub use filters::{FilterCommitment, FilterProgress};
pub use handle::{Engine, Handle, Pending};
pub use index::{BlockIndex, ChainAt, Entry, Id, status};
pub use options::Options;
pub use reader::{
    ChainTip, DeploymentInfo, FilterHashes, LastTemplate, MwebSegment, Reader, TipStatus, Verification, VerifyRequest,
};
