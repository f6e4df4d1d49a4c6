//! `gettxout`.

use litecast_mempool::{Mempool, OutputIndex};
use litecast_primitives::{OutPoint, TxOut, Txid};
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
    description: "Tells about an output that is not spent; with include_mempool, not by a transaction there either.",
    result: "{                            (json object) Null if there is no such output.\n  \
             \"bestblock\" : \"hex\",       (string) The active chain's last block.\n  \
             \"confirmations\" : n,       (numeric) Blocks since; 0 in the mempool.\n  \
             \"value\" : n,               (numeric) LTC.\n  \
             \"scriptPubKey\" : {...},    (json object) As in decoderawtransaction.\n  \
             \"coinbase\" : true|false    (boolean) Created by a coinbase.\n}",
    examples: &["\"txid\" 1"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "txid")?);
    let vout = call.i32(1)?.cast_unsigned();
    let with_pool = call.opt_bool(2)?.unwrap_or(true);
    let reader = call.node.require_chain()?.reader();
    let outpoint = OutPoint { txid, vout };
    let (tip, found) = loop {
        let tip = reader.tip();
        // Nothing else of the engine is taken while the mempool is.
        let in_pool = if with_pool { in_pool(&reader.mempool(), &outpoint) } else { None };
        let found = match in_pool {
            Some(InPool::Spent) => None,
            Some(InPool::Created(output)) => Some((output, 0, false)),
            None => reader
                .coin(&outpoint)?
                .map(|coin| (coin.output, i64::from(tip.height) - i64::from(coin.height) + 1, coin.is_coinbase)),
        };
        // A block may have come in between.
        if reader.tip().hash == tip.hash {
            break (tip, found);
        }
    };
    let Some((output, confirmations, coinbase)) = found else { return Ok(Value::Null) };
    Ok(json!({
        "bestblock": tip.hash.to_string(),
        "confirmations": confirmations,
        "value": amount_to_json(output.value.0),
        "scriptPubKey": script_pubkey_to_json(&output.script_pubkey, true, &reader.params().addresses),
        "coinbase": coinbase,
    }))
}

/// What the mempool says about an output that it has to do with.
enum InPool {
    /// One of its transactions spends it, or it would be an output of one that has not so many.
    Spent,
    /// One of its transactions creates it.
    Created(TxOut),
}

fn in_pool(pool: &Mempool, outpoint: &OutPoint) -> Option<InPool> {
    if pool.spender(&OutputIndex::Out(*outpoint)).is_some() {
        return Some(InPool::Spent);
    }
    let entry = pool.get(&outpoint.txid)?;
    let output = usize::try_from(outpoint.vout).ok().and_then(|vout| entry.tx().outputs().get(vout));
    Some(output.map_or(InPool::Spent, |output| InPool::Created(output.clone())))
}
