//! `decodescript`.

use litecast_primitives::hash::sha256;
use litecast_script::{
    address::Destination,
    hash160::hash160,
    standard::{Standard, is_compressed},
};
use serde_json::{Map, Value};

use crate::code::RpcError;
use crate::convert::{self, JsonType};
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::script_pubkey_to_json;

pub(super) const METHOD: Method = Method {
    name: "decodescript",
    category: "rawtransactions",
    args: &[Arg::required("hexstring", ArgKind::Hex, "The script in hex; may be empty.")],
    description: "Tells what a script says, and the addresses of outputs that ask for it by its hash.",
    result: "{                        (json object)\n  \"asm\" : \"str\",         (string) In words.\n  \
             \"reqSigs\" : n,         (numeric) Signatures it takes, where that is known.\n  \
             \"type\" : \"str\",        (string) Its template.\n  \
             \"addresses\" : [...],   (json array) Whom it pays, where that is known.\n  \
             \"p2sh\" : \"str\",        (string) Address of a P2SH output for it; not for what is P2SH itself.\n  \
             \"segwit\" : {           (json object) SegWit output for it, if it may be in one: as scriptPubKey, and\n    \
             \"p2sh-segwit\" : \"str\"\n                           (string) Address of that within P2SH.\n  }\n}",
    examples: &["\"hexstring\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::String], false)?;
    let script = if call.str(0)?.is_empty() { Vec::new() } else { convert::parse_hex(call.param(0), "argument")? };
    let prefixes = &call.node.require_chain()?.reader().params().addresses;
    let mut out = script_pubkey_to_json(&script, false, prefixes);
    let standard = Standard::of(&script);
    if matches!(standard, Standard::ScriptHash(_)) {
        return Ok(out.into());
    }
    let p2sh = |script: &[u8]| Value::from(Destination::ScriptHash(hash160(script)).encode(prefixes));
    out.insert("p2sh".into(), p2sh(&script));
    if let Some(witness) = witness_output(&script, &standard) {
        let script = witness.script_pubkey();
        let mut segwit: Map<String, Value> = script_pubkey_to_json(&script, true, prefixes);
        segwit.insert("p2sh-segwit".into(), p2sh(&script));
        out.insert("segwit".into(), segwit.into());
    }
    Ok(out.into())
}

/// The SegWit output that stands for a script, unless it is one already, is data, or has an uncompressed key.
fn witness_output(script: &[u8], standard: &Standard<'_>) -> Option<Destination> {
    match standard {
        Standard::PubKey(key) => is_compressed(key).then(|| Destination::WitnessV0KeyHash(hash160(key))),
        Standard::PubKeyHash(hash) => Some(Destination::WitnessV0KeyHash(*hash)),
        Standard::Multisig { keys, .. } if !keys.iter().all(|key| is_compressed(key)) => None,
        Standard::Multisig { .. } | Standard::NonStandard => Some(Destination::WitnessV0ScriptHash(sha256(script))),
        _ => None,
    }
}
