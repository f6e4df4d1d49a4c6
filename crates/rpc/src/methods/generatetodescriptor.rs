//! `generatetodescriptor`.

use serde_json::Value;

use super::generate;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "generatetodescriptor",
    category: "generating",
    args: &[
        Arg::required("num_blocks", ArgKind::Num, "How many blocks."),
        Arg::required("descriptor", ArgKind::Str, "What the coinbases pay to: raw(hex) or addr(address)."),
        Arg::default("maxtries", ArgKind::Num, "1000000", "Nonces to try in all."),
    ],
    description: "Mines blocks on the active chain before it answers; for tests.",
    result: "[             (json array) Hashes of the blocks: fewer than asked for when the tries are used up.\n  \
             \"hex\",\n  ...\n]",
    examples: &["11 \"raw(51)\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let count = call.i32(0)?;
    let tries = generate::max_tries(call, 2)?;
    let descriptor = call.str(1)?;
    let prefixes = &call.node.require_chain()?.reader().params().addresses;
    let script = generate::script_of_descriptor(descriptor, prefixes)
        .map_err(|error| RpcError::new(code::INVALID_ADDRESS_OR_KEY, error))?;
    generate::blocks(call, &script, count, tries)
}
