//! The memory pool: transactions that wait for a block, judged as litecoind judges them (v0.21.5.5 src/txmempool.cpp,
//! src/validation.cpp MemPoolAccept, src/policy, src/mweb/mweb_policy.cpp).
//!
//! A plain synchronous library with one writer: [`Mempool`] is the state, [`accept`](accept::accept) lets a transaction
//! in, `remove_for_*` follow the chain. What changed is kept until [`Mempool::take_changes`] fetches it. It reads no
//! clock, no disk and no socket: times come in as Unix seconds, coins and headers through views. Sizes are virtual bytes
//! unless named otherwise, fees are litoshis.

pub mod accept;
pub mod change;
pub mod entry;
pub mod fees;
pub mod lock_points;
pub mod mining;
pub mod persist;
pub mod policy;
pub mod pool;
pub mod reject;
pub mod reorg;
pub mod score;

pub use accept::{AcceptError, Accepted, Arrival, Candidate, Chain, accept};
pub use change::{Change, Removal};
pub use entry::{Entry, NewEntry, OutputIndex, Totals};
pub use fees::FeeEstimator;
pub use lock_points::LockPoints;
pub use policy::{FeeRate, Limits, Policy};
pub use pool::Mempool;
pub use reject::{Rule, TxCategory, TxReject};
pub use reorg::{DisconnectedTransactions, update_for_reorg};
