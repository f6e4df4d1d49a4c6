//! Virtual size of a loose transaction, and its weight inside of the extension block
//! (v0.21.5.5 src/policy/policy.cpp, GetVirtualTransactionSize).

use litecast_consensus::WITNESS_SCALE_FACTOR;
use litecast_mweb::weight::body_weight;
use litecast_primitives::{Transaction, TxOut, codec::compact_len};

/// Weight inside of the extension block; zero without an MWEB part.
pub fn mweb_weight(tx: &Transaction) -> u64 {
    tx.mweb().map_or(0, |mweb| body_weight(&mweb.body) as u64)
}

/// Virtual bytes: a quarter of the weight, or of what the signature operations cost if that is more.
pub fn virtual_size(weight: u64, sigop_cost: u64, bytes_per_sigop: u64) -> u64 {
    weight.max(sigop_cost.saturating_mul(bytes_per_sigop)).div_ceil(WITNESS_SCALE_FACTOR as u64)
}

/// Bytes of an output.
pub(crate) fn output_size(output: &TxOut) -> u64 {
    (8 + compact_len(output.script_pubkey.len()) + output.script_pubkey.len()) as u64
}
