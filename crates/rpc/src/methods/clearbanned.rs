//! `clearbanned`.

use litecast_p2p::Command;
use serde_json::Value;

use super::addnode::refused;
use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "clearbanned",
    category: "network",
    args: &[],
    description: "Lifts all bans.",
    result: "null    (json null)",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.node.require_network()?.command(Command::ClearBanned).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}
