//! How signatures and keys have to be written (v0.21.5.5 src/script/interpreter.cpp, CheckSignatureEncoding and
//! CheckPubKeyEncoding). Whether they are right is the checker's question.

use secp256k1::ecdsa::Signature;

use crate::{
    flags::Flags,
    script_error::ScriptError,
    sighash::{SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_SINGLE, SigVersion},
};

const COMPRESSED: usize = 33;
const UNCOMPRESSED: usize = 65;
/// DER sequence of two integers of one byte, and the hash type.
const MIN_SIGNATURE: usize = 9;
/// DER sequence of two integers of 33 bytes, and the hash type.
const MAX_SIGNATURE: usize = 73;

/// Holds a signature with its hash type byte to those of DERSIG, LOW_S and STRICTENC that are in force. An empty
/// signature passes: it is the short way to give none.
pub fn check_signature_encoding(sig: &[u8], flags: Flags) -> Result<(), ScriptError> {
    let Some((hash_type, der)) = sig.split_last() else { return Ok(()) };
    let has = |flag| flags.contains(flag);
    if (has(Flags::DERSIG) || has(Flags::LOW_S) || has(Flags::STRICTENC)) && !is_strict_der(sig) {
        return Err(ScriptError::SigDer);
    }
    if has(Flags::LOW_S) && !is_low_s(der) {
        return Err(ScriptError::SigHighS);
    }
    if has(Flags::STRICTENC) && !(SIGHASH_ALL..=SIGHASH_SINGLE).contains(&(hash_type & !SIGHASH_ANYONECANPAY)) {
        return Err(ScriptError::SigHashtype);
    }
    Ok(())
}

/// Holds a key to those of STRICTENC and WITNESS_PUBKEYTYPE that are in force.
pub fn check_pubkey_encoding(key: &[u8], flags: Flags, version: SigVersion) -> Result<(), ScriptError> {
    let compressed = matches!(key, [2 | 3, ..] if key.len() == COMPRESSED);
    let uncompressed = matches!(key, [4, ..] if key.len() == UNCOMPRESSED);
    if flags.contains(Flags::STRICTENC) && !compressed && !uncompressed {
        return Err(ScriptError::Pubkeytype);
    }
    if flags.contains(Flags::WITNESS_PUBKEYTYPE) && version == SigVersion::WitnessV0 && !compressed {
        return Err(ScriptError::WitnessPubkeytype);
    }
    Ok(())
}

/// Strict DER (BIP66) of a signature with its hash type byte.
fn is_strict_der(sig: &[u8]) -> bool {
    if !(MIN_SIGNATURE..=MAX_SIGNATURE).contains(&sig.len()) {
        return false;
    }
    let [0x30, length, body @ .., _hash_type] = sig else { return false };
    if usize::from(*length) != body.len() {
        return false;
    }
    let Some((r, rest)) = integer(body) else { return false };
    let Some((s, rest)) = integer(rest) else { return false };
    rest.is_empty() && is_positive(r) && is_positive(s)
}

/// The content of a DER integer, and what follows it.
fn integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x02, length, rest @ ..] = bytes else { return None };
    rest.split_at_checked(usize::from(*length))
}

/// Not empty, not negative, and no byte longer than it has to be.
fn is_positive(integer: &[u8]) -> bool {
    match integer {
        [] => false,
        [0, next, ..] => next & 0x80 != 0,
        [first, ..] => first & 0x80 == 0,
    }
}

fn is_low_s(der: &[u8]) -> bool {
    let Ok(signature) = Signature::from_der_lax(der) else { return false };
    let mut normalized = signature;
    normalized.normalize_s();
    normalized == signature
}
