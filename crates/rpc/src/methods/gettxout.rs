//! `gettxout`.

use litecast_primitives::{OutPoint, Txid};
use serde_json::{Value, json};

use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::script_pubkey_to_json;

pub(super) const METHOD: Method = Method {
    name: "gettxout",
    category: "blockchain",
    args: &[
        Arg::required("txid", ArgKind::Str, "The transaction's id."),
        Arg::required("n", ArgKind::Num, "Index of the output."),
        Arg::default("include_mempool", ArgKind::Bool, "true", "Look at the mempool too."),
    ],
    description: "Tells about an output that is not spent.",
    result: "{                            (json object) Null if there is no such output.\n  \
             \"bestblock\" : \"hex\",       (string) The active chain's last block.\n  \
             \"confirmations\" : n,       (numeric) Blocks since.\n  \
             \"value\" : n,               (numeric) LTC.\n  \
             \"scriptPubKey\" : {...},    (json object) As in decoderawtransaction.\n  \
             \"coinbase\" : true|false    (boolean) Created by a coinbase.\n}",
    examples: &["\"txid\" 1"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "txid")?);
    let vout = call.i32(1)?.cast_unsigned();
    // There is no mempool yet, so both answers are the same.
    call.opt_bool(2)?;
    let reader = call.node.require_chain()?.reader();
    let (tip, coin) = loop {
        let tip = reader.tip();
        let coin = reader.coin(&OutPoint { txid, vout })?;
        // A block may have come in between.
        if reader.tip().hash == tip.hash {
            break (tip, coin);
        }
    };
    let Some(coin) = coin else { return Ok(Value::Null) };
    Ok(json!({
        "bestblock": tip.hash.to_string(),
        "confirmations": i64::from(tip.height) - i64::from(coin.height) + 1,
        "value": amount_to_json(coin.output.value.0),
        "scriptPubKey": script_pubkey_to_json(&coin.output.script_pubkey, true, &reader.params().addresses),
        "coinbase": coin.is_coinbase,
    }))
}
