//! `getbestblockhash`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getbestblockhash",
    category: "blockchain",
    args: &[],
    description: "Tells the hash of the active chain's last block.",
    result: "\"hex\"    (string) The hash.",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    Ok(call.node.require_chain()?.reader().tip().hash.to_string().into())
}
