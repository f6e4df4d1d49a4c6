//! `getconnectioncount`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getconnectioncount",
    category: "network",
    args: &[],
    description: "Tells how many connections there are.",
    result: "n    (numeric) Connections.",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let (inbound, outbound) = call.node.require_network()?.connections();
    Ok((inbound + outbound).into())
}
