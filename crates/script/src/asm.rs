//! Scripts as words, as RPC shows them (v0.21.5.5 src/core_write.cpp, ScriptToAsmStr).
//!
//! For people: different scripts may give the same words.

use std::fmt::Write as _;

use crate::{
    opcode::{self, Instructions},
    template,
};

/// Numbers are shown as such up to this many bytes.
const MAX_NUMBER: usize = 4;
const FIRST_NAME: u8 = 0x61;
/// Names of the opcodes from [`FIRST_NAME`] on, without `OP_`.
const NAMES: &[&str] = &[
    "NOP",
    "VER",
    "IF",
    "NOTIF",
    "VERIF",
    "VERNOTIF",
    "ELSE",
    "ENDIF",
    "VERIFY",
    "RETURN",
    "TOALTSTACK",
    "FROMALTSTACK",
    "2DROP",
    "2DUP",
    "3DUP",
    "2OVER",
    "2ROT",
    "2SWAP",
    "IFDUP",
    "DEPTH",
    "DROP",
    "DUP",
    "NIP",
    "OVER",
    "PICK",
    "ROLL",
    "ROT",
    "SWAP",
    "TUCK",
    "CAT",
    "SUBSTR",
    "LEFT",
    "RIGHT",
    "SIZE",
    "INVERT",
    "AND",
    "OR",
    "XOR",
    "EQUAL",
    "EQUALVERIFY",
    "RESERVED1",
    "RESERVED2",
    "1ADD",
    "1SUB",
    "2MUL",
    "2DIV",
    "NEGATE",
    "ABS",
    "NOT",
    "0NOTEQUAL",
    "ADD",
    "SUB",
    "MUL",
    "DIV",
    "MOD",
    "LSHIFT",
    "RSHIFT",
    "BOOLAND",
    "BOOLOR",
    "NUMEQUAL",
    "NUMEQUALVERIFY",
    "NUMNOTEQUAL",
    "LESSTHAN",
    "GREATERTHAN",
    "LESSTHANOREQUAL",
    "GREATERTHANOREQUAL",
    "MIN",
    "MAX",
    "WITHIN",
    "RIPEMD160",
    "SHA1",
    "SHA256",
    "HASH160",
    "HASH256",
    "CODESEPARATOR",
    "CHECKSIG",
    "CHECKSIGVERIFY",
    "CHECKMULTISIG",
    "CHECKMULTISIGVERIFY",
    "NOP1",
    "CHECKLOCKTIMEVERIFY",
    "CHECKSEQUENCEVERIFY",
    "NOP4",
    "NOP5",
    "NOP6",
    "NOP7",
    "NOP8",
    "NOP9",
    "NOP10",
    "CHECKSIGADD",
];

/// A script in words. `signatures` shows what a signature signs, as `[ALL]`: only where signatures may be, which is
/// in inputs.
pub fn script_to_asm(script: &[u8], signatures: bool) -> String {
    let signatures = signatures && !template::is_unspendable(script);
    let mut text = String::with_capacity(script.len() * 2);
    for step in Instructions::new(script) {
        if !text.is_empty() {
            text.push(' ');
        }
        match step {
            Err(_) => text.push_str("[error]"),
            Ok(step) if step.opcode > opcode::OP_PUSHDATA4 => push_name(&mut text, step.opcode),
            Ok(step) if step.data.len() <= MAX_NUMBER => {
                let _ = write!(text, "{}", number(step.data));
            }
            Ok(step) => match step.data.split_last().filter(|_| signatures && is_signature(step.data)) {
                Some((hash_type, signature)) => {
                    let _ = write!(text, "{}[{}]", hex::encode(signature), hash_type_name(*hash_type));
                }
                None => text.push_str(&hex::encode(step.data)),
            },
        }
    }
    text
}

fn push_name(text: &mut String, code: u8) {
    let name = match code {
        opcode::OP_1NEGATE => return text.push_str("-1"),
        opcode::OP_1..=opcode::OP_16 => {
            let _ = write!(text, "{}", code - opcode::OP_1 + 1);
            return;
        }
        0x50 => "RESERVED",
        0xff => "INVALIDOPCODE",
        _ => NAMES.get(usize::from(code - FIRST_NAME)).copied().unwrap_or("UNKNOWN"),
    };
    text.push_str("OP_");
    text.push_str(name);
}

/// A script number of at most [`MAX_NUMBER`] bytes: little-endian, sign in the top bit.
fn number(bytes: &[u8]) -> i64 {
    let Some(top) = bytes.last() else { return 0 };
    let magnitude = bytes.iter().rev().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    if top & 0x80 == 0 { magnitude } else { -(magnitude & !(0x80 << (8 * (bytes.len() - 1)))) }
}

/// What a signature hash type says, or the empty string.
fn hash_type_name(hash_type: u8) -> &'static str {
    match hash_type {
        0x01 => "ALL",
        0x81 => "ALL|ANYONECANPAY",
        0x02 => "NONE",
        0x82 => "NONE|ANYONECANPAY",
        0x03 => "SINGLE",
        0x83 => "SINGLE|ANYONECANPAY",
        _ => "",
    }
}

/// Strict DER with a defined hash type (BIP66; v0.21.5.5 src/script/interpreter.cpp, CheckSignatureEncoding).
fn is_signature(bytes: &[u8]) -> bool {
    let Some((hash_type, der)) = bytes.split_last() else { return false };
    if !(9..=73).contains(&bytes.len()) || hash_type_name(*hash_type).is_empty() {
        return false;
    }
    let Some(body) = der.strip_prefix(&[0x30]).and_then(counted) else { return false };
    let Some(body) = body.strip_prefix(&[0x02]) else { return false };
    let Some((&r_size, rest)) = body.split_first() else { return false };
    let Some((r, rest)) = rest.split_at_checked(r_size.into()) else { return false };
    let Some(s) = rest.strip_prefix(&[0x02]).and_then(counted) else { return false };
    is_positive(r) && is_positive(s)
}

/// What follows a length byte, if that is exactly its length.
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (&size, rest) = bytes.split_first()?;
    (usize::from(size) == rest.len()).then_some(rest)
}

/// A positive integer in the shortest form.
fn is_positive(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [0, next, ..] => next & 0x80 != 0,
        [first, ..] => first & 0x80 == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asm(script: &str, signatures: bool) -> String {
        script_to_asm(&hex::decode(script).unwrap(), signatures)
    }

    // Cases of v0.21.5.5 test/functional/rpc_decodescript.py.
    #[test]
    fn words_of_the_reference() {
        let signature = "304502207fa7a6d1e0ee81132a269ad84e68d695483745cde8b541e3bf630749894e342a022100c1f7ab20e13e22fb95\
                         281a870f3dcf38d782e53023ee313d741ad0cfbc0c5090";
        let pushed = format!("48{signature}01");
        assert_eq!(asm(&pushed, true), format!("{signature}[ALL]"));
        assert_eq!(asm(&pushed, false), format!("{signature}01"));
        assert_eq!(asm(&format!("48{signature}83"), true), format!("{signature}[SINGLE|ANYONECANPAY]"));
        assert_eq!(asm(&format!("48{signature}04"), true), format!("{signature}04"));
        // Not a signature: data behind OP_RETURN is never one.
        assert_eq!(asm(&format!("6a{pushed}"), true), format!("OP_RETURN {signature}01"));
        assert_eq!(
            asm("76a914010101010101010101010101010101010101010188ac", false),
            "OP_DUP OP_HASH160 0101010101010101010101010101010101010101 OP_EQUALVERIFY OP_CHECKSIG"
        );
        assert_eq!(asm("63ac67b268", false), "OP_IF OP_CHECKSIG OP_ELSE OP_CHECKSEQUENCEVERIFY OP_ENDIF");
        assert_eq!(asm("004f515f60", false), "0 -1 1 15 16");
        assert_eq!(asm("02e80301810280000400000080", false), "1000 -1 128 0");
        assert_eq!(
            asm("50babbfefdff", false),
            "OP_RESERVED OP_CHECKSIGADD OP_UNKNOWN OP_UNKNOWN OP_UNKNOWN OP_INVALIDOPCODE"
        );
        assert_eq!(asm("ac0501", false), "OP_CHECKSIG [error]");
        assert_eq!(asm("", false), "");
    }
}
