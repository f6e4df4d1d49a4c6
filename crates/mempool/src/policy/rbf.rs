//! Opting in to replacement (BIP125; v0.21.5.5 src/util/rbf.cpp, src/policy/rbf.cpp).

use litecast_primitives::Transaction;

use crate::Mempool;

/// The highest sequence number that signals (v0.21.5.5 src/util/rbf.h).
pub const MAX_BIP125_RBF_SEQUENCE: u32 = 0xffff_fffd;

/// Whether an input of the transaction itself signals.
pub fn signals_opt_in_rbf(tx: &Transaction) -> bool {
    tx.inputs().iter().any(|input| input.sequence <= MAX_BIP125_RBF_SEQUENCE)
}

/// What is known about a transaction's replaceability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RbfState {
    /// Not in the pool, so its ancestors are not known.
    Unknown,
    /// It or an ancestor in the pool signals.
    Replaceable,
    /// Nobody signals.
    Final,
}

/// Whether a transaction or one of its ancestors in the pool signals (IsRBFOptIn).
pub fn rbf_state(tx: &Transaction, pool: &Mempool) -> RbfState {
    if signals_opt_in_rbf(tx) {
        return RbfState::Replaceable;
    }
    if !pool.contains(&tx.txid()) {
        return RbfState::Unknown;
    }
    let ancestors = pool.ancestors(&tx.txid());
    let signals = ancestors.iter().filter_map(|txid| pool.get(txid)).any(|entry| signals_opt_in_rbf(entry.tx()));
    if signals { RbfState::Replaceable } else { RbfState::Final }
}
