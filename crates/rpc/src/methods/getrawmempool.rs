//! `getrawmempool`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

/// Sequence number of a mempool that has not changed yet (v0.21.5.5 src/txmempool.h, m_sequence_number).
const FIRST_SEQUENCE: u64 = 1;

pub(super) const METHOD: Method = Method {
    name: "getrawmempool",
    category: "blockchain",
    args: &[
        Arg::default("verbose", ArgKind::Bool, "false", "Objects instead of ids."),
        Arg::default("mempool_sequence", ArgKind::Bool, "false", "Tell the sequence number too; not with verbose."),
    ],
    description: "Lists the transactions in the mempool. This version keeps none: the list is empty.",
    result: "[                            (json array) Ids.\n  \"hex\",\n  ...\n]\n\n\
             {...}                        (json object) With verbose: an object for each id.\n\n\
             {                            (json object) With mempool_sequence.\n  \"txids\" : [...],\n  \
             \"mempool_sequence\" : n     (numeric) Number of the next change.\n}",
    examples: &["", "false true"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let verbose = call.opt_bool(0)?.unwrap_or(false);
    let sequence = call.opt_bool(1)?.unwrap_or(false);
    match (verbose, sequence) {
        (true, true) => Err(RpcError::invalid_parameter("Verbose results cannot contain mempool sequence values.")),
        (true, false) => Ok(json!({})),
        (false, true) => Ok(json!({"txids": [], "mempool_sequence": FIRST_SEQUENCE})),
        (false, false) => Ok(json!([])),
    }
}
