//! What a signature signs (v0.21.5.5 src/script/interpreter.cpp, SignatureHash and SignatureHashSchnorr).
//!
//! Three algorithms: the original one, that of witness version 0 (BIP143) and that of Taproot (BIP341, BIP342).
//! [`SighashData`] holds what all signatures of a transaction share, so that a transaction with many inputs is not
//! hashed anew for each of them. None of them covers the extension block or the HogEx flag. Amounts are litoshis.

mod legacy;
mod taproot;
mod witness_v0;

use std::sync::OnceLock;

use litecast_primitives::{
    amount::Amount,
    codec::put_var_bytes,
    hash::sha256,
    transaction::{Transaction, TxOut},
};
use sha2::{Digest, Sha256};

/// Taproot's hash type of a signature without hash type byte: as [`SIGHASH_ALL`].
pub const SIGHASH_DEFAULT: u8 = 0;
/// Signs all outputs.
pub const SIGHASH_ALL: u8 = 1;
/// Signs no output.
pub const SIGHASH_NONE: u8 = 2;
/// Signs the output with the input's index.
pub const SIGHASH_SINGLE: u8 = 3;
/// Signs one input, whatever the others are. Goes with any of the others.
pub const SIGHASH_ANYONECANPAY: u8 = 0x80;

/// Bits of a hash type that say which outputs are signed, before Taproot.
const OUTPUTS: u32 = 0x1f;
/// `OP_1` and a push of 32 bytes.
const TAPROOT_SCRIPT: usize = 2 + 32;

/// Which rules a script, and so its signatures, are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigVersion {
    /// Bare scripts and redeem scripts.
    Base,
    /// Witness version 0 (BIP141).
    WitnessV0,
    /// Witness version 1, 32 bytes, not in P2SH: key path (BIP341).
    Taproot,
    /// Witness version 1, script path with leaf version 0xc0 (BIP342).
    Tapscript,
}

/// What Taproot signatures sign about the script that is executed.
#[derive(Debug, Clone)]
pub struct ExecutionData {
    /// The leaf that is executed; none on the key path.
    pub tapleaf_hash: Option<[u8; 32]>,
    /// Position, in opcodes, of the last OP_CODESEPARATOR that was executed; the largest number before the first.
    pub codeseparator_position: u32,
    /// SHA-256 of the annex with its length.
    pub annex_hash: Option<[u8; 32]>,
    /// What is left of the budget of signature operations (BIP342).
    pub validation_weight_left: i64,
}

impl Default for ExecutionData {
    fn default() -> Self {
        Self { tapleaf_hash: None, codeseparator_position: u32::MAX, annex_hash: None, validation_weight_left: 0 }
    }
}

/// What the signatures of one transaction share. To be used with that transaction only.
#[derive(Debug)]
pub struct SighashData {
    legacy: OnceLock<legacy::Skeleton>,
    witness_v0: Option<witness_v0::Midstates>,
    taproot: Option<taproot::Midstates>,
}

impl SighashData {
    /// Computes what the witnesses of `tx` need. `spent` holds the outputs that it spends, in order; with any other
    /// number of them they count as unknown, and Taproot signatures fail.
    pub fn new(tx: &Transaction, spent: &[TxOut]) -> Self {
        let known = spent.len() == tx.inputs().len();
        let (mut uses_v0, mut uses_taproot) = (false, false);
        let inputs = tx.inputs().iter().enumerate();
        for (index, _) in inputs.filter(|(_, input)| !input.witness.is_empty()) {
            // Whether the witness belongs to version 0 shows only when the redeem script is known.
            if known && is_taproot(&spent[index].script_pubkey) {
                uses_taproot = true;
            } else {
                uses_v0 = true;
            }
        }
        Self::with(tx, spent, uses_v0, uses_taproot)
    }

    /// Computes everything, whatever the witnesses: for a transaction that is still to be signed.
    pub fn complete(tx: &Transaction, spent: &[TxOut]) -> Self {
        Self::with(tx, spent, true, spent.len() == tx.inputs().len())
    }

    fn with(tx: &Transaction, spent: &[TxOut], uses_v0: bool, uses_taproot: bool) -> Self {
        let shared = (uses_v0 || uses_taproot).then(|| Shared::new(tx));
        Self {
            legacy: OnceLock::new(),
            witness_v0: shared.as_ref().filter(|_| uses_v0).map(witness_v0::Midstates::new),
            taproot: shared.filter(|_| uses_taproot).map(|shared| taproot::Midstates::new(shared, spent)),
        }
    }

    fn skeleton(&self, tx: &Transaction) -> &legacy::Skeleton {
        self.legacy.get_or_init(|| legacy::Skeleton::new(tx))
    }
}

fn is_taproot(script_pubkey: &[u8]) -> bool {
    script_pubkey.len() == TAPROOT_SCRIPT && script_pubkey[0] == crate::opcode::OP_1
}

/// The hash that an ECDSA signature signs. `hash_type` has 32 bits of which signatures in scripts use 8; `amount` is
/// that of the output spent and matters to witness version 0 only. With the `data` of `tx` it is faster.
///
/// # Panics
/// If `tx` has no such input.
pub fn signature_hash(
    script_code: &[u8],
    tx: &Transaction,
    input: usize,
    hash_type: u32,
    amount: Amount,
    version: SigVersion,
    data: Option<&SighashData>,
) -> [u8; 32] {
    if version == SigVersion::WitnessV0 {
        let midstates = data.and_then(|data| data.witness_v0.as_ref());
        return witness_v0::signature_hash(script_code, tx, input, hash_type, amount, midstates);
    }
    // One signature of a transaction with one input is hashed once: nothing to share.
    let skeleton = data.filter(|_| tx.inputs().len() > 1).map(|data| data.skeleton(tx));
    legacy::signature_hash(script_code, tx, input, hash_type, skeleton)
}

/// The hash that a Schnorr signature signs; none if the hash type is not defined, or signs an output that is not there,
/// or if `data` does not know the outputs spent. `version` is [`SigVersion::Taproot`] or [`SigVersion::Tapscript`].
///
/// # Panics
/// If `tx` has no such input.
pub fn schnorr_signature_hash(
    tx: &Transaction,
    input: usize,
    hash_type: u8,
    version: SigVersion,
    execution: &ExecutionData,
    data: &SighashData,
) -> Option<[u8; 32]> {
    taproot::signature_hash(tx, input, hash_type, version, execution, data.taproot.as_ref()?)
}

/// Single SHA-256 over each part of a transaction, which BIP143 and BIP341 share.
#[derive(Debug, Clone)]
struct Shared {
    prevouts: [u8; 32],
    sequences: [u8; 32],
    outputs: [u8; 32],
}

impl Shared {
    fn new(tx: &Transaction) -> Self {
        Self { prevouts: prevouts(tx), sequences: sequences(tx), outputs: outputs(tx.outputs()) }
    }
}

fn prevouts(tx: &Transaction) -> [u8; 32] {
    let mut engine = Sha256::new();
    tx.inputs().iter().for_each(|input| engine.update(input.prevout.encode()));
    engine.finalize().into()
}

fn sequences(tx: &Transaction) -> [u8; 32] {
    let mut engine = Sha256::new();
    tx.inputs().iter().for_each(|input| engine.update(input.sequence.to_le_bytes()));
    engine.finalize().into()
}

fn outputs(outputs: &[TxOut]) -> [u8; 32] {
    let mut engine = Sha256::new();
    outputs.iter().for_each(|output| update_output(&mut engine, output));
    engine.finalize().into()
}

fn update_output(engine: &mut Sha256, output: &TxOut) {
    engine.update(output.value.0.to_le_bytes());
    update_var_bytes(engine, &output.script_pubkey);
}

fn update_var_bytes(engine: &mut Sha256, bytes: &[u8]) {
    update_length(engine, bytes.len());
    engine.update(bytes);
}

/// A length as CompactSize.
fn update_length(engine: &mut Sha256, length: usize) {
    let bytes = length.to_le_bytes();
    match length {
        0..=252 => engine.update(&bytes[..1]),
        253..=0xffff => {
            engine.update([253]);
            engine.update(&bytes[..2]);
        }
        0x1_0000..=0xffff_ffff => {
            engine.update([254]);
            engine.update(&bytes[..4]);
        }
        _ => {
            engine.update([255]);
            engine.update(bytes);
        }
    }
}

/// The second SHA-256 of a double one.
fn twice(engine: Sha256) -> [u8; 32] {
    sha256(&engine.finalize())
}

/// What [`ExecutionData::annex_hash`] holds for an annex.
pub fn annex_hash(annex: &[u8]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(annex.len() + 9);
    put_var_bytes(&mut bytes, annex);
    sha256(&bytes)
}

#[cfg(test)]
mod tests;
