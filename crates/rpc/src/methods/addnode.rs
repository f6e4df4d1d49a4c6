//! `addnode`.

use litecast_p2p::{Command, fsm::CommandError};
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "addnode",
    category: "network",
    args: &[
        Arg::required("node", ArgKind::Str, "Address or name, with or without port."),
        Arg::required(
            "command",
            ArgKind::Str,
            "\"add\": keep a connection to it. \"remove\": no longer. \"onetry\": try to connect, once.",
        ),
    ],
    description: "Asks for connections to a node. Such a node need not offer anything, and is not punished by \
                  disconnecting.",
    result: "null    (json null)",
    examples: &["\"192.168.0.6:9333\" \"onetry\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let command = match call.opt_str(1)?.unwrap_or_default() {
        "add" => Command::AddNode,
        "remove" => Command::RemoveNode,
        "onetry" => Command::OneTry,
        _ => return Err(RpcError::misc(METHOD.help_page())),
    };
    let network = call.node.require_network()?;
    network.command(command(call.str(0)?.to_owned())).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}

/// A refused command, with the code and words of v0.21.5.5 src/rpc/net.cpp.
pub(super) fn refused(error: &CommandError) -> RpcError {
    match error {
        CommandError::NodeAlreadyAdded => RpcError::new(code::CLIENT_NODE_ALREADY_ADDED, "Error: Node already added"),
        CommandError::NodeNotAdded => {
            let message = "Error: Node could not be removed. It has not been added previously.";
            RpcError::new(code::CLIENT_NODE_NOT_ADDED, message)
        }
        CommandError::NodeNotConnected => {
            RpcError::new(code::CLIENT_NODE_NOT_CONNECTED, "Node not found in connected nodes")
        }
        CommandError::AlreadyBanned => {
            RpcError::new(code::CLIENT_NODE_ALREADY_ADDED, "Error: IP/Subnet already banned")
        }
        CommandError::AtCapacity => RpcError::new(code::CLIENT_NODE_CAPACITY_REACHED, error.to_string()),
        CommandError::NotBanned => {
            let message = "Error: Unban failed. Requested address/subnet was not previously manually banned.";
            RpcError::new(code::CLIENT_INVALID_IP_OR_SUBNET, message)
        }
    }
}
