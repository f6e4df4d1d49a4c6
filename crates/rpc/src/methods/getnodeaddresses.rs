//! `getnodeaddresses`.

use litecast_p2p::PeerAddress;
use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getnodeaddresses",
    category: "network",
    args: &[Arg::default("count", ArgKind::Num, "1", "How many at most; 0 for all.")],
    description: "Tells addresses of nodes that may exist, drawn from the address book.",
    result: "[                        (json array)\n  {\n    \"time\" : n,          (numeric) Unix time when it was last \
             seen.\n    \"services\" : n,      (numeric) Service bits.\n    \"address\" : \"str\",   (string) Address.\n    \
             \"port\" : n           (numeric) Port.\n  },\n  ...\n]",
    examples: &["8"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let network = call.node.require_network()?;
    let count = call.opt_i32(0)?.unwrap_or(1);
    let count = usize::try_from(count).map_err(|_| RpcError::invalid_parameter("Address count out of range"))?;
    let entry = |address: &PeerAddress| {
        json!({
            "time": address.time,
            "services": address.services.0,
            "address": address.service.addr.to_string(),
            "port": address.service.port,
        })
    };
    Ok(network.node_addresses(count).iter().map(entry).collect())
}
