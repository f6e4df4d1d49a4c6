//! `getmempoolinfo`.

use serde_json::{Value, json};

use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getmempoolinfo",
    category: "blockchain",
    args: &[],
    description: "Tells about the mempool as a whole. This version keeps no transactions: it is empty.",
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
    let policy = call.node.relay_policy();
    let fee = amount_to_json(policy.min_relay_fee);
    Ok(json!({
        "loaded": true,
        "size": 0,
        "bytes": 0,
        "usage": 0,
        "maxmempool": policy.max_mempool_bytes,
        "mempoolminfee": fee,
        "minrelaytxfee": fee,
        "unbroadcastcount": 0,
    }))
}
