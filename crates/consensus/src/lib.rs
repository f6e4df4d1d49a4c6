//! Litecoin's consensus rules as pure functions with the reference's names.
//!
//! A rule takes a block or transaction and read-only views, and answers with what follows or with a [`Reject`] that
//! carries the reference's category and reject string. Nothing here keeps state, reads disk or knows peers.

pub mod block;
pub mod connect;
pub mod context;
pub mod header;
pub mod mweb;
pub mod pow;
pub mod reject;
pub mod scripts;
pub mod subsidy;
pub mod tx;
pub mod versionbits;

pub use connect::{BlockUndo, CoinDelta, ConnectError, Connected, connect_block, disconnect_block};
pub use context::{Context, PrevMweb, State};
pub use reject::{Category, Reject, Rule};

/// Largest weight of a block (BIP141; v0.21.5.5 src/consensus/consensus.h).
pub const MAX_BLOCK_WEIGHT: usize = 4_000_000;
/// Largest cost of a block's signature operations.
pub const MAX_BLOCK_SIGOPS_COST: u64 = 80_000;
/// Blocks before a coinbase output can be spent.
pub const COINBASE_MATURITY: u32 = 100;
/// Blocks before a peg-out can be spent.
pub const PEGOUT_MATURITY: u32 = 6;
/// A byte outside of the witness weighs as much as this many inside.
pub const WITNESS_SCALE_FACTOR: usize = 4;
/// A block may be this many seconds ahead of our clock (v0.21.5.5 src/chain.h).
pub const MAX_FUTURE_BLOCK_TIME: i64 = 2 * 60 * 60;
