//! Conditions, early failure and lock times.

use super::{machine::Machine, number};
use crate::{
    flags::Flags,
    opcode::{OP_ELSE, OP_ENDIF, OP_IF, OP_NOTIF},
    script_error::ScriptError,
    sighash::SigVersion,
};

/// A relative lock time with this bit is none (BIP68).
const SEQUENCE_LOCKTIME_DISABLE_FLAG: i64 = 1 << 31;

impl Machine<'_, '_> {
    /// The opcodes that work in branches that are not executed, too.
    pub(super) fn condition(&mut self, opcode: u8) -> Result<(), ScriptError> {
        match opcode {
            OP_IF | OP_NOTIF => {
                // Within a branch that is not executed nothing is looked at, and nothing below is executed.
                let holds = self.conditions.all_true() && self.argument()? == (opcode == OP_IF);
                self.conditions.enter(holds);
                Ok(())
            }
            OP_ELSE => self.conditions.toggle(),
            OP_ENDIF => self.conditions.leave(),
            _ => Err(ScriptError::BadOpcode),
        }
    }

    /// What a condition asks about.
    fn argument(&mut self) -> Result<bool, ScriptError> {
        let argument = self.stack.pop().map_err(|_| ScriptError::UnbalancedConditional)?;
        let minimal = matches!(argument.bytes(), [] | [1]);
        match self.version {
            SigVersion::Tapscript if !minimal => Err(ScriptError::TapscriptMinimalif),
            SigVersion::WitnessV0 if !minimal && self.flags.contains(Flags::MINIMALIF) => Err(ScriptError::Minimalif),
            _ => Ok(argument.is_true()),
        }
    }

    /// Takes the top; `error` unless it is true.
    pub(super) fn verify(&mut self, error: ScriptError) -> Result<(), ScriptError> {
        if self.stack.pop()?.is_true() { Ok(()) } else { Err(error) }
    }

    pub(super) fn check_lock_time(&self) -> Result<(), ScriptError> {
        if !self.flags.contains(Flags::CHECKLOCKTIMEVERIFY) {
            return Ok(());
        }
        let lock_time = self.lock_time()?;
        if self.checker.check_lock_time(lock_time) { Ok(()) } else { Err(ScriptError::UnsatisfiedLocktime) }
    }

    pub(super) fn check_sequence(&self) -> Result<(), ScriptError> {
        if !self.flags.contains(Flags::CHECKSEQUENCEVERIFY) {
            return Ok(());
        }
        let sequence = self.lock_time()?;
        if sequence & SEQUENCE_LOCKTIME_DISABLE_FLAG != 0 || self.checker.check_sequence(sequence) {
            Ok(())
        } else {
            Err(ScriptError::UnsatisfiedLocktime)
        }
    }

    /// The top as a lock time, which stays where it is.
    fn lock_time(&self) -> Result<i64, ScriptError> {
        let top = self.stack.at(0)?;
        let lock_time = number::operand(top.bytes(), self.minimal, number::MAX_LOCK_TIME)?;
        if lock_time < 0 { Err(ScriptError::NegativeLocktime) } else { Ok(lock_time) }
    }
}
