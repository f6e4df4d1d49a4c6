//! Witness programs: version 0 (BIP141) and Taproot (BIP341, BIP342). All others may be spent by anyone until they get a
//! meaning; those of the extension block, versions 8 and 9, are among them, since it is the block's rules that guard
//! them and not Script.

use bytes::Bytes;
use litecast_primitives::{
    codec::{compact_len, put_var_bytes},
    hash::sha256,
};

use super::{
    element::Element,
    eval_script,
    machine::{MAX_SCRIPT_ELEMENT_SIZE, MAX_STACK_SIZE},
    stack::Stack,
    taproot::ControlBlock,
};
use crate::{
    checker::Checker,
    flags::Flags,
    opcode::{Instructions, OP_CHECKSIG, OP_DUP, OP_EQUALVERIFY, OP_HASH160},
    script_error::ScriptError,
    sighash::{ExecutionData, SigVersion},
    template::WitnessProgram,
};

const KEY_HASH_SIZE: usize = 20;
const SCRIPT_HASH_SIZE: usize = 32;
const TAPROOT_SIZE: usize = 32;
/// First byte of an annex.
const ANNEX_TAG: u8 = 0x50;
/// Leaf version of Tapscript.
const TAPSCRIPT_LEAF: u8 = 0xc0;
/// Budget of signature operations beside the size of the witness (BIP342).
const VALIDATION_WEIGHT_OFFSET: i64 = 50;

/// Holds a witness to its program.
pub(super) fn verify_witness_program(
    program: WitnessProgram<'_>,
    witness: &[Bytes],
    p2sh: bool,
    flags: Flags,
    checker: &Checker<'_>,
) -> Result<(), ScriptError> {
    match (program.version, program.program.len()) {
        (0, SCRIPT_HASH_SIZE) => script_hash(program.program, witness, flags, checker),
        (0, KEY_HASH_SIZE) => key_hash(program.program, witness, flags, checker),
        (0, _) => Err(ScriptError::WitnessProgramWrongLength),
        (1, TAPROOT_SIZE) if !p2sh => {
            if flags.contains(Flags::TAPROOT) {
                taproot(program.program, witness, flags, checker)
            } else {
                Ok(())
            }
        }
        _ if flags.contains(Flags::DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM) => {
            Err(ScriptError::DiscourageUpgradableWitnessProgram)
        }
        _ => Ok(()),
    }
}

fn script_hash(hash: &[u8], witness: &[Bytes], flags: Flags, checker: &Checker<'_>) -> Result<(), ScriptError> {
    let (script, stack) = witness.split_last().ok_or(ScriptError::WitnessProgramWitnessEmpty)?;
    if sha256(script) != hash {
        return Err(ScriptError::WitnessProgramMismatch);
    }
    execute(script, stack, flags, checker, SigVersion::WitnessV0, &mut ExecutionData::default())
}

fn key_hash(hash: &[u8], witness: &[Bytes], flags: Flags, checker: &Checker<'_>) -> Result<(), ScriptError> {
    if witness.len() != 2 {
        return Err(ScriptError::WitnessProgramMismatch);
    }
    let mut script = [0; 25];
    script[..3].copy_from_slice(&[OP_DUP, OP_HASH160, 20]);
    script[3..23].copy_from_slice(hash);
    script[23..].copy_from_slice(&[OP_EQUALVERIFY, OP_CHECKSIG]);
    execute(&script, witness, flags, checker, SigVersion::WitnessV0, &mut ExecutionData::default())
}

fn taproot(key: &[u8], witness: &[Bytes], flags: Flags, checker: &Checker<'_>) -> Result<(), ScriptError> {
    let mut data = ExecutionData::default();
    let stack = match witness {
        [] => return Err(ScriptError::WitnessProgramWitnessEmpty),
        [stack @ .., annex] if !stack.is_empty() && annex.first() == Some(&ANNEX_TAG) => {
            let mut bytes = Vec::with_capacity(compact_len(annex.len()) + annex.len());
            put_var_bytes(&mut bytes, annex);
            data.annex_hash = Some(sha256(&bytes));
            stack
        }
        stack => stack,
    };
    let (stack, script, control) = match stack {
        [stack @ .., script, control] => (stack, script, control),
        [sig] => {
            let key = key.try_into().map_err(|_| ScriptError::WitnessProgramWrongLength)?;
            return checker.check_schnorr_signature(sig, key, SigVersion::Taproot, &data);
        }
        [] => return Err(ScriptError::WitnessProgramWitnessEmpty),
    };
    let control = ControlBlock::new(control)?;
    let leaf_hash = control.leaf_hash(script);
    if !control.commits(leaf_hash, key) {
        return Err(ScriptError::WitnessProgramMismatch);
    }
    if control.leaf_version == TAPSCRIPT_LEAF {
        data.tapleaf_hash = Some(leaf_hash);
        data.validation_weight_left = witness_size(witness) + VALIDATION_WEIGHT_OFFSET;
        return execute(script, stack, flags, checker, SigVersion::Tapscript, &mut data);
    }
    if flags.contains(Flags::DISCOURAGE_UPGRADABLE_TAPROOT_VERSION) {
        return Err(ScriptError::DiscourageUpgradableTaprootVersion);
    }
    Ok(())
}

/// Bytes of a witness, count and lengths included.
fn witness_size(witness: &[Bytes]) -> i64 {
    let elements: usize = witness.iter().map(|element| compact_len(element.len()) + element.len()).sum();
    i64::try_from(compact_len(witness.len()) + elements).expect("because a witness fits in memory")
}

/// Runs a script on the rest of the witness; exactly one element, and a true one, has to remain.
fn execute(
    script: &[u8],
    elements: &[Bytes],
    flags: Flags,
    checker: &Checker<'_>,
    version: SigVersion,
    data: &mut ExecutionData,
) -> Result<(), ScriptError> {
    if version == SigVersion::Tapscript {
        // Comes before all else, the size of elements included.
        if has_op_success(script)? {
            let discouraged = flags.contains(Flags::DISCOURAGE_OP_SUCCESS);
            return if discouraged { Err(ScriptError::DiscourageOpSuccess) } else { Ok(()) };
        }
        if elements.len() > MAX_STACK_SIZE {
            return Err(ScriptError::StackSize);
        }
    }
    if elements.iter().any(|element| element.len() > MAX_SCRIPT_ELEMENT_SIZE) {
        return Err(ScriptError::PushSize);
    }
    let mut stack = Stack::new(elements.iter().map(|element| Element::from(element.as_ref())).collect());
    eval_script(&mut stack, script, flags, checker, version, data)?;
    if stack.len() != 1 {
        return Err(ScriptError::Cleanstack);
    }
    stack.require_true()
}

/// Whether an opcode that makes a script succeed comes before the first that cannot be read.
fn has_op_success(script: &[u8]) -> Result<bool, ScriptError> {
    for step in Instructions::new(script) {
        if is_op_success(step.map_err(|_| ScriptError::BadOpcode)?.opcode) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Opcodes without a meaning in Tapscript yet (BIP342).
const fn is_op_success(opcode: u8) -> bool {
    matches!(
        opcode,
        80 | 98 | 126..=129 | 131..=134 | 137..=138 | 141..=142 | 149..=153 | 187..=254
    )
}
