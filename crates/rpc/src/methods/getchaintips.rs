//! `getchaintips`.

use litecast_engine::TipStatus;
use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getchaintips",
    category: "blockchain",
    args: &[],
    description: "Lists the ends of all known branches, highest first: the active chain's and those of side branches.",
    result: "[                        (json array)\n  {\n    \"height\" : n,         (numeric) Height of the end.\n    \
             \"hash\" : \"hex\",       (string) Hash of the end.\n    \
             \"branchlen\" : n,      (numeric) Blocks between it and the active chain.\n    \
             \"status\" : \"str\"      (string) \"active\", \"invalid\" (a block broke a rule), \"headers-only\" (blocks \
             are missing),\n                           \"valid-headers\" (all blocks are here, never connected), \
             \"valid-fork\" (connected once).\n  },\n  ...\n]",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let tips = call.node.require_chain()?.reader().chain_tips();
    let describe = |tip: litecast_engine::ChainTip| {
        json!({
            "height": tip.entry.height,
            "hash": tip.entry.hash.to_string(),
            "branchlen": tip.branch_length,
            "status": name(tip.status),
        })
    };
    Ok(tips.into_iter().map(describe).collect())
}

fn name(status: TipStatus) -> &'static str {
    match status {
        TipStatus::Active => "active",
        TipStatus::Invalid => "invalid",
        TipStatus::HeadersOnly => "headers-only",
        TipStatus::ValidFork => "valid-fork",
        TipStatus::ValidHeaders => "valid-headers",
    }
}
