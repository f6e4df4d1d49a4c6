//! `help`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "help",
    category: "control",
    args: &[Arg::default("command", ArgKind::Str, "all commands", "The command to explain.")],
    description: "Lists the commands, or explains one.",
    result: "\"str\"    (string) The text.",
    examples: &["", "getrpcinfo"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    // Unlike optional arguments elsewhere, a null given here is an error, as in the reference.
    let command = if call.count() > 0 { call.str(0)? } else { "" };
    Ok(Value::String(call.rpc.registry().help(command)))
}
