//! `validateaddress`.

use litecast_script::address::Destination;
use serde_json::{Map, Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "validateaddress",
    category: "util",
    args: &[Arg::required("address", ArgKind::Str, "The address.")],
    description: "Tells whether an address is one of this network, and what it stands for.",
    result: "{                              (json object)\n  \
             \"isvalid\" : true|false,      (boolean) If not, this is all that is told.\n  \
             \"address\" : \"str\",           (string) The address as it is written today.\n  \
             \"scriptPubKey\" : \"hex\",      (string) Its output script; empty for a stealth address.\n  \
             \"isscript\" : true|false,     (boolean) Stands for a script; left out where nobody can know.\n  \
             \"iswitness\" : true|false,    (boolean) A witness program.\n  \
             \"witness_version\" : n,       (numeric) Its version.\n  \
             \"witness_program\" : \"hex\",   (string) Its bytes.\n  \
             \"ismweb\" : true|false        (boolean) A stealth address of the extension block.\n}",
    examples: &["\"ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let text = call.str(0)?;
    let prefixes = &call.node.require_chain()?.reader().params().addresses;
    let Some(to) = Destination::decode(text, prefixes) else { return Ok(json!({"isvalid": false})) };
    let mut out = Map::new();
    out.insert("isvalid".into(), true.into());
    out.insert("address".into(), to.encode(prefixes).into());
    out.insert("scriptPubKey".into(), hex::encode(to.script_pubkey()).into());
    let is_script = match &to {
        Destination::PubKeyHash(_) | Destination::WitnessV0KeyHash(_) | Destination::Stealth { .. } => Some(false),
        Destination::ScriptHash(_) | Destination::WitnessV0ScriptHash(_) => Some(true),
        Destination::WitnessUnknown { .. } => None,
    };
    if let Some(is_script) = is_script {
        out.insert("isscript".into(), is_script.into());
    }
    let witness = match &to {
        Destination::WitnessV0KeyHash(hash) => Some((0, hash.as_slice())),
        Destination::WitnessV0ScriptHash(hash) => Some((0, hash.as_slice())),
        Destination::WitnessUnknown { version, program } => Some((*version, program.as_slice())),
        _ => None,
    };
    out.insert("iswitness".into(), witness.is_some().into());
    if let Some((version, program)) = witness {
        out.insert("witness_version".into(), version.into());
        out.insert("witness_program".into(), hex::encode(program).into());
    }
    out.insert("ismweb".into(), matches!(to, Destination::Stealth { .. }).into());
    Ok(out.into())
}
