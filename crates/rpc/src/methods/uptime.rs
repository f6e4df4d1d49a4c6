//! `uptime`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "uptime",
    category: "control",
    args: &[],
    description: "Tells how long the node has been running.",
    result: "n    (numeric) Seconds.",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    Ok(Value::from(call.node.uptime_s()))
}
