//! `reconsiderblock`.

use serde_json::Value;

use super::lookup;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "reconsiderblock",
    category: "hidden",
    args: &[Arg::required("blockhash", ArgKind::Hex, "Hash of the block.")],
    description: "Takes the mark of invalidity off a block, those below and those above it, and looks for the best chain anew.",
    result: "null    (json null)",
    examples: &["\"blockhash\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let (chain, hash) = lookup::known_block(call)?;
    chain.reconsider_block(hash)?;
    Ok(Value::Null)
}
