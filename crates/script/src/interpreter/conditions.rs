//! Nested conditions. Only two questions are ever asked, whether there is any and whether all hold, so that a count and
//! the place of the outermost that does not hold answer them in constant time, however deep the nesting.

use crate::script_error::ScriptError;

/// The conditions around the current opcode.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    depth: usize,
    /// How many are outside of the outermost one that does not hold.
    first_false: Option<usize>,
}

impl Conditions {
    pub(super) fn is_empty(&self) -> bool {
        self.depth == 0
    }

    pub(super) fn all_true(&self) -> bool {
        self.first_false.is_none()
    }

    pub(super) fn enter(&mut self, holds: bool) {
        if !holds && self.first_false.is_none() {
            self.first_false = Some(self.depth);
        }
        self.depth += 1;
    }

    /// The other branch of the innermost. Within a branch that is not executed that changes nothing.
    pub(super) fn toggle(&mut self) -> Result<(), ScriptError> {
        let top = self.depth.checked_sub(1).ok_or(ScriptError::UnbalancedConditional)?;
        match self.first_false {
            None => self.first_false = Some(top),
            Some(first) if first == top => self.first_false = None,
            Some(_) => {}
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Result<(), ScriptError> {
        self.depth = self.depth.checked_sub(1).ok_or(ScriptError::UnbalancedConditional)?;
        if self.first_false == Some(self.depth) {
            self.first_false = None;
        }
        Ok(())
    }
}
