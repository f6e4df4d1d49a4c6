//! Script numbers as operands: at most four bytes, five for lock times (v0.21.5.5 src/script/script.h, CScriptNum).
//!
//! Results may be longer than operands may be; they are elements as any other until something reads them as a number.

use crate::script_error::ScriptError;

/// Operands of arithmetic.
pub(super) const MAX_OPERAND: usize = 4;
/// Lock times reach beyond 2038.
pub(super) const MAX_LOCK_TIME: usize = 5;

/// Reads an operand; `minimal` refuses what could be shorter.
pub(super) fn operand(bytes: &[u8], minimal: bool, max_size: usize) -> Result<i64, ScriptError> {
    // The reference throws, and knows no better name for it.
    if bytes.len() > max_size || minimal && !is_minimal(bytes) {
        return Err(ScriptError::UnknownError);
    }
    Ok(value(bytes))
}

/// What at most eight bytes say, in any form.
pub(crate) fn value(bytes: &[u8]) -> i64 {
    let Some((top, rest)) = bytes.split_last() else { return 0 };
    let magnitude = rest.iter().rev().fold(i64::from(top & 0x7f), |sum, byte| sum << 8 | i64::from(*byte));
    if top & 0x80 == 0 { magnitude } else { -magnitude }
}

/// The top byte may be bare sign only where the byte below needs all its bits.
fn is_minimal(bytes: &[u8]) -> bool {
    match bytes {
        [.., below, 0 | 0x80] => below & 0x80 != 0,
        [0 | 0x80] => false,
        _ => true,
    }
}
