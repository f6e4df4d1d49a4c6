//! `getmempoolinfo`.

use serde_json::{Value, json};

use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getmempoolinfo",
    category: "blockchain",
    args: &[],
    description: "Tells about the mempool as a whole.",
    result: "{                            (json object)\n  \"loaded\" : true|false,     (boolean) Read from disk.\n  \
             \"size\" : n,                (numeric) Transactions.\n  \"bytes\" : n,               (numeric) Their virtual \
             bytes.\n  \"usage\" : n,               (numeric) Memory they take.\n  \
             \"maxmempool\" : n,          (numeric) Memory they may take.\n  \
             \"mempoolminfee\" : n,       (numeric) LTC per 1000 virtual bytes that a transaction must pay now.\n  \
             \"minrelaytxfee\" : n,       (numeric) And at all times.\n  \
             \"unbroadcastcount\" : n     (numeric) Transactions that no peer has asked for yet.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    let loaded = reader.is_mempool_loaded();
    let now = reader.clock().now();
    let pool = reader.mempool();
    let policy = pool.policy();
    Ok(json!({
        "loaded": loaded,
        "size": pool.len(),
        "bytes": pool.total_size(),
        "usage": pool.usage(),
        "maxmempool": policy.max_memory,
        "mempoolminfee": amount_to_json(pool.min_fee(now).max(policy.min_relay_fee).per_k()),
        "minrelaytxfee": amount_to_json(policy.min_relay_fee.per_k()),
        "unbroadcastcount": pool.unbroadcast().len(),
    }))
}
