//! `preciousblock`.

use serde_json::Value;

use super::lookup;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "preciousblock",
    category: "blockchain",
    args: &[Arg::required("blockhash", ArgKind::Hex, "Hash of the block to prefer.")],
    description: "Prefers a block over others with the same work, until the next start or another call.",
    result: "null    (json null)",
    examples: &["\"blockhash\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let (chain, hash) = lookup::known_block(call)?;
    chain.precious_block(hash)?;
    Ok(Value::Null)
}
