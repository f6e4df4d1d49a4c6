//! Signature hash of scripts outside of the witness.
//!
//! The transaction is hashed with all input scripts blanked but one, which becomes the script code without its
//! OP_CODESEPARATORs. Every signature hashes the whole transaction: [`Skeleton`] keeps it serialised, so that this costs
//! as little as SHA-256 does.

use litecast_primitives::{
    codec::{compact_len, put_len},
    transaction::{Transaction, TxOut},
};
use sha2::{Digest, Sha256};

use super::{
    OUTPUTS, SIGHASH_ANYONECANPAY, SIGHASH_NONE, SIGHASH_SINGLE, twice, update_length, update_output, update_var_bytes,
};
use crate::opcode::{OP_PUSHDATA1, OP_PUSHDATA2, OP_PUSHDATA4};

const OP_CODESEPARATOR: u8 = 0xab;
const PREVOUT: usize = 36;
/// Prevout, empty script, sequence.
const BLANK_INPUT: usize = PREVOUT + 1 + 4;

/// The hash of a signature that signs an output which is not there.
const ONE: [u8; 32] = {
    let mut one = [0; 32];
    one[0] = 1;
    one
};

/// A transaction as SIGHASH_ALL sees it, with every input blank.
#[derive(Debug)]
pub(super) struct Skeleton {
    bytes: Vec<u8>,
    /// Where the inputs start.
    inputs: usize,
}

impl Skeleton {
    pub(super) fn new(tx: &Transaction) -> Self {
        let mut bytes = Vec::with_capacity(tx.base_size());
        bytes.extend_from_slice(&tx.version().to_le_bytes());
        put_len(&mut bytes, tx.inputs().len());
        let inputs = bytes.len();
        for input in tx.inputs() {
            bytes.extend_from_slice(&input.prevout.encode());
            bytes.push(0);
            bytes.extend_from_slice(&input.sequence.to_le_bytes());
        }
        put_len(&mut bytes, tx.outputs().len());
        tx.outputs().iter().for_each(|output| output.encode(&mut bytes));
        bytes.extend_from_slice(&tx.lock_time().to_le_bytes());
        debug_assert_eq!(inputs, 4 + compact_len(tx.inputs().len()));
        Self { bytes, inputs }
    }

    fn update(&self, engine: &mut Sha256, index: usize, script_code: &[u8]) {
        let script = self.inputs + index * BLANK_INPUT + PREVOUT;
        engine.update(&self.bytes[..script]);
        update_script_code(engine, script_code);
        engine.update(&self.bytes[script + 1..]);
    }
}

pub(super) fn signature_hash(
    script_code: &[u8],
    tx: &Transaction,
    index: usize,
    hash_type: u32,
    skeleton: Option<&Skeleton>,
) -> [u8; 32] {
    let anyone_can_pay = hash_type & u32::from(SIGHASH_ANYONECANPAY) != 0;
    let single = hash_type & OUTPUTS == u32::from(SIGHASH_SINGLE);
    let none = hash_type & OUTPUTS == u32::from(SIGHASH_NONE);
    if single && index >= tx.outputs().len() {
        return ONE;
    }
    let mut engine = Sha256::new();
    match skeleton {
        Some(skeleton) if !anyone_can_pay && !single && !none => skeleton.update(&mut engine, index, script_code),
        _ => {
            engine.update(tx.version().to_le_bytes());
            update_inputs(&mut engine, tx, index, script_code, anyone_can_pay, single || none);
            match (none, single) {
                (true, _) => engine.update([0]),
                (false, true) => update_single_output(&mut engine, tx.outputs(), index),
                (false, false) => {
                    update_length(&mut engine, tx.outputs().len());
                    tx.outputs().iter().for_each(|output| update_output(&mut engine, output));
                }
            }
            engine.update(tx.lock_time().to_le_bytes());
        }
    }
    engine.update(hash_type.to_le_bytes());
    twice(engine)
}

fn update_inputs(
    engine: &mut Sha256,
    tx: &Transaction,
    index: usize,
    script_code: &[u8],
    anyone_can_pay: bool,
    free_sequences: bool,
) {
    let signed = &tx.inputs()[index];
    let inputs = if anyone_can_pay { std::slice::from_ref(signed) } else { tx.inputs() };
    update_length(engine, inputs.len());
    for (position, input) in inputs.iter().enumerate() {
        let is_signed = anyone_can_pay || position == index;
        engine.update(input.prevout.encode());
        if is_signed {
            update_script_code(engine, script_code);
        } else {
            engine.update([0]);
        }
        let sequence = if free_sequences && !is_signed { 0 } else { input.sequence };
        engine.update(sequence.to_le_bytes());
    }
}

/// The outputs up to the one that is signed; those before it are blank.
fn update_single_output(engine: &mut Sha256, outputs: &[TxOut], index: usize) {
    const BLANK: [u8; 9] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
    update_length(engine, index + 1);
    (0..index).for_each(|_| engine.update(BLANK));
    update_output(engine, &outputs[index]);
}

/// The script without its OP_CODESEPARATORs. Of a script that does not parse to its end, what follows the broken
/// push is left out, though its length counts: such a script fails anyway.
fn update_script_code(engine: &mut Sha256, script: &[u8]) {
    let mut separators = Vec::new();
    let mut position = 0;
    while let Some(opcode) = next_opcode(script, &mut position) {
        if opcode == OP_CODESEPARATOR {
            separators.push(position);
        }
    }
    if separators.is_empty() && position == script.len() {
        return update_var_bytes(engine, script);
    }
    update_length(engine, script.len() - separators.len());
    let mut start = 0;
    for end in separators {
        engine.update(&script[start..end - 1]);
        start = end;
    }
    engine.update(&script[start..position]);
}

/// Steps over one opcode and what it pushes. A broken push leaves the position behind its opcode and length.
fn next_opcode(script: &[u8], position: &mut usize) -> Option<u8> {
    let opcode = *script.get(*position)?;
    *position += 1;
    let width = match opcode {
        OP_PUSHDATA1 => 1,
        OP_PUSHDATA2 => 2,
        OP_PUSHDATA4 => 4,
        _ => 0,
    };
    let length = if opcode < OP_PUSHDATA1 {
        usize::from(opcode)
    } else {
        let bytes = script.get(*position..*position + width)?;
        *position += width;
        bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    if script.len() - *position < length {
        return None;
    }
    *position += length;
    Some(opcode)
}
