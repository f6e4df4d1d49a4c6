//! Removing a signature from the script that it signs (v0.21.5.5 src/script/interpreter.cpp, FindAndDelete).

use crate::opcode::{Instructions, push_bytes};

/// The script without each push of `data` that starts where an opcode starts; none if there is no such push.
///
/// Time is linear: a comparison that gets beyond the push's header covers bytes that the walk then passes in one step.
pub(super) fn find_and_delete(script: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut pattern = Vec::with_capacity(data.len() + 3);
    push_bytes(&mut pattern, data);
    let mut kept: Option<Vec<u8>> = None;
    // Everything before this is kept or was dropped.
    let mut done = 0;
    let mut rest = script;
    loop {
        let here = script.len() - rest.len();
        if rest.starts_with(&pattern) {
            let kept = kept.get_or_insert_with(|| Vec::with_capacity(script.len() - pattern.len()));
            kept.extend_from_slice(&script[done..here]);
            while let Some(after) = rest.strip_prefix(pattern.as_slice()) {
                rest = after;
            }
            done = script.len() - rest.len();
        }
        let mut walk = Instructions::new(rest);
        // What does not parse has no more opcodes, so no more starts of one.
        let Some(Ok(_)) = walk.next() else { break };
        rest = walk.rest();
    }
    if let Some(kept) = &mut kept {
        kept.extend_from_slice(&script[done..]);
    }
    kept
}
