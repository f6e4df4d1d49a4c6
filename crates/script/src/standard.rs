//! Standard output scripts: which template a script follows, and whom it pays (v0.21.5.5 src/script/standard.cpp, Solver).
//!
//! Names are those that RPC shows. A key counts as a key by its first byte and its length; whether it is a point of the
//! curve is not asked here.

use crate::{
    address::Destination,
    hash160::hash160,
    opcode::{self, Instructions},
    template,
};

const COMPRESSED: usize = 33;
const UNCOMPRESSED: usize = 65;
/// Program of a pay-to-taproot output.
const TAPROOT_SIZE: usize = 32;

/// The template of an output script, with what the template leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standard<'a> {
    /// None of the others.
    NonStandard,
    /// A key and OP_CHECKSIG.
    PubKey(&'a [u8]),
    /// The hash of a key.
    PubKeyHash([u8; 20]),
    /// The hash of a script (BIP16).
    ScriptHash([u8; 20]),
    /// Some of several keys.
    Multisig {
        /// How many signatures, 1 to 16.
        required: u8,
        /// The keys, 1 to 16.
        keys: Vec<&'a [u8]>,
    },
    /// OP_RETURN and pushes.
    NullData,
    /// SegWit version 0 to a key.
    WitnessV0KeyHash([u8; 20]),
    /// SegWit version 0 to a script.
    WitnessV0ScriptHash([u8; 32]),
    /// SegWit version 1 with 32 bytes.
    WitnessV1Taproot([u8; 32]),
    /// Into the extension block.
    MwebPegIn([u8; 32]),
    /// The HogEx's own output.
    MwebHogAddr([u8; 32]),
    /// Any other SegWit version or length.
    WitnessUnknown {
        /// 1 to 16.
        version: u8,
        /// 2 to 40 bytes.
        program: &'a [u8],
    },
}

/// Whether first byte and length are those of a key (v0.21.5.5 src/pubkey.h, ValidSize).
pub fn is_key(data: &[u8]) -> bool {
    match data.first() {
        Some(2 | 3) => data.len() == COMPRESSED,
        Some(4 | 6 | 7) => data.len() == UNCOMPRESSED,
        _ => false,
    }
}

/// Whether a key is of the short form.
pub fn is_compressed(key: &[u8]) -> bool {
    key.len() == COMPRESSED
}

impl<'a> Standard<'a> {
    /// Finds the template.
    pub fn of(script: &'a [u8]) -> Self {
        if template::is_p2sh(script) {
            return bytes(&script[2..22]).map_or(Self::NonStandard, Self::ScriptHash);
        }
        if let Some(found) = template::witness_program(script) {
            return Self::of_witness(found.version, found.program);
        }
        if script.first() == Some(&opcode::OP_RETURN) && opcode::is_push_only(&script[1..]) {
            return Self::NullData;
        }
        pay_to_key(script)
            .map(Self::PubKey)
            .or_else(|| pay_to_key_hash(script).map(Self::PubKeyHash))
            .or_else(|| multisig(script))
            .unwrap_or(Self::NonStandard)
    }

    fn of_witness(version: u8, program: &'a [u8]) -> Self {
        let known = match version {
            0 => bytes(program)
                .map(Self::WitnessV0KeyHash)
                .or_else(|| bytes(program).map(Self::WitnessV0ScriptHash))
                .or(Some(Self::NonStandard)),
            1 => bytes::<TAPROOT_SIZE>(program).map(Self::WitnessV1Taproot),
            template::MWEB_PEGIN_VERSION => bytes(program).map(Self::MwebPegIn),
            template::MWEB_HOGADDR_VERSION => bytes(program).map(Self::MwebHogAddr),
            _ => None,
        };
        known.unwrap_or(Self::WitnessUnknown { version, program })
    }

    /// The name in RPC answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NonStandard => "nonstandard",
            Self::PubKey(_) => "pubkey",
            Self::PubKeyHash(_) => "pubkeyhash",
            Self::ScriptHash(_) => "scripthash",
            Self::Multisig { .. } => "multisig",
            Self::NullData => "nulldata",
            Self::WitnessV0KeyHash(_) => "witness_v0_keyhash",
            Self::WitnessV0ScriptHash(_) => "witness_v0_scripthash",
            Self::WitnessV1Taproot(_) => "witness_v1_taproot",
            Self::MwebPegIn(_) => "witness_mweb_pegin",
            Self::MwebHogAddr(_) => "witness_mweb_hogaddr",
            Self::WitnessUnknown { .. } => "witness_unknown",
        }
    }

    /// How many signatures of the [`Standard::destinations`] it takes.
    pub const fn required_signatures(&self) -> u8 {
        match self {
            Self::Multisig { required, .. } => *required,
            _ => 1,
        }
    }

    /// Whom it pays: the keys of a multisig as key hashes; nobody for data and what belongs to the extension block.
    pub fn destinations(&self) -> Vec<Destination> {
        let one = match self {
            Self::NonStandard | Self::NullData | Self::MwebPegIn(_) | Self::MwebHogAddr(_) => return Vec::new(),
            Self::Multisig { keys, .. } => {
                return keys.iter().map(|key| Destination::PubKeyHash(hash160(key))).collect();
            }
            Self::PubKey(key) => Destination::PubKeyHash(hash160(key)),
            Self::PubKeyHash(hash) => Destination::PubKeyHash(*hash),
            Self::ScriptHash(hash) => Destination::ScriptHash(*hash),
            Self::WitnessV0KeyHash(hash) => Destination::WitnessV0KeyHash(*hash),
            Self::WitnessV0ScriptHash(hash) => Destination::WitnessV0ScriptHash(*hash),
            Self::WitnessV1Taproot(key) => Destination::WitnessUnknown { version: 1, program: key.to_vec() },
            Self::WitnessUnknown { version, program } => {
                Destination::WitnessUnknown { version: *version, program: program.to_vec() }
            }
        };
        vec![one]
    }
}

fn bytes<const N: usize>(data: &[u8]) -> Option<[u8; N]> {
    data.try_into().ok()
}

fn pay_to_key(script: &[u8]) -> Option<&[u8]> {
    let (&last, rest) = script.split_last()?;
    let (&length, key) = rest.split_first()?;
    (last == opcode::OP_CHECKSIG && usize::from(length) == key.len() && is_key(key)).then_some(key)
}

fn pay_to_key_hash(script: &[u8]) -> Option<[u8; 20]> {
    let hash = script.strip_prefix(&[opcode::OP_DUP, opcode::OP_HASH160, 20])?;
    bytes(hash.strip_suffix(&[opcode::OP_EQUALVERIFY, opcode::OP_CHECKSIG])?)
}

fn multisig(script: &[u8]) -> Option<Standard<'_>> {
    if script.last() != Some(&opcode::OP_CHECKMULTISIG) {
        return None;
    }
    let number = |code: u8| opcode::small_number(code).filter(|n| *n > 0);
    let mut steps = Instructions::new(script);
    let required = number(steps.next()?.ok()?.opcode)?;
    let mut keys = Vec::new();
    let count = loop {
        let step = steps.next()?.ok()?;
        if is_key(step.data) {
            keys.push(step.data);
        } else {
            break number(step.opcode)?;
        }
    };
    if keys.len() != usize::from(count) || count < required || steps.rest().len() != 1 {
        return None;
    }
    Some(Standard::Multisig { required, keys })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opcode::{push_bytes, push_number};

    fn key(first: u8, length: usize) -> Vec<u8> {
        let mut key = vec![7; length];
        key[0] = first;
        key
    }

    fn multi(required: i64, keys: &[Vec<u8>], count: i64) -> Vec<u8> {
        let mut script = Vec::new();
        push_number(&mut script, required);
        keys.iter().for_each(|key| push_bytes(&mut script, key));
        push_number(&mut script, count);
        script.push(opcode::OP_CHECKMULTISIG);
        script
    }

    // Cases after v0.21.5.5 src/test/script_standard_tests.cpp.
    #[test]
    fn templates() {
        let name = |script: &[u8]| Standard::of(script).name();
        let mut pay_to_key = vec![33];
        pay_to_key.extend(key(2, 33));
        pay_to_key.push(opcode::OP_CHECKSIG);
        assert_eq!(name(&pay_to_key), "pubkey");
        pay_to_key[1] = 5;
        assert_eq!(name(&pay_to_key), "nonstandard");
        let keys = [key(2, 33), key(4, 65), key(3, 33)];
        assert_eq!(name(&multi(1, &keys[..2], 2)), "multisig");
        assert_eq!(name(&multi(2, &keys, 3)), "multisig");
        assert_eq!(Standard::of(&multi(2, &keys, 3)).destinations().len(), 3);
        for broken in [multi(0, &keys[..1], 1), multi(2, &keys[..1], 1), multi(1, &keys[..1], 2), multi(1, &[], 0)] {
            assert_eq!(name(&broken), "nonstandard");
        }
        assert_eq!(name(&[opcode::OP_RETURN]), "nulldata");
        assert_eq!(name(&[opcode::OP_RETURN, 1, 9]), "nulldata");
        assert_eq!(name(&[opcode::OP_RETURN, 75, 9]), "nonstandard");
        assert_eq!(name(&[opcode::OP_RETURN, opcode::OP_CHECKSIG]), "nonstandard");
        assert_eq!(name(&[]), "nonstandard");
        let witness = |version: u8, size: u8| [&[version, size][..], &vec![1; size.into()]].concat();
        assert_eq!(name(&witness(0, 20)), "witness_v0_keyhash");
        assert_eq!(name(&witness(0, 32)), "witness_v0_scripthash");
        assert_eq!(name(&witness(0, 31)), "nonstandard");
        assert_eq!(name(&witness(0x51, 32)), "witness_v1_taproot");
        assert_eq!(name(&witness(0x51, 33)), "witness_unknown");
        assert_eq!(name(&witness(0x58, 32)), "witness_mweb_hogaddr");
        assert_eq!(name(&witness(0x59, 32)), "witness_mweb_pegin");
        assert_eq!(name(&witness(0x59, 31)), "witness_unknown");
    }
}
