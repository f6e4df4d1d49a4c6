//! Signature operation counts and their cost (v0.21.5.5 src/consensus/tx_verify.cpp, src/script/script.cpp,
//! src/script/interpreter.cpp CountWitnessSigOps).

use bytes::Bytes;
use litecast_primitives::Transaction;

use crate::{
    opcode::{self, Instructions},
    template::{self, WitnessProgram},
};

/// A CHECKMULTISIG that does not say how many keys it has counts as this many.
const MAX_PUBKEYS_PER_MULTISIG: u64 = 20;
/// One operation outside of the witness costs as much as this many inside.
pub const WITNESS_SCALE_FACTOR: u64 = 4;

/// Counts CHECKSIG and CHECKMULTISIG; `accurate` believes the number of keys in front of a CHECKMULTISIG.
pub fn count(script: &[u8], accurate: bool) -> u64 {
    let mut total = 0;
    let mut last = 0xff;
    for step in Instructions::new(script) {
        let Ok(instruction) = step else { break };
        total += match instruction.opcode {
            opcode::OP_CHECKSIG | opcode::OP_CHECKSIGVERIFY => 1,
            opcode::OP_CHECKMULTISIG | opcode::OP_CHECKMULTISIGVERIFY => match opcode::small_number(last) {
                Some(keys @ 1..) if accurate => keys.into(),
                _ => MAX_PUBKEYS_PER_MULTISIG,
            },
            _ => 0,
        };
        last = instruction.opcode;
    }
    total
}

/// Operations in all scripts of a transaction, without looking at what it spends. Peg-out scripts count.
pub fn legacy(tx: &Transaction) -> u64 {
    let inputs = tx.inputs().iter().map(|i| &i.script_sig);
    let outputs = tx.outputs().iter().map(|o| &o.script_pubkey);
    let peg_outs = tx.mweb().into_iter().flat_map(|m| &m.body.kernels).flat_map(|k| &k.peg_outs);
    inputs.chain(outputs).chain(peg_outs.map(|p| &p.script_pubkey)).map(|script| count(script, false)).sum()
}

/// Cost of the operations that spending one output adds: redeem script and witness.
/// `p2sh` and `witness` say which rules are in force.
pub fn input_cost(script_sig: &[u8], script_pubkey: &[u8], stack: &[Bytes], p2sh: bool, witness: bool) -> u64 {
    let mut cost = 0;
    let redeem = if template::is_p2sh(script_pubkey) { last_push(script_sig) } else { None };
    if p2sh && let Some(redeem) = redeem {
        cost += count(redeem, true) * WITNESS_SCALE_FACTOR;
    }
    if witness {
        if let Some(program) = template::witness_program(script_pubkey) {
            cost += witness_operations(program, stack);
        } else if let Some(program) = redeem.and_then(template::witness_program) {
            cost += witness_operations(program, stack);
        }
    }
    cost
}

/// The last bytes pushed by a script that only pushes; `OP_1` and the like push no bytes.
fn last_push(script: &[u8]) -> Option<&[u8]> {
    let mut last: &[u8] = &[];
    for step in Instructions::new(script) {
        let instruction = step.ok()?;
        if instruction.opcode > opcode::OP_16 {
            return None;
        }
        last = instruction.data;
    }
    Some(last)
}

fn witness_operations(program: WitnessProgram<'_>, stack: &[Bytes]) -> u64 {
    match (program.version, program.program.len()) {
        (0, 20) => 1,
        (0, 32) => stack.last().map_or(0, |script| count(script, true)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opcode::{push_bytes, push_number};

    // v0.21.5.5 src/test/sigopcount_tests.cpp, GetSigOpCount
    #[test]
    fn counts_of_the_reference() {
        assert_eq!(count(&[], false), 0);
        let dummy = [7; 20];
        let mut script = Vec::new();
        push_number(&mut script, 1);
        push_bytes(&mut script, &dummy);
        push_bytes(&mut script, &dummy);
        push_number(&mut script, 2);
        script.push(opcode::OP_CHECKMULTISIG);
        assert_eq!(count(&script, true), 2);
        script.extend([0x63, opcode::OP_CHECKSIG, 0x68]);
        assert_eq!(count(&script, true), 3);
        assert_eq!(count(&script, false), 21);

        let mut p2sh = vec![opcode::OP_HASH160, 20];
        p2sh.extend([1; 20]);
        p2sh.push(opcode::OP_EQUAL);
        let mut script_sig = vec![0];
        push_bytes(&mut script_sig, &script);
        assert_eq!(input_cost(&script_sig, &p2sh, &[], true, true), 3 * WITNESS_SCALE_FACTOR);
        assert_eq!(input_cost(&script_sig, &p2sh, &[], false, false), 0);
    }

    #[test]
    fn a_push_over_the_end_stops_the_count() {
        assert_eq!(count(&[opcode::OP_CHECKSIG, 5, opcode::OP_CHECKSIG], false), 1);
    }

    #[test]
    fn witness_key_hash_counts_one() {
        let mut program = vec![0, 20];
        program.extend([1; 20]);
        assert_eq!(input_cost(&[], &program, &[], true, true), 1);
        let mut script_sig = Vec::new();
        push_bytes(&mut script_sig, &program);
        let mut p2sh = vec![opcode::OP_HASH160, 20];
        p2sh.extend([1; 20]);
        p2sh.push(opcode::OP_EQUAL);
        assert_eq!(input_cost(&script_sig, &p2sh, &[], true, true), 1);
    }
}
