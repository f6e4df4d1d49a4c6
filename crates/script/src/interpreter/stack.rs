//! The stack. Depths count from the top, which has depth 0. What it holds too little for is an error; the limit on all
//! elements together is the evaluator's.

use super::element::Element;
use crate::script_error::ScriptError;

/// The stack of an evaluation; outlives it, since the scripts of an input and its output share one.
#[derive(Debug, Clone, Default)]
pub struct Stack<'a>(Vec<Element<'a>>);

impl<'a> Stack<'a> {
    /// With these elements, bottom first.
    pub fn new(elements: Vec<Element<'a>>) -> Self {
        Self(elements)
    }

    /// The elements, bottom first.
    pub fn elements(&self) -> &[Element<'a>] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, element: Element<'a>) {
        self.0.push(element);
    }

    pub(super) fn pop(&mut self) -> Result<Element<'a>, ScriptError> {
        self.0.pop().ok_or(ScriptError::InvalidStackOperation)
    }

    /// Fails with fewer than `count` elements.
    pub(super) fn require(&self, count: usize) -> Result<(), ScriptError> {
        if self.0.len() < count { Err(ScriptError::InvalidStackOperation) } else { Ok(()) }
    }

    fn index(&self, depth: usize) -> Result<usize, ScriptError> {
        self.0.len().checked_sub(depth + 1).ok_or(ScriptError::InvalidStackOperation)
    }

    pub(super) fn at(&self, depth: usize) -> Result<&Element<'a>, ScriptError> {
        self.index(depth).map(|index| &self.0[index])
    }

    /// The top `N`, deepest first.
    pub(super) fn top<const N: usize>(&self) -> Result<&[Element<'a>; N], ScriptError> {
        self.0.last_chunk().ok_or(ScriptError::InvalidStackOperation)
    }

    /// Removes up to `count`.
    pub(super) fn discard(&mut self, count: usize) {
        self.0.truncate(self.0.len().saturating_sub(count));
    }

    /// Replaces the top `count` by one.
    pub(super) fn replace(&mut self, count: usize, element: Element<'a>) {
        self.discard(count);
        self.0.push(element);
    }

    /// Copies `count` elements, of which the deepest is at `depth`, to the top.
    pub(super) fn copy_up(&mut self, depth: usize, count: usize) -> Result<(), ScriptError> {
        let start = self.index(depth)?;
        self.0.extend_from_within(start..start + count);
        Ok(())
    }

    /// Moves the element at `depth` to the top.
    pub(super) fn roll(&mut self, depth: usize) -> Result<(), ScriptError> {
        let start = self.index(depth)?;
        self.0[start..].rotate_left(1);
        Ok(())
    }

    /// Moves `count` elements, of which the deepest is at `depth`, to the top.
    pub(super) fn roll_many(&mut self, depth: usize, count: usize) -> Result<(), ScriptError> {
        let start = self.index(depth)?;
        self.0[start..].rotate_left(count);
        Ok(())
    }

    /// Removes the element at `depth`.
    pub(super) fn remove(&mut self, depth: usize) -> Result<(), ScriptError> {
        let index = self.index(depth)?;
        self.0.remove(index);
        Ok(())
    }

    /// Puts a copy of the top below the element at `depth`.
    pub(super) fn tuck(&mut self, depth: usize) -> Result<(), ScriptError> {
        let index = self.index(depth)?;
        let top = *self.at(0)?;
        self.0.insert(index, top);
        Ok(())
    }

    /// Fails unless the top is there and true.
    pub(super) fn require_true(&self) -> Result<(), ScriptError> {
        if self.0.last().is_some_and(Element::is_true) { Ok(()) } else { Err(ScriptError::EvalFalse) }
    }
}
