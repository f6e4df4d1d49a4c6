//! Litecoin's wire types, network parameters and the event contract.
//!
//! Everything here is data: decoding takes bytes exactly as the reference takes them (no less, no more) and keeps
//! them; whether the data is *valid* is decided by the rules in the consensus crate. Amounts are litoshis, times are
//! Unix seconds, hashes are kept in internal byte order and printed in display order.

pub mod amount;
pub mod arith;
pub mod block;
pub mod block_filter;
pub mod codec;
pub mod coin;
pub mod event;
pub mod hash;
pub mod header;
pub mod merkle;
pub mod mweb;
pub mod params;
pub mod transaction;
pub mod view;

pub use amount::Amount;
pub use arith::U256;
pub use block::Block;
pub use block_filter::BlockFilter;
pub use coin::Coin;
pub use hash::{BlockHash, Txid, Wtxid};
pub use header::BlockHeader;
pub use transaction::{OutPoint, Transaction, TxIn, TxOut};

/// Distance of a block from the genesis block, which has height 0.
pub type Height = u32;
