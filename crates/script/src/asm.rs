//! Scripts as words, as RPC shows them (v0.21.5.5 src/core_write.cpp, ScriptToAsmStr).
//!
//! For people: different scripts may give the same words.

use std::fmt::Write as _;

use crate::{
    encoding::check_signature_encoding,
    flags::Flags,
    interpreter::number,
    opcode::{self, Instructions},
    template,
};

/// Numbers are shown as such up to this many bytes.
const MAX_NUMBER: usize = 4;

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
                let _ = write!(text, "{}", number::value(step.data));
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
    match code {
        opcode::OP_1NEGATE => text.push_str("-1"),
        opcode::OP_1..=opcode::OP_16 => {
            let _ = write!(text, "{}", code - opcode::OP_1 + 1);
        }
        0xff => text.push_str("OP_INVALIDOPCODE"),
        _ => text.push_str(opcode::name(code).unwrap_or("OP_UNKNOWN")),
    }
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

/// Strict DER with a defined hash type.
fn is_signature(bytes: &[u8]) -> bool {
    !bytes.is_empty() && check_signature_encoding(bytes, Flags::STRICTENC).is_ok()
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
