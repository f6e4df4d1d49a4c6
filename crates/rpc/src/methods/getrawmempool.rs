//! `getrawmempool`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::entry_to_json;

pub(super) const METHOD: Method = Method {
    name: "getrawmempool",
    category: "blockchain",
    args: &[
        Arg::default("verbose", ArgKind::Bool, "false", "Objects instead of ids."),
        Arg::default("mempool_sequence", ArgKind::Bool, "false", "Tell the sequence number too; not with verbose."),
    ],
    description: "Lists the transactions in the mempool, parents before children, then the best paying first.",
    result: "[                            (json array) Ids.\n  \"hex\",\n  ...\n]\n\n\
             {                            (json object) With verbose.\n  \
             \"txid\" : {...},              (json object) As getmempoolentry.\n  ...\n}\n\n\
             {                            (json object) With mempool_sequence.\n  \"txids\" : [...],\n  \
             \"mempool_sequence\" : n     (numeric) Number of the next change.\n}",
    examples: &["", "true", "false true"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let verbose = call.opt_bool(0)?.unwrap_or(false);
    let with_sequence = call.opt_bool(1)?.unwrap_or(false);
    if verbose && with_sequence {
        return Err(RpcError::invalid_parameter("Verbose results cannot contain mempool sequence values."));
    }
    let pool = call.node.require_chain()?.reader().mempool();
    let sequence = pool.sequence();
    let entries = pool.by_depth_and_score();
    if verbose {
        let with_id = |entry| (litecast_mempool::Entry::txid(entry).to_string(), entry_to_json(&pool, entry));
        return Ok(Value::Object(entries.into_iter().map(with_id).collect()));
    }
    let txids: Value = entries.iter().map(|entry| entry.txid().to_string()).collect();
    Ok(if with_sequence { json!({"txids": txids, "mempool_sequence": sequence}) } else { txids })
}
