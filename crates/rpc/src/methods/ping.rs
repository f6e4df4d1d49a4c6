//! `ping`.

use litecast_p2p::Command;
use serde_json::Value;

use super::addnode::refused;
use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "ping",
    category: "network",
    args: &[],
    description: "Measures the round trip to every peer; getpeerinfo tells the times. The ping waits in line with \
                  everything else that a peer is told.",
    result: "null    (json null)",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.node.require_network()?.command(Command::Ping).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}
