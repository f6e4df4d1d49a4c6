//! `getdifficulty`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};
use crate::render::{difficulty, double_to_json};

pub(super) const METHOD: Method = Method {
    name: "getdifficulty",
    category: "blockchain",
    args: &[],
    description: "Tells how many times harder the last block was to find than one of difficulty 1.",
    result: "n    (numeric) The difficulty.",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    Ok(double_to_json(difficulty(call.node.require_chain()?.reader().tip().header.bits)))
}
