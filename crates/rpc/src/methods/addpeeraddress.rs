//! `addpeeraddress`.

use litecast_p2p::{NetAddr, NetService};
use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "addpeeraddress",
    category: "hidden",
    args: &[
        Arg::required("address", ArgKind::Str, "IP address of the node."),
        Arg::required("port", ArgKind::Num, "Its port."),
    ],
    description: "Adds an address to the address book. For tests.",
    result: "{                             (json object)\n  \
             \"success\" : true|false      (boolean) It was not known and found a place.\n}",
    examples: &["\"1.2.3.4\" 9333"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let network = call.node.require_network()?;
    let text = call.str(0)?;
    // As the reference: the low 16 bits count.
    let port = call.i32(1)?.to_le_bytes();
    let port = u16::from_le_bytes([port[0], port[1]]);
    let success = text.parse::<NetAddr>().is_ok_and(|addr| network.add_address(NetService { addr, port }));
    Ok(json!({"success": success}))
}
