//! Output scripts (v0.21.5.5 src/core_write.cpp, ScriptPubKeyToUniv).

use litecast_primitives::params::AddressPrefixes;
use litecast_script::{asm::script_to_asm, standard::Standard};
use serde_json::{Map, Value};

/// Words, hex if wanted, template, and whom it pays.
#[must_use]
pub fn script_pubkey_to_json(script: &[u8], with_hex: bool, prefixes: &AddressPrefixes) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("asm".into(), script_to_asm(script, false).into());
    if with_hex {
        out.insert("hex".into(), hex::encode(script).into());
    }
    let standard = Standard::of(script);
    let destinations = match standard {
        // Nobody was ever told an address for a bare key.
        Standard::PubKey(_) => Vec::new(),
        _ => standard.destinations(),
    };
    if destinations.is_empty() {
        out.insert("type".into(), standard.name().into());
        return out;
    }
    out.insert("reqSigs".into(), standard.required_signatures().into());
    out.insert("type".into(), standard.name().into());
    out.insert("addresses".into(), destinations.iter().map(|to| to.encode(prefixes)).collect::<Vec<_>>().into());
    out
}
