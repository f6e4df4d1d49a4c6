//! `getmempoolancestors` and `getmempooldescendants`.

use std::collections::BTreeSet;

use litecast_mempool::Mempool;
use litecast_primitives::Txid;
use serde_json::Value;

use super::getmempoolentry;
use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::entry_to_json;

const ARGS: &[Arg] = &[
    Arg::required("txid", ArgKind::Hex, "The transaction's id; it must be in the mempool."),
    Arg::default("verbose", ArgKind::Bool, "false", "Objects instead of ids."),
];

const RESULT: &str = "[                            (json array) Ids.\n  \"hex\",\n  ...\n]\n\n\
                      {                            (json object) With verbose.\n  \
                      \"txid\" : {...},              (json object) As getmempoolentry.\n  ...\n}";

pub(super) const ANCESTORS: Method = Method {
    name: "getmempoolancestors",
    category: "blockchain",
    args: ARGS,
    description: "Lists what a transaction depends on in the mempool.",
    result: RESULT,
    examples: &["\"txid\""],
    handler: |call| relatives(call, Mempool::ancestors),
};

pub(super) const DESCENDANTS: Method = Method {
    name: "getmempooldescendants",
    category: "blockchain",
    args: ARGS,
    description: "Lists what depends on a transaction in the mempool.",
    result: RESULT,
    examples: &["\"txid\""],
    handler: |call| relatives(call, Mempool::descendants),
};

fn relatives(call: &Call<'_>, find: impl Fn(&Mempool, &Txid) -> BTreeSet<Txid>) -> Result<Value, RpcError> {
    let verbose = call.opt_bool(1)?.unwrap_or(false);
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "parameter 1")?);
    let pool = call.node.require_chain()?.reader().mempool();
    getmempoolentry::entry(&pool, &txid)?;
    let mut found = find(&pool, &txid);
    found.remove(&txid);
    if !verbose {
        return Ok(found.iter().map(ToString::to_string).collect());
    }
    let entries = found.iter().filter_map(|txid| pool.get(txid));
    Ok(Value::Object(entries.map(|entry| (entry.txid().to_string(), entry_to_json(&pool, entry))).collect()))
}
