//! Opcodes that only move elements about.

use super::{element::Element, machine::Machine};
use crate::{
    opcode::{
        OP_2DROP, OP_2DUP, OP_2OVER, OP_2ROT, OP_2SWAP, OP_3DUP, OP_DEPTH, OP_DROP, OP_DUP, OP_FROMALTSTACK, OP_IFDUP,
        OP_NIP, OP_OVER, OP_PICK, OP_ROLL, OP_ROT, OP_SIZE, OP_SWAP, OP_TOALTSTACK, OP_TUCK,
    },
    script_error::ScriptError,
};

impl Machine<'_, '_> {
    pub(super) fn move_elements(&mut self, opcode: u8) -> Result<(), ScriptError> {
        match opcode {
            OP_TOALTSTACK => {
                let top = self.stack.pop()?;
                self.alt.push(top);
            }
            OP_FROMALTSTACK => {
                let top = self.alt.pop().ok_or(ScriptError::InvalidAltstackOperation)?;
                self.stack.push(top);
            }
            OP_2DROP => {
                self.stack.require(2)?;
                self.stack.discard(2);
            }
            OP_2DUP => self.stack.copy_up(1, 2)?,
            OP_3DUP => self.stack.copy_up(2, 3)?,
            OP_2OVER => self.stack.copy_up(3, 2)?,
            OP_2ROT => self.stack.roll_many(5, 2)?,
            OP_2SWAP => self.stack.roll_many(3, 2)?,
            OP_IFDUP => {
                if self.stack.at(0)?.is_true() {
                    self.stack.copy_up(0, 1)?;
                }
            }
            OP_DEPTH => {
                let depth = Element::number(length(self.stack.len()));
                self.stack.push(depth);
            }
            OP_DROP => {
                self.stack.pop()?;
            }
            OP_DUP => self.stack.copy_up(0, 1)?,
            OP_NIP => self.stack.remove(1)?,
            OP_OVER => self.stack.copy_up(1, 1)?,
            OP_PICK | OP_ROLL => self.pick_or_roll(opcode)?,
            OP_ROT => self.stack.roll(2)?,
            OP_SWAP => self.stack.roll(1)?,
            OP_TUCK => self.stack.tuck(1)?,
            OP_SIZE => {
                let size = Element::number(length(self.stack.at(0)?.bytes().len()));
                self.stack.push(size);
            }
            _ => return Err(ScriptError::BadOpcode),
        }
        Ok(())
    }

    fn pick_or_roll(&mut self, opcode: u8) -> Result<(), ScriptError> {
        self.stack.require(2)?;
        let depth = self.number(0)?;
        self.stack.discard(1);
        let depth = usize::try_from(depth).map_err(|_| ScriptError::InvalidStackOperation)?;
        if opcode == OP_ROLL { self.stack.roll(depth) } else { self.stack.copy_up(depth, 1) }
    }
}

fn length(value: usize) -> i64 {
    i64::try_from(value).expect("because stacks and elements fit in memory")
}
