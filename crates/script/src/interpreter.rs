//! Executing scripts (v0.21.5.5 src/script/interpreter.cpp, VerifyScript and EvalScript).
//!
//! What fails fails with the same [`ScriptError`] as in the reference, whatever the [`Flags`]. Signatures and lock times
//! are the [`Checker`]'s. No input takes more than linear time in its size, apart from the signatures that it asks for:
//! their number is bound by the limits on operations and by the budget of BIP342, their cost is the signature hash's.

mod arithmetic;
mod conditions;
mod crypto;
mod element;
mod flow;
mod machine;
mod multisig;
pub(crate) mod number;
mod script_code;
mod stack;
mod stack_operations;
mod taproot;
mod witness;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use self::{conditions::Conditions, machine::Machine, witness::verify_witness_program};
pub use self::{element::Element, stack::Stack};
use crate::{
    checker::Checker,
    flags::Flags,
    opcode::is_push_only,
    script_error::ScriptError,
    sighash::{ExecutionData, SigVersion},
    template::{is_p2sh, witness_program},
};

/// Whether an input, by its script and witness, may spend an output with this script.
///
/// CLEANSTACK and TAPROOT need WITNESS, WITNESS needs P2SH: without, what they ask for is not well defined.
pub fn verify_script(
    script_sig: &[u8],
    script_pubkey: &[u8],
    witness: &[Bytes],
    flags: Flags,
    checker: &Checker<'_>,
) -> Result<(), ScriptError> {
    if flags.contains(Flags::SIGPUSHONLY) && !is_push_only(script_sig) {
        return Err(ScriptError::SigPushonly);
    }
    let mut stack = Stack::default();
    eval_base(&mut stack, script_sig, flags, checker)?;
    let redeem_stack = (flags.contains(Flags::P2SH) && is_p2sh(script_pubkey)).then(|| stack.clone());
    eval_base(&mut stack, script_pubkey, flags, checker)?;
    stack.require_true()?;

    let mut outcome = Outcome { clean: stack.len() == 1, had_witness: false };
    if flags.contains(Flags::WITNESS)
        && let Some(program) = witness_program(script_pubkey)
    {
        // Anything here could be changed by others without making the input invalid.
        if !script_sig.is_empty() {
            return Err(ScriptError::WitnessMalleated);
        }
        verify_witness_program(program, witness, false, flags, checker)?;
        outcome = Outcome::WITNESS;
    }
    if let Some(stack) = redeem_stack {
        outcome = verify_redeem_script(stack, script_sig, witness, flags, checker)?;
    }
    if flags.contains(Flags::CLEANSTACK) && !outcome.clean {
        return Err(ScriptError::Cleanstack);
    }
    if flags.contains(Flags::WITNESS) && !outcome.had_witness && !witness.is_empty() {
        return Err(ScriptError::WitnessUnexpected);
    }
    Ok(())
}

/// Runs one script on `stack`, from an empty alternative stack. What is left stays on `stack`, also after an error.
pub fn eval_script<'a>(
    stack: &mut Stack<'a>,
    script: &'a [u8],
    flags: Flags,
    checker: &Checker<'_>,
    version: SigVersion,
    data: &mut ExecutionData,
) -> Result<(), ScriptError> {
    let machine = Machine {
        stack,
        alt: Vec::new(),
        conditions: Conditions::default(),
        operations: 0,
        script_code: script,
        flags,
        minimal: flags.contains(Flags::MINIMALDATA),
        version,
        checker,
        data,
    };
    machine.run(script)
}

/// What is known once the output's script has agreed.
struct Outcome {
    /// One element is left. Witness programs look after that themselves.
    clean: bool,
    had_witness: bool,
}

impl Outcome {
    const WITNESS: Self = Self { clean: true, had_witness: true };
}

fn eval_base<'a>(
    stack: &mut Stack<'a>,
    script: &'a [u8],
    flags: Flags,
    checker: &Checker<'_>,
) -> Result<(), ScriptError> {
    eval_script(stack, script, flags, checker, SigVersion::Base, &mut ExecutionData::default())
}

/// BIP16: the last element that the input pushed is a script. `stack` is what the input pushed.
fn verify_redeem_script(
    mut stack: Stack<'_>,
    script_sig: &[u8],
    witness: &[Bytes],
    flags: Flags,
    checker: &Checker<'_>,
) -> Result<Outcome, ScriptError> {
    if !is_push_only(script_sig) {
        return Err(ScriptError::SigPushonly);
    }
    let redeem = stack.pop()?;
    let script = redeem.bytes();
    // Borrows from the element from here on, too.
    let mut stack: Stack<'_> = stack;
    eval_base(&mut stack, script, flags, checker)?;
    stack.require_true()?;
    if flags.contains(Flags::WITNESS)
        && let Some(program) = witness_program(script)
    {
        if !is_push_of(script_sig, script) {
            return Err(ScriptError::WitnessMalleatedP2sh);
        }
        verify_witness_program(program, witness, true, flags, checker)?;
        return Ok(Outcome::WITNESS);
    }
    Ok(Outcome { clean: stack.len() == 1, had_witness: false })
}

/// Whether a script is the push of a witness program, which is short.
fn is_push_of(script: &[u8], program: &[u8]) -> bool {
    matches!(script.split_first(), Some((length, rest)) if usize::from(*length) == program.len() && rest == program)
}
