//! Signature hash of witness version 0 (BIP143).

use litecast_primitives::{amount::Amount, hash::sha256, transaction::Transaction};
use sha2::{Digest, Sha256};

use super::{
    OUTPUTS, SIGHASH_ANYONECANPAY, SIGHASH_NONE, SIGHASH_SINGLE, Shared, outputs, prevouts, sequences, twice,
    update_output, update_var_bytes,
};

/// Double SHA-256 over each part of a transaction.
#[derive(Debug)]
pub(super) struct Midstates {
    prevouts: [u8; 32],
    sequences: [u8; 32],
    outputs: [u8; 32],
}

impl Midstates {
    pub(super) fn new(shared: &Shared) -> Self {
        Self {
            prevouts: sha256(&shared.prevouts),
            sequences: sha256(&shared.sequences),
            outputs: sha256(&shared.outputs),
        }
    }
}

#[cfg(test)]
impl Midstates {
    pub(super) fn prevouts(&self) -> [u8; 32] {
        self.prevouts
    }
}

pub(super) fn signature_hash(
    script_code: &[u8],
    tx: &Transaction,
    index: usize,
    hash_type: u32,
    amount: Amount,
    midstates: Option<&Midstates>,
) -> [u8; 32] {
    let input = &tx.inputs()[index];
    let anyone_can_pay = hash_type & u32::from(SIGHASH_ANYONECANPAY) != 0;
    let single = hash_type & OUTPUTS == u32::from(SIGHASH_SINGLE);
    let none = hash_type & OUTPUTS == u32::from(SIGHASH_NONE);
    // What is not signed counts as zero.
    let (mut hash_prevouts, mut hash_sequence, mut hash_outputs) = ([0; 32], [0; 32], [0; 32]);
    if !anyone_can_pay {
        hash_prevouts = midstates.map_or_else(|| sha256(&prevouts(tx)), |known| known.prevouts);
        if !single && !none {
            hash_sequence = midstates.map_or_else(|| sha256(&sequences(tx)), |known| known.sequences);
        }
    }
    if !single && !none {
        hash_outputs = midstates.map_or_else(|| sha256(&outputs(tx.outputs())), |known| known.outputs);
    } else if single && let Some(output) = tx.outputs().get(index) {
        let mut engine = Sha256::new();
        update_output(&mut engine, output);
        hash_outputs = twice(engine);
    }

    let mut engine = Sha256::new();
    engine.update(tx.version().to_le_bytes());
    engine.update(hash_prevouts);
    engine.update(hash_sequence);
    engine.update(input.prevout.encode());
    update_var_bytes(&mut engine, script_code);
    engine.update(amount.0.to_le_bytes());
    engine.update(input.sequence.to_le_bytes());
    engine.update(hash_outputs);
    engine.update(tx.lock_time().to_le_bytes());
    engine.update(hash_type.to_le_bytes());
    twice(engine)
}
