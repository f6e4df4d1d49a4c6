//! `setban`.

use litecast_p2p::{Command, NetAddr, SubNet};
use serde_json::Value;

use super::addnode::refused;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "setban",
    category: "network",
    args: &[
        Arg::required("subnet", ArgKind::Str, "Address, or a range of them: with /bits or /netmask."),
        Arg::required("command", ArgKind::Str, "\"add\": ban it. \"remove\": lift exactly this ban."),
        Arg::default(
            "bantime",
            ArgKind::Num,
            "0",
            "Seconds, or with absolute the Unix time of the end; 0 means -bantime.",
        ),
        Arg::default("absolute", ArgKind::Bool, "false", "bantime is a Unix time."),
    ],
    description: "Bans an address or a range of addresses, and closes the connections to it; or lifts a ban.",
    result: "null    (json null)",
    examples: &["\"192.168.0.6\" \"add\" 86400", "\"192.168.0.0/24\" \"add\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let command = call.opt_str(1)?.unwrap_or_default();
    if command != "add" && command != "remove" {
        return Err(RpcError::misc(METHOD.help_page()));
    }
    let network = call.node.require_network()?;
    let text = call.str(0)?;
    let subnet = parse(text);
    let subnet = subnet.ok_or_else(|| RpcError::new(code::CLIENT_INVALID_IP_OR_SUBNET, "Error: Invalid IP/Subnet"))?;
    let command = if command == "add" {
        let time = call.opt_i64(2)?.unwrap_or(0);
        // As the reference: anything but true is false.
        Command::Ban { subnet, address: !text.contains('/'), time, absolute: *call.param(3) == Value::Bool(true) }
    } else {
        Command::Unban(subnet)
    };
    network.command(command).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}

/// A range if there is a slash, else an address; names are not looked up.
fn parse(text: &str) -> Option<SubNet> {
    if text.contains('/') {
        return text.parse().ok();
    }
    let addr: NetAddr = text.parse().ok()?;
    SubNet::single(addr).filter(|_| addr.is_valid())
}
