//! Signature hash of Taproot and Tapscript (BIP341, BIP342).

use litecast_primitives::transaction::{Transaction, TxOut};
use sha2::{Digest, Sha256};

use super::{
    ExecutionData, SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_DEFAULT, SIGHASH_NONE, SIGHASH_SINGLE, Shared,
    SigVersion, outputs, update_output, update_var_bytes,
};

const EPOCH: u8 = 0;
/// The version of 32-byte keys in Tapscript.
const KEY_VERSION: u8 = 0;
/// Bits of a hash type that say which outputs are signed.
const OUTPUT_MASK: u8 = 3;

/// Single SHA-256 over each part of a transaction and of the outputs it spends.
#[derive(Debug)]
pub(super) struct Midstates {
    shared: Shared,
    amounts: [u8; 32],
    scripts: [u8; 32],
    /// Signatures with ANYONECANPAY sign the output itself.
    spent: Vec<TxOut>,
    /// After the tag, which every hash starts with.
    tagged: Sha256,
}

impl Midstates {
    pub(super) fn new(shared: Shared, spent: &[TxOut]) -> Self {
        let (mut amounts, mut scripts) = (Sha256::new(), Sha256::new());
        for output in spent {
            amounts.update(output.value.0.to_le_bytes());
            update_var_bytes(&mut scripts, &output.script_pubkey);
        }
        let tag = Sha256::digest(b"TapSighash");
        Self {
            shared,
            amounts: amounts.finalize().into(),
            scripts: scripts.finalize().into(),
            spent: spent.to_vec(),
            tagged: Sha256::new().chain_update(tag).chain_update(tag),
        }
    }
}

#[cfg(test)]
impl Midstates {
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn amounts(&self) -> [u8; 32] {
        self.amounts
    }

    pub(super) fn scripts(&self) -> [u8; 32] {
        self.scripts
    }
}

pub(super) fn signature_hash(
    tx: &Transaction,
    index: usize,
    hash_type: u8,
    version: SigVersion,
    execution: &ExecutionData,
    midstates: &Midstates,
) -> Option<[u8; 32]> {
    let input = &tx.inputs()[index];
    let output_type = match hash_type & !SIGHASH_ANYONECANPAY {
        SIGHASH_DEFAULT if hash_type == SIGHASH_DEFAULT => SIGHASH_ALL,
        SIGHASH_ALL | SIGHASH_NONE | SIGHASH_SINGLE => hash_type & OUTPUT_MASK,
        _ => return None,
    };
    let anyone_can_pay = hash_type & SIGHASH_ANYONECANPAY != 0;
    let tapscript = version == SigVersion::Tapscript;

    let mut engine = midstates.tagged.clone();
    engine.update([EPOCH, hash_type]);
    engine.update(tx.version().to_le_bytes());
    engine.update(tx.lock_time().to_le_bytes());
    if !anyone_can_pay {
        engine.update(midstates.shared.prevouts);
        engine.update(midstates.amounts);
        engine.update(midstates.scripts);
        engine.update(midstates.shared.sequences);
    }
    if output_type == SIGHASH_ALL {
        engine.update(midstates.shared.outputs);
    }
    engine.update([u8::from(tapscript) << 1 | u8::from(execution.annex_hash.is_some())]);
    if anyone_can_pay {
        engine.update(input.prevout.encode());
        update_output(&mut engine, midstates.spent.get(index)?);
        engine.update(input.sequence.to_le_bytes());
    } else {
        engine.update(u32::try_from(index).ok()?.to_le_bytes());
    }
    if let Some(annex) = execution.annex_hash {
        engine.update(annex);
    }
    if output_type == SIGHASH_SINGLE {
        let output = tx.outputs().get(index..=index)?;
        engine.update(outputs(output));
    }
    if tapscript {
        engine.update(execution.tapleaf_hash?);
        engine.update([KEY_VERSION]);
        engine.update(execution.codeseparator_position.to_le_bytes());
    }
    Some(engine.finalize().into())
}
