//! `addconnection`.

use litecast_p2p::{Command, fsm::ConnectionType};
use serde_json::{Value, json};

use super::addnode::refused;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "addconnection",
    category: "hidden",
    args: &[
        Arg::required("address", ArgKind::Str, "Address and port to connect to."),
        Arg::required(
            "connection_type",
            ArgKind::Str,
            "\"outbound-full-relay\", \"block-relay-only\", \"addr-fetch\" or \"feeler\".",
        ),
    ],
    description: "Opens an outbound connection as if the node had chosen it. For tests, on regtest only.",
    result: "{                                (json object)\n  \"address\" : \"str\",             (string) As given.\n  \
             \"connection_type\" : \"str\"      (string) As given.\n}",
    examples: &["\"192.168.0.6:9333\" \"outbound-full-relay\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    if !call.node.require_chain()?.reader().params().is_mockable {
        return Err(RpcError::misc("addconnection is for regression testing (-regtest mode) only."));
    }
    let address = call.str(0)?;
    let name = call.str(1)?.trim_matches([' ', '\x0c', '\n', '\r', '\t', '\x0b']);
    let automatic = [
        ConnectionType::OutboundFullRelay,
        ConnectionType::BlockRelay,
        ConnectionType::AddrFetch,
        ConnectionType::Feeler,
    ];
    let kind = automatic.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| RpcError::invalid_parameter(METHOD.help_page()))?;
    let network = call.node.require_network()?;
    network.command(Command::AddConnection(address.to_owned(), kind)).map_err(|error| refused(&error))?;
    Ok(json!({"address": address, "connection_type": name}))
}
