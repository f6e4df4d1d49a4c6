//! `disconnectnode`.

use litecast_p2p::{Command, fsm::CommandError};
use serde_json::Value;

use super::addnode::refused;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "disconnectnode",
    category: "network",
    args: &[
        Arg::default("address", ArgKind::Str, "fallback to nodeid", "Address and port, as getpeerinfo shows it."),
        Arg::default(
            "nodeid",
            ArgKind::Num,
            "fallback to address",
            "Number of the connection; address is then left out \
             or empty.",
        ),
    ],
    description: "Closes a connection at once.",
    result: "null    (json null)",
    examples: &["\"192.168.0.6:9333\"", "\"\" 1"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let network = call.node.require_network()?;
    let command = match (call.given(0), call.given(1)) {
        (Some(_), None) => Command::DisconnectAddress(call.str(0)?.to_owned()),
        (address, Some(_)) if address.is_none_or(|address| address.as_str() == Some("")) => {
            let id = u64::try_from(call.i64(1)?).map_err(|_| refused(&CommandError::NodeNotConnected))?;
            Command::DisconnectPeer(id)
        }
        _ => return Err(RpcError::new(code::INVALID_PARAMS, "Only one of address and nodeid should be provided.")),
    };
    network.command(command).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}
