//! Weight and virtual size of a loose transaction, with what its MWEB part will take in the HogEx
//! (v0.21.5.5 src/consensus/validation.h GetTransactionWeight, src/policy/policy.cpp GetVirtualTransactionSize).

use litecast_consensus::WITNESS_SCALE_FACTOR;
use litecast_mweb::{amounts::peg_outs, weight::body_weight};
use litecast_primitives::{Transaction, TxOut, codec::compact_len};

/// Bytes of the HogEx's input that spends a peg-in.
const PEG_IN_INPUT_SIZE: usize = 41;

/// Weight units: the transaction without its MWEB part, an input of the HogEx for each peg-in, an output for each
/// peg-out. An MWEB-only transaction weighs its peg-outs alone.
pub fn transaction_weight(tx: &Transaction) -> u64 {
    let body = tx.mweb().map(|mweb| &mweb.body);
    let output_size = |script: &[u8]| 8 + compact_len(script.len()) + script.len();
    let outs: usize = body.into_iter().flat_map(peg_outs).map(|p| output_size(&p.script_pubkey)).sum();
    let mut weight = outs * WITNESS_SCALE_FACTOR;
    if !tx.is_mweb_only() {
        let ins = body.into_iter().flat_map(|body| &body.kernels).filter(|kernel| kernel.peg_in.is_some()).count();
        weight += ins * PEG_IN_INPUT_SIZE * WITNESS_SCALE_FACTOR;
        weight += tx.base_size() * (WITNESS_SCALE_FACTOR - 1) + tx.witness_encoding_size();
    }
    weight as u64
}

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
