//! `setnetworkactive`.

use litecast_p2p::Command;
use serde_json::Value;

use super::addnode::refused;
use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "setnetworkactive",
    category: "network",
    args: &[Arg::required("state", ArgKind::Bool, "Whether connections are allowed.")],
    description: "Switches the network on or off. Off closes all connections.",
    result: "true|false    (boolean) Whether connections are allowed now.",
    examples: &["false"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let network = call.node.require_network()?;
    let active = convert::as_bool(call.param(0))?;
    network.command(Command::SetNetworkActive(active)).map_err(|error| refused(&error))?;
    Ok(network.is_active().into())
}
