//! As much of Script as filters need: the data that a script pushes, and two templates
//! (v0.21.5.5 src/script/script.cpp, GetScriptOp; src/script/standard.cpp, Solver).

const OP_PUSHDATA1: u8 = 0x4c;
const OP_PUSHDATA2: u8 = 0x4d;
const OP_PUSHDATA4: u8 = 0x4e;
const OP_CHECKSIG: u8 = 0xac;
const OP_CHECKMULTISIG: u8 = 0xae;
/// `OP_1` to `OP_16`, less what they stand for.
const SMALL_INTEGER: u8 = 0x50;

/// One operation: its code, the data it pushes, and the rest of the script. `None` at the end, or where data is cut off.
fn next(script: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (code, rest) = script.split_first()?;
    let (length, rest) = match *code {
        OP_PUSHDATA1 => rest.split_first_chunk::<1>().map(|(n, rest)| (u32::from(n[0]), rest))?,
        OP_PUSHDATA2 => rest.split_first_chunk().map(|(n, rest)| (u32::from(u16::from_le_bytes(*n)), rest))?,
        OP_PUSHDATA4 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n), rest))?,
        short @ ..OP_PUSHDATA1 => (u32::from(short), rest),
        _ => (0, rest),
    };
    let (data, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((*code, data, rest))
}

/// The data that a script pushes, without empty ones, up to where it makes no sense any more.
pub(super) fn pushes(script: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = script;
    std::iter::from_fn(move || {
        let (_, data, after) = next(rest)?;
        rest = after;
        Some(data)
    })
    .filter(|data| !data.is_empty())
}

/// Whether data has the size that its first byte says a public key has.
fn is_pubkey(data: &[u8]) -> bool {
    matches!((data.first(), data.len()), (Some(2 | 3), 33) | (Some(4 | 6 | 7), 65))
}

/// Whether an output pays to one bare key or to some of several.
pub(super) fn is_pubkey_or_multisig(script: &[u8]) -> bool {
    if let Some((_, key, [OP_CHECKSIG])) = next(script)
        && is_pubkey(key)
        && script.len() == key.len() + 2
    {
        return true;
    }
    is_multisig(script).unwrap_or(false)
}

fn is_multisig(script: &[u8]) -> Option<bool> {
    let small = |code: u8| code.checked_sub(SMALL_INTEGER).filter(|n| (1..=16).contains(n)).map(usize::from);
    let (code, _, mut rest) = next(script)?;
    let required = small(code)?;
    let mut keys = 0;
    loop {
        let (code, data, after) = next(rest)?;
        rest = after;
        if is_pubkey(data) {
            keys += 1;
            continue;
        }
        return Some(small(code)? == keys && keys >= required && rest == [OP_CHECKMULTISIG]);
    }
}
