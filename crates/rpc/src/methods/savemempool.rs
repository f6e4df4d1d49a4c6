//! `savemempool`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "savemempool",
    category: "blockchain",
    args: &[],
    description: "Writes the mempool to disk. It fails until the one of the last run has been read.",
    result: "null    (json null)",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    if !reader.is_mempool_loaded() {
        return Err(RpcError::misc("The mempool was not loaded yet"));
    }
    let failed = || RpcError::misc("Unable to dump mempool to disk");
    let file = call.node.mempool_file().ok_or_else(failed)?;
    reader.save_mempool(file).map_err(|error| {
        tracing::warn!("Failed to dump mempool: {error}. Continuing anyway.");
        failed()
    })?;
    Ok(Value::Null)
}
