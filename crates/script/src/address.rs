//! Addresses: whom an output pays, as text (v0.21.5.5 src/key_io.cpp, src/base58.cpp, src/bech32.cpp).
//!
//! Base58Check for hashes of keys and scripts, Bech32 and Bech32m for witness programs (BIP173, BIP350), Bech32 without
//! the limit of 90 characters for the stealth addresses of the extension block. What is accepted is what the reference
//! accepts, spaces around Base58 included.

use bech32::{
    Bech32, Bech32m, Checksum, Hrp,
    primitives::{
        decode::UncheckedHrpstring,
        gf32::Fe32,
        iter::{ByteIterExt, Fe32IterExt},
    },
};
use litecast_primitives::params::AddressPrefixes;

use crate::opcode::{self, push_bytes, push_number};

/// Version byte and hash.
const BASE58_PAYLOAD: usize = 1 + 20;
/// No Base58 text of [`BASE58_PAYLOAD`] and its checksum is longer.
const MAX_BASE58: usize = 35;
/// Longest SegWit address (BIP173).
const MAX_SEGWIT: usize = 90;
/// Scan key and spend key.
const STEALTH_PAYLOAD: usize = 33 + 33;
/// No stealth address with the prefixes of any network is longer.
const MAX_STEALTH: usize = 200;

/// Whom an output pays.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// The owner of a key.
    PubKeyHash([u8; 20]),
    /// Who fulfils a script.
    ScriptHash([u8; 20]),
    /// The owner of a key, SegWit version 0.
    WitnessV0KeyHash([u8; 20]),
    /// Who fulfils a script, SegWit version 0.
    WitnessV0ScriptHash([u8; 32]),
    /// Any later SegWit version.
    WitnessUnknown {
        /// 1 to 16.
        version: u8,
        /// 2 to 40 bytes.
        program: Vec<u8>,
    },
    /// The owner of a stealth address; has no output script.
    Stealth {
        /// Key that finds outputs.
        scan: [u8; 33],
        /// Key that spends them.
        spend: [u8; 33],
    },
}

impl Destination {
    /// Reads an address of the network with these prefixes.
    pub fn decode(text: &str, prefixes: &AddressPrefixes) -> Option<Self> {
        decode_base58(text, prefixes)
            .or_else(|| decode_segwit(text, prefixes))
            .or_else(|| decode_stealth(text, prefixes))
    }

    /// The address. Scripts have the modern prefix only.
    pub fn encode(&self, prefixes: &AddressPrefixes) -> String {
        match self {
            Self::PubKeyHash(hash) => encode_base58(prefixes.pubkey, hash),
            Self::ScriptHash(hash) => encode_base58(prefixes.script, hash),
            Self::WitnessV0KeyHash(hash) => encode_bech32::<Bech32>(prefixes.bech32_hrp, 0, hash),
            Self::WitnessV0ScriptHash(hash) => encode_bech32::<Bech32>(prefixes.bech32_hrp, 0, hash),
            Self::WitnessUnknown { version, program } => {
                encode_bech32::<Bech32m>(prefixes.bech32_hrp, *version, program)
            }
            Self::Stealth { scan, spend } => {
                encode_bech32::<Bech32>(prefixes.mweb_hrp, 0, &[&scan[..], &spend[..]].concat())
            }
        }
    }

    /// The output script; empty for a stealth address, whose outputs have none.
    pub fn script_pubkey(&self) -> Vec<u8> {
        let mut script = Vec::new();
        match self {
            Self::PubKeyHash(hash) => {
                script.extend([opcode::OP_DUP, opcode::OP_HASH160]);
                push_bytes(&mut script, hash);
                script.extend([opcode::OP_EQUALVERIFY, opcode::OP_CHECKSIG]);
            }
            Self::ScriptHash(hash) => {
                script.push(opcode::OP_HASH160);
                push_bytes(&mut script, hash);
                script.push(opcode::OP_EQUAL);
            }
            Self::WitnessV0KeyHash(hash) => witness_script(&mut script, 0, hash),
            Self::WitnessV0ScriptHash(hash) => witness_script(&mut script, 0, hash),
            Self::WitnessUnknown { version, program } => witness_script(&mut script, *version, program),
            Self::Stealth { .. } => {}
        }
        script
    }
}

fn witness_script(script: &mut Vec<u8>, version: u8, program: &[u8]) {
    push_number(script, version.into());
    push_bytes(script, program);
}

fn encode_base58(version: u8, hash: &[u8; 20]) -> String {
    let mut payload = [version; BASE58_PAYLOAD];
    payload[1..].copy_from_slice(hash);
    base58ck::Base58CkString::encode_unbounded(&payload).as_str().to_owned()
}

fn decode_base58(text: &str, prefixes: &AddressPrefixes) -> Option<Destination> {
    // Vertical tab is a space to the reference, not to char::is_ascii_whitespace.
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    // Decoding takes quadratic time.
    if text.len() > MAX_BASE58 {
        return None;
    }
    let payload = base58ck::decode_check(text).ok()?;
    let (version, hash) = payload.split_first()?;
    let hash = hash.try_into().ok()?;
    match *version {
        version if version == prefixes.pubkey => Some(Destination::PubKeyHash(hash)),
        version if version == prefixes.script || version == prefixes.script_legacy => {
            Some(Destination::ScriptHash(hash))
        }
        _ => None,
    }
}

fn encode_bech32<Ck: Checksum>(hrp: &str, version: u8, data: &[u8]) -> String {
    let hrp = Hrp::parse(hrp).expect("because the prefixes of all networks are lower-case words");
    let version = Fe32::try_from(version).expect("because witness versions are at most 16");
    let symbols = std::iter::once(version).chain(data.iter().copied().bytes_to_fes());
    symbols.with_checksum::<Ck>(&hrp).chars().collect()
}

/// The symbols between prefix and checksum, if prefix and checksum are right.
fn bech32_symbols<Ck: Checksum>(text: &UncheckedHrpstring<'_>, hrp: &str) -> Option<Vec<u8>> {
    if !text.hrp().as_str().eq_ignore_ascii_case(hrp) || !text.has_valid_checksum::<Ck>() {
        return None;
    }
    let data = text.data_part_ascii();
    let symbols = data[..data.len() - Ck::CHECKSUM_LENGTH].iter();
    symbols.map(|c| Fe32::from_char(char::from(*c)).ok().map(Fe32::to_u8)).collect()
}

/// Groups of five bits as bytes; what is left over must be less than a group, and zero.
fn bytes_of(symbols: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(symbols.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0);
    for symbol in symbols {
        held = (held << 5 | u32::from(*symbol)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff).to_le_bytes()[0]);
        }
    }
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

fn decode_segwit(text: &str, prefixes: &AddressPrefixes) -> Option<Destination> {
    if text.len() > MAX_SEGWIT {
        return None;
    }
    let parsed = UncheckedHrpstring::new(text).ok()?;
    let old = bech32_symbols::<Bech32>(&parsed, prefixes.bech32_hrp);
    let is_old = old.is_some();
    let symbols = old.or_else(|| bech32_symbols::<Bech32m>(&parsed, prefixes.bech32_hrp))?;
    let (&version, symbols) = symbols.split_first()?;
    if (version == 0) != is_old {
        return None;
    }
    let program = bytes_of(symbols)?;
    match (version, program.len()) {
        (0, 20) => program.try_into().ok().map(Destination::WitnessV0KeyHash),
        (0, 32) => program.try_into().ok().map(Destination::WitnessV0ScriptHash),
        (1..=16, 2..=40) => Some(Destination::WitnessUnknown { version, program }),
        _ => None,
    }
}

fn decode_stealth(text: &str, prefixes: &AddressPrefixes) -> Option<Destination> {
    if text.len() > MAX_STEALTH {
        return None;
    }
    let parsed = UncheckedHrpstring::new(text).ok()?;
    let symbols = bech32_symbols::<Bech32>(&parsed, prefixes.mweb_hrp)?;
    // The first symbol is a version that nobody looks at.
    let payload = bytes_of(symbols.get(1..)?)?;
    if payload.len() != STEALTH_PAYLOAD {
        return None;
    }
    let (scan, spend) = payload.split_at(33);
    Some(Destination::Stealth { scan: scan.try_into().ok()?, spend: spend.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use litecast_primitives::params::{Network, Params};

    #[test]
    fn text_and_back() {
        for network in [Network::Main, Network::Test, Network::Regtest] {
            let prefixes = Params::new(network).addresses;
            for destination in [
                Destination::PubKeyHash([0; 20]),
                Destination::ScriptHash([0xff; 20]),
                Destination::WitnessV0KeyHash([7; 20]),
                Destination::WitnessV0ScriptHash([7; 32]),
                Destination::WitnessUnknown { version: 1, program: vec![9; 32] },
                Destination::WitnessUnknown { version: 16, program: vec![9; 2] },
                Destination::WitnessUnknown { version: 2, program: vec![9; 40] },
                Destination::Stealth { scan: [2; 33], spend: [3; 33] },
            ] {
                let text = destination.encode(&prefixes);
                assert_eq!(Destination::decode(&text, &prefixes), Some(destination.clone()), "{text}");
                let mut other = text.clone().into_bytes();
                let last = other.last_mut().unwrap();
                *last = if *last == b'q' { b'p' } else { b'q' };
                assert_eq!(Destination::decode(&String::from_utf8(other).unwrap(), &prefixes), None);
            }
            assert_eq!(Destination::decode("", &prefixes), None);
            assert_eq!(Destination::decode(&"1".repeat(100_000), &prefixes), None);
            assert_eq!(Destination::decode("ltcmweb1", &prefixes), None);
        }
    }
}
