//! `getindexinfo`.

use serde_json::{Map, Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

/// The name of the index of filters.
const FILTERS: &str = "basic block filter index";

pub(super) const METHOD: Method = Method {
    name: "getindexinfo",
    category: "util",
    args: &[Arg::optional("index_name", ArgKind::Str, "Only the index of this name.")],
    description: "Tells how far the indexes are that the node keeps.",
    result: "{                               (json object)\n  \"name\" : {                    (json object) The name of the \
             index.\n    \"synced\" : true|false,       (boolean) It has caught up with the chain.\n    \
             \"best_block_height\" : n     (numeric) Height of the last block in it.\n  }\n}",
    examples: &["", "\"basic block filter index\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let name = call.opt_str(0)?.unwrap_or("");
    let reader = call.node.require_chain()?.reader();
    let mut indexes = Map::new();
    if let Some(progress) = reader.block_filter_progress().filter(|_| name.is_empty() || name == FILTERS) {
        let height = progress.best.map_or(0, |(height, _)| height);
        indexes.insert(FILTERS.into(), json!({"synced": progress.synced, "best_block_height": height}));
    }
    Ok(indexes.into())
}
