//! One evaluation of one script: reads opcode by opcode, holds to the limits, hands on what is executed.

use super::{conditions::Conditions, element::Element, number, stack::Stack};
use crate::{
    MAX_SCRIPT_SIZE,
    checker::Checker,
    flags::Flags,
    opcode::{self as op, Instructions},
    script_error::ScriptError,
    sighash::{ExecutionData, SigVersion},
};

/// Longest element.
pub(super) const MAX_SCRIPT_ELEMENT_SIZE: usize = 520;
/// Elements of both stacks together.
pub(super) const MAX_STACK_SIZE: usize = 1000;
/// Operations that are not pushes, keys of multisig counted.
pub(super) const MAX_OPS_PER_SCRIPT: usize = 201;

/// The state of an evaluation.
pub(super) struct Machine<'m, 'a> {
    pub(super) stack: &'m mut Stack<'a>,
    pub(super) alt: Vec<Element<'a>>,
    pub(super) conditions: Conditions,
    pub(super) operations: usize,
    /// What signatures sign: from the last OP_CODESEPARATOR on.
    pub(super) script_code: &'a [u8],
    pub(super) flags: Flags,
    /// Whether MINIMALDATA is in force.
    pub(super) minimal: bool,
    pub(super) version: SigVersion,
    pub(super) checker: &'m Checker<'m>,
    pub(super) data: &'m mut ExecutionData,
}

impl<'a> Machine<'_, 'a> {
    pub(super) fn run(mut self, script: &'a [u8]) -> Result<(), ScriptError> {
        // Tapscript is bound by its weight instead.
        let limited = matches!(self.version, SigVersion::Base | SigVersion::WitnessV0);
        if limited && script.len() > MAX_SCRIPT_SIZE {
            return Err(ScriptError::ScriptSize);
        }
        self.data.codeseparator_position = u32::MAX;
        let mut walk = Instructions::new(script);
        let mut position = 0;
        while let Some(step) = walk.next() {
            let step = step.map_err(|_| ScriptError::BadOpcode)?;
            if step.data.len() > MAX_SCRIPT_ELEMENT_SIZE {
                return Err(ScriptError::PushSize);
            }
            if limited && step.opcode > op::OP_16 {
                self.operations += 1;
                if self.operations > MAX_OPS_PER_SCRIPT {
                    return Err(ScriptError::OpCount);
                }
            }
            if is_disabled(step.opcode) {
                return Err(ScriptError::DisabledOpcode);
            }
            if step.opcode == op::OP_CODESEPARATOR
                && self.version == SigVersion::Base
                && self.flags.contains(Flags::CONST_SCRIPTCODE)
            {
                return Err(ScriptError::OpCodeseparator);
            }
            if (op::OP_IF..=op::OP_ENDIF).contains(&step.opcode) {
                self.condition(step.opcode)?;
            } else if self.conditions.all_true() {
                if step.opcode <= op::OP_PUSHDATA4 {
                    if self.minimal && !is_minimal_push(step.opcode, step.data) {
                        return Err(ScriptError::Minimaldata);
                    }
                    self.stack.push(step.data.into());
                } else if step.opcode == op::OP_CODESEPARATOR {
                    self.script_code = walk.rest();
                    self.data.codeseparator_position = position;
                } else {
                    self.execute(step.opcode)?;
                }
            }
            if self.stack.len() + self.alt.len() > MAX_STACK_SIZE {
                return Err(ScriptError::StackSize);
            }
            // Scripts are shorter than 4 GB by far.
            position = position.wrapping_add(1);
        }
        if self.conditions.is_empty() { Ok(()) } else { Err(ScriptError::UnbalancedConditional) }
    }

    fn execute(&mut self, opcode: u8) -> Result<(), ScriptError> {
        match opcode {
            op::OP_1NEGATE => self.stack.push(Element::number(-1)),
            op::OP_1..=op::OP_16 => self.stack.push(Element::small(opcode - op::OP_1 + 1)),
            op::OP_NOP => {}
            op::OP_NOP1 | op::OP_NOP4..=op::OP_NOP10 => {
                if self.flags.contains(Flags::DISCOURAGE_UPGRADABLE_NOPS) {
                    return Err(ScriptError::DiscourageUpgradableNops);
                }
            }
            op::OP_CHECKLOCKTIMEVERIFY => self.check_lock_time()?,
            op::OP_CHECKSEQUENCEVERIFY => self.check_sequence()?,
            op::OP_VERIFY => self.verify(ScriptError::Verify)?,
            op::OP_RETURN => return Err(ScriptError::OpReturn),
            op::OP_TOALTSTACK..=op::OP_TUCK | op::OP_SIZE => self.move_elements(opcode)?,
            op::OP_EQUAL | op::OP_EQUALVERIFY => {
                let [left, right] = self.stack.top()?;
                let equal = Element::bool(left == right);
                self.stack.replace(2, equal);
                if opcode == op::OP_EQUALVERIFY {
                    self.verify(ScriptError::Equalverify)?;
                }
            }
            op::OP_1ADD | op::OP_1SUB | op::OP_NEGATE..=op::OP_0NOTEQUAL => self.unary(opcode)?,
            op::OP_ADD | op::OP_SUB | op::OP_BOOLAND..=op::OP_MAX => self.binary(opcode)?,
            op::OP_WITHIN => self.within()?,
            op::OP_RIPEMD160..=op::OP_HASH256 => self.hash(opcode)?,
            op::OP_CHECKSIG | op::OP_CHECKSIGVERIFY => self.check_signature(opcode)?,
            op::OP_CHECKMULTISIG | op::OP_CHECKMULTISIGVERIFY => self.check_multisig(opcode)?,
            op::OP_CHECKSIGADD => self.check_signature_add()?,
            _ => return Err(ScriptError::BadOpcode),
        }
        Ok(())
    }

    /// The element at `depth` as an operand.
    pub(super) fn number(&self, depth: usize) -> Result<i64, ScriptError> {
        number::operand(self.stack.at(depth)?.bytes(), self.minimal, number::MAX_OPERAND)
    }
}

/// Opcodes that fail even where they are not executed (CVE-2010-5137).
fn is_disabled(opcode: u8) -> bool {
    matches!(
        opcode,
        op::OP_CAT..=op::OP_RIGHT
            | op::OP_INVERT..=op::OP_XOR
            | op::OP_2MUL
            | op::OP_2DIV
            | op::OP_MUL..=op::OP_RSHIFT
    )
}

/// Whether no other opcode would push the same in fewer bytes.
fn is_minimal_push(opcode: u8, data: &[u8]) -> bool {
    match data {
        [] => opcode == op::OP_0,
        [1..=16 | 0x81] => false,
        _ => match data.len() {
            length @ 0..=75 => usize::from(opcode) == length,
            76..=255 => opcode == op::OP_PUSHDATA1,
            256..=65535 => opcode == op::OP_PUSHDATA2,
            _ => true,
        },
    }
}
