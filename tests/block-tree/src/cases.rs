//! The cases, by group.

mod activation;
mod content;
mod headers;
mod limits;
mod lock_times;
mod mutated;
mod reorgs;
mod scripts;
mod segwit;
mod sigops;
mod spending;
mod taproot;

use crate::{case::Case, tree::Tree};

/// Everything, in the order in which it must be delivered.
pub(crate) fn grow() -> Vec<Case> {
    let mut tree = Tree::new();
    let t = &mut tree;
    activation::grow(t);
    headers::grow(t);
    content::grow(t);
    spending::grow(t);
    lock_times::grow(t);
    scripts::grow(t);
    segwit::grow(t);
    taproot::grow(t);
    sigops::grow(t);
    limits::grow(t);
    mutated::grow(t);
    reorgs::grow(t);
    tree.cases
}

/// Refused although only old rules are asked.
fn hard(error: &str) -> String {
    format!("mandatory-script-verify-flag-failed ({error})")
}

/// Refused by a rule that was added later.
fn soft(error: &str) -> String {
    format!("non-mandatory-script-verify-flag ({error})")
}

/// v0.21.5.5 `src/script/script_error.cpp`.
const EVAL_FALSE: &str = "Script evaluated without error but finished with a false/empty top stack element";
const BAD_OPCODE: &str = "Opcode missing or not understood";
const LOCK_TIME: &str = "Locktime requirement not satisfied";
const STACK: &str = "Operation not valid with the current stack size";
