//! Opcodes on numbers. Operands have 32 bits, so results fit in 64 without overflow.

use super::{element::Element, machine::Machine};
use crate::{
    opcode::{
        OP_0NOTEQUAL, OP_1ADD, OP_1SUB, OP_ABS, OP_ADD, OP_BOOLAND, OP_BOOLOR, OP_GREATERTHAN, OP_GREATERTHANOREQUAL,
        OP_LESSTHAN, OP_LESSTHANOREQUAL, OP_MAX, OP_MIN, OP_NEGATE, OP_NOT, OP_NUMEQUAL, OP_NUMEQUALVERIFY,
        OP_NUMNOTEQUAL, OP_SUB,
    },
    script_error::ScriptError,
};

impl Machine<'_, '_> {
    pub(super) fn unary(&mut self, opcode: u8) -> Result<(), ScriptError> {
        let number = self.number(0)?;
        let result = match opcode {
            OP_1ADD => number + 1,
            OP_1SUB => number - 1,
            OP_NEGATE => -number,
            OP_ABS => number.abs(),
            OP_NOT => i64::from(number == 0),
            OP_0NOTEQUAL => i64::from(number != 0),
            _ => return Err(ScriptError::BadOpcode),
        };
        self.stack.replace(1, Element::number(result));
        Ok(())
    }

    pub(super) fn binary(&mut self, opcode: u8) -> Result<(), ScriptError> {
        self.stack.require(2)?;
        let (left, right) = (self.number(1)?, self.number(0)?);
        let result = match opcode {
            OP_ADD => left + right,
            OP_SUB => left - right,
            OP_BOOLAND => i64::from(left != 0 && right != 0),
            OP_BOOLOR => i64::from(left != 0 || right != 0),
            OP_NUMEQUAL | OP_NUMEQUALVERIFY => i64::from(left == right),
            OP_NUMNOTEQUAL => i64::from(left != right),
            OP_LESSTHAN => i64::from(left < right),
            OP_GREATERTHAN => i64::from(left > right),
            OP_LESSTHANOREQUAL => i64::from(left <= right),
            OP_GREATERTHANOREQUAL => i64::from(left >= right),
            OP_MIN => left.min(right),
            OP_MAX => left.max(right),
            _ => return Err(ScriptError::BadOpcode),
        };
        self.stack.replace(2, Element::number(result));
        if opcode == OP_NUMEQUALVERIFY { self.verify(ScriptError::Numequalverify) } else { Ok(()) }
    }

    pub(super) fn within(&mut self) -> Result<(), ScriptError> {
        self.stack.require(3)?;
        let (number, min, max) = (self.number(2)?, self.number(1)?, self.number(0)?);
        self.stack.replace(3, Element::bool((min..max).contains(&number)));
        Ok(())
    }
}
