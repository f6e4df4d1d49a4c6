//! `getblockcount`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getblockcount",
    category: "blockchain",
    args: &[],
    description: "Tells the height of the active chain. The genesis block has height 0.",
    result: "n    (numeric) The height.",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    Ok(call.node.require_chain()?.reader().tip().height.into())
}
