//! `invalidateblock`.

use serde_json::Value;

use super::lookup;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "invalidateblock",
    category: "hidden",
    args: &[Arg::required("blockhash", ArgKind::Hex, "Hash of the block to mark.")],
    description: "Marks a block, and with it all above it, as if it had broken a rule.",
    result: "null    (json null)",
    examples: &["\"blockhash\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let (chain, hash) = lookup::known_block(call)?;
    chain.invalidate_block(hash)?;
    Ok(Value::Null)
}
