//! `getblockhash`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getblockhash",
    category: "blockchain",
    args: &[Arg::required("height", ArgKind::Num, "The height.")],
    description: "Tells the hash of the active chain's block at a height.",
    result: "\"hex\"    (string) The hash.",
    examples: &["1000"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let chain = call.node.require_chain()?;
    let found = u32::try_from(call.i32(0)?).ok().and_then(|height| chain.reader().active(height));
    let entry = found.ok_or_else(|| RpcError::invalid_parameter("Block height out of range"))?;
    Ok(entry.hash.to_string().into())
}
