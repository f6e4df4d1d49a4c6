//! Mining on the spot, for `generatetoaddress`, `generatetodescriptor` and `generateblock`, and the outputs they pay to.

use std::sync::Arc;

use litecast_engine::{Contents, Handle, mine};
use litecast_primitives::{Block, BlockHash, params::AddressPrefixes};
use litecast_script::address::Destination;
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::method::Call;
use crate::template::assemble;

/// Nonces to try unless told otherwise (v0.21.5.5 src/rpc/mining.h, DEFAULT_MAX_TRIES).
pub(super) const DEFAULT_MAX_TRIES: u64 = 1_000_000;
/// Nonces between looks at whether the node is to stop.
const SLICE: u64 = 4096;

/// Nonces to try, from a parameter.
pub(super) fn max_tries(call: &Call<'_>, index: usize) -> Result<u64, RpcError> {
    // A negative number is a huge one, as in the reference.
    Ok(call.opt_i32(index)?.map_or(DEFAULT_MAX_TRIES, |tries| i64::from(tries).cast_unsigned()))
}

/// What a search for a nonce came to.
pub(super) enum Mined {
    /// A block.
    Found(Box<Block>),
    /// Every nonce was tried.
    NoNonceLeft,
    /// The tries are used up, or the node stops.
    GivenUp,
}

/// Searches a nonce, in slices, so that the node can stop.
pub(super) fn search(call: &Call<'_>, chain: &Handle, block: &Block, max_tries: &mut u64) -> Mined {
    let params = chain.reader().params();
    let mut block = block.clone();
    loop {
        if *max_tries == 0 || call.rpc.check_running().is_err() {
            return Mined::GivenUp;
        }
        let slice = SLICE.min(*max_tries);
        let mut left = slice;
        if let Some(found) = mine(&block, params, &mut left) {
            *max_tries -= slice - left;
            return Mined::Found(Box::new(found));
        }
        *max_tries -= slice - left;
        let mut header = *block.header();
        let Some(next) = u32::try_from(slice).ok().and_then(|tried| header.nonce.checked_add(tried)) else {
            return Mined::NoNonceLeft;
        };
        header.nonce = next;
        let extension = block.extension().cloned();
        block = Block::new(header, block.transactions().to_vec(), extension);
    }
}

/// Hands a mined block to the engine.
pub(super) fn submit(chain: &Handle, block: Block) -> Result<BlockHash, RpcError> {
    let hash = block.hash();
    if let Err(reject) = chain.submit_block(Arc::new(block), true)?.accepted {
        tracing::error!("a block that was made here was refused: {reject}");
        return Err(RpcError::new(code::INTERNAL_ERROR, "ProcessNewBlock, block not accepted"));
    }
    Ok(hash)
}

/// Mines blocks; answers the hashes of those that were found before the tries were used up.
pub(super) fn blocks(call: &Call<'_>, script_pubkey: &[u8], count: i32, mut tries: u64) -> Result<Value, RpcError> {
    let chain = call.node.require_chain()?;
    let mut hashes: Vec<Value> = Vec::new();
    let (mut extra_nonce, mut last_prev) = (0, None);
    while i32::try_from(hashes.len()).is_ok_and(|found| found < count) {
        let tip = chain.reader().tip().hash;
        extra_nonce = if last_prev == Some(tip) { extra_nonce + 1 } else { 1 };
        last_prev = Some(tip);
        let template = assemble(chain, script_pubkey, Contents::Pool, extra_nonce)?;
        match search(call, chain, &template.block, &mut tries) {
            Mined::Found(block) => hashes.push(submit(chain, *block)?.to_string().into()),
            Mined::NoNonceLeft => {}
            Mined::GivenUp => break,
        }
    }
    Ok(hashes.into())
}

/// The output script of an address.
pub(super) fn script_of_address(text: &str, prefixes: &AddressPrefixes) -> Option<Vec<u8>> {
    // A stealth address has no output script, and a coinbase cannot pay into the extension block.
    let destination = Destination::decode(text, prefixes);
    destination.filter(|to| !matches!(to, Destination::Stealth { .. })).map(|to| to.script_pubkey())
}

/// The output script of a descriptor: `raw(hex)` or `addr(address)`, with or without checksum. The error is the
/// reference's, for code -5.
pub(super) fn script_of_descriptor(text: &str, prefixes: &AddressPrefixes) -> Result<Vec<u8>, String> {
    let body = without_checksum(text)?;
    let inside = |name: &str| body.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(address) = inside("addr") {
        return script_of_address(address, prefixes).ok_or_else(|| "Address is not valid".to_owned());
    }
    if let Some(script) = inside("raw") {
        let bytes = hex::decode(script).ok().filter(|bytes| !bytes.is_empty());
        return bytes.ok_or_else(|| "Raw script is not hex".to_owned());
    }
    let known = ["pk", "pkh", "combo", "multi", "sortedmulti", "wpkh", "sh", "wsh", "mweb"];
    if let Some(name) = known.into_iter().find(|name| inside(name).is_some()) {
        return Err(format!("{name}() is not supported here: use raw() or addr()"));
    }
    Err(format!("{body} is not a valid descriptor function"))
}

/// Checks the checksum of a descriptor, if there is one (v0.21.5.5 src/script/descriptor.cpp, CheckChecksum).
fn without_checksum(text: &str) -> Result<&str, String> {
    let mut parts = text.split('#');
    let body = parts.next().unwrap_or_default();
    let given = parts.next();
    if parts.next().is_some() {
        return Err("Multiple '#' symbols".into());
    }
    if let Some(given) = given.filter(|given| given.len() != 8) {
        return Err(format!("Expected 8 character checksum, not {} characters", given.len()));
    }
    let computed = checksum(body).ok_or("Invalid characters in payload")?;
    match given {
        Some(given) if given != computed => {
            Err(format!("Provided checksum '{given}' does not match computed checksum '{computed}'"))
        }
        _ => Ok(body),
    }
}

/// Eight characters that protect a descriptor (the code is described in v0.21.5.5 src/script/descriptor.cpp).
fn checksum(body: &str) -> Option<String> {
    const INPUT: &str =
        "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ";
    const OUTPUT: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u64; 5] = [0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd];
    let step = |sum: u64, value: u64| {
        let taps = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> (35 + bit) & 1 == 1);
        taps.fold((sum & 0x7_ffff_ffff) << 5 ^ value, |sum, (_, tap)| sum ^ tap)
    };
    let (mut sum, mut class, mut classes) = (1, 0, 0);
    for c in body.chars() {
        let at = u64::try_from(INPUT.find(c)?).ok()?;
        sum = step(sum, at & 31);
        class = class * 3 + (at >> 5);
        classes += 1;
        if classes == 3 {
            sum = step(sum, class);
            (class, classes) = (0, 0);
        }
    }
    if classes > 0 {
        sum = step(sum, class);
    }
    sum = (0..8).fold(sum, |sum, _| step(sum, 0)) ^ 1;
    (0..8_u32).map(|j| Some(char::from(OUTPUT[usize::try_from(sum >> (5 * (7 - j)) & 31).ok()?]))).collect()
}

#[cfg(test)]
mod tests {
    use litecast_primitives::params::{Network, Params};

    use super::*;

    // Checksums of v0.21.5.5 src/test/descriptor_tests.cpp and doc/descriptors.md.
    #[test]
    fn descriptors() {
        let prefixes = Params::new(Network::Regtest).addresses;
        let script = |text: &str| script_of_descriptor(text, &prefixes);
        assert_eq!(script("raw(deadbeef)#89f8spxm"), Ok(vec![0xde, 0xad, 0xbe, 0xef]));
        assert_eq!(script("raw(deadbeef)"), Ok(vec![0xde, 0xad, 0xbe, 0xef]));
        for (text, error) in [
            ("raw(deadbeef)#", "Expected 8 character checksum, not 0 characters"),
            ("raw(deadbeef)#89f8spxmx", "Expected 8 character checksum, not 9 characters"),
            ("raw(deadbeef)##9f8spxm", "Multiple '#' symbols"),
            ("raw(dead0eef)#89f8spxm", "Provided checksum '89f8spxm' does not match computed checksum"),
            ("raw(\u{fc})", "Invalid characters in payload"),
            ("raw(xx)", "Raw script is not hex"),
            ("raw()", "Raw script is not hex"),
            ("addr(xx)", "Address is not valid"),
            ("nothing", "nothing is not a valid descriptor function"),
        ] {
            assert!(script(text).unwrap_err().starts_with(error), "{text}");
        }
    }
}
