//! `getblockfilter`.

use litecast_engine::{Reader, status};
use litecast_primitives::BlockHash;
use serde_json::{Value, json};

use super::lookup;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getblockfilter",
    category: "blockchain",
    args: &[
        Arg::required("blockhash", ArgKind::Hex, "The block's hash."),
        Arg::default("filtertype", ArgKind::Str, "basic", "The type of the filter."),
    ],
    description: "Answers the filter of a block (BIP157), which tells light clients whether it may concern them.",
    result: "{                      (json object)\n  \"filter\" : \"hex\",    (string) The filter.\n  \
             \"header\" : \"hex\"     (string) Its header.\n}",
    examples: &["\"e2acdf2dd19a702e5d12a925f1e984b01e47a933562ca893656d4afb38b44ee3\" \"basic\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let hash = lookup::block_hash(call, 0, "blockhash")?;
    let kind = call.opt_str(1)?.unwrap_or("basic");
    if kind != "basic" {
        return Err(RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Unknown filtertype"));
    }
    let chain = call.node.require_chain()?;
    let reader = chain.reader();
    let progress = reader.block_filter_progress();
    let progress = progress.ok_or_else(|| RpcError::misc(format!("Index is not enabled for filtertype {kind}")))?;
    let entry = reader.entry(&hash).ok_or_else(lookup::not_found)?;
    if let Some(found) = find(reader, &hash)? {
        return Ok(found);
    }
    if progress.synced {
        // A block that is the tip already has its filter when it is announced.
        chain.sync_with_feed()?;
        if let Some(found) = find(reader, &hash)? {
            return Ok(found);
        }
    }
    let was_connected = !entry.failed() && entry.status & status::VALID_MASK >= status::VALID_SCRIPTS;
    let (code, why) = match (was_connected, progress.synced) {
        (false, _) => (code::INVALID_ADDRESS_OR_KEY, "Block was not connected to active chain."),
        (true, false) => (code::MISC_ERROR, "Block filters are still in the process of being indexed."),
        (true, true) => (code::INTERNAL_ERROR, "This error is unexpected and indicates index corruption."),
    };
    Err(RpcError::new(code, format!("Filter not found. {why}")))
}

fn find(reader: &Reader, hash: &BlockHash) -> Result<Option<Value>, RpcError> {
    let (filter, commitment) = (reader.block_filter(hash)?, reader.filter_commitment(hash)?);
    let (Some(filter), Some(commitment)) = (filter, commitment) else { return Ok(None) };
    let mut header = commitment.header;
    header.reverse();
    Ok(Some(json!({"filter": hex::encode(filter), "header": hex::encode(header)})))
}
