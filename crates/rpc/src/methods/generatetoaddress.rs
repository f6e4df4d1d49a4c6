//! `generatetoaddress`.

use serde_json::Value;

use super::generate;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "generatetoaddress",
    category: "generating",
    args: &[
        Arg::required("nblocks", ArgKind::Num, "How many blocks."),
        Arg::required("address", ArgKind::Str, "Whom the coinbases pay."),
        Arg::default("maxtries", ArgKind::Num, "1000000", "Nonces to try in all."),
    ],
    description: "Mines blocks on the active chain before it answers; for tests.",
    result: "[             (json array) Hashes of the blocks: fewer than asked for when the tries are used up.\n  \
             \"hex\",\n  ...\n]",
    examples: &["11 \"myaddress\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let count = call.i32(0)?;
    let tries = generate::max_tries(call, 2)?;
    let address = call.str(1)?;
    let prefixes = &call.node.require_chain()?.reader().params().addresses;
    let script = generate::script_of_address(address, prefixes)
        .ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Error: Invalid address"))?;
    generate::blocks(call, &script, count, tries)
}
