//! `getaddednodeinfo`.

use litecast_p2p::fsm::AddedNode;
use serde_json::{Value, json};

use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getaddednodeinfo",
    category: "network",
    args: &[Arg::default("node", ArgKind::Str, "all nodes", "Only this one, as it was added.")],
    description: "Lists the nodes that were added with addnode add or -addnode.",
    result: "[                          (json array)\n  {\n    \"addednode\" : \"str\",     (string) As it was added.\n    \
             \"connected\" : true|false,\n    \"addresses\" : [        (json array) Empty without a connection.\n      {\n        \
             \"address\" : \"str\",   (string) Address and port.\n        \
             \"connected\" : \"str\"  (string) \"inbound\" or \"outbound\".\n      }\n    ]\n  },\n  ...\n]",
    examples: &["", "\"192.168.0.201\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let mut nodes = call.node.require_network()?.added_nodes();
    if let Some(name) = call.opt_str(0)? {
        nodes.retain(|node| node.name == name);
        nodes.truncate(1);
        if nodes.is_empty() {
            return Err(RpcError::new(code::CLIENT_NODE_NOT_ADDED, "Error: Node has not been added."));
        }
    }
    Ok(nodes.iter().map(describe).collect())
}

fn describe(node: &AddedNode) -> Value {
    let addresses: Vec<Value> = node
        .connected
        .iter()
        .map(|(address, inbound)| {
            let direction = if *inbound { "inbound" } else { "outbound" };
            json!({"address": address.to_string(), "connected": direction})
        })
        .collect();
    json!({"addednode": node.name, "connected": node.connected.is_some(), "addresses": addresses})
}
