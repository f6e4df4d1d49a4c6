//! `echo` and `echojson`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

const fn arg(name: &'static str) -> Arg {
    Arg::optional(name, ArgKind::Str, "Anything.")
}

const ARGS: &[Arg] = &[
    arg("arg0"),
    arg("arg1"),
    arg("arg2"),
    arg("arg3"),
    arg("arg4"),
    arg("arg5"),
    arg("arg6"),
    arg("arg7"),
    arg("arg8"),
    arg("arg9"),
];

pub(super) const ECHO: Method = Method {
    name: "echo",
    category: "hidden",
    args: ARGS,
    description: "Answers with its arguments; for tests. With arg9 \"trigger_internal_bug\" it fails as a bug would.",
    result: "[...]    (json array) The arguments.",
    examples: &[],
    handler: run,
};

pub(super) const ECHOJSON: Method = Method {
    name: "echojson",
    description: "As echo; the command line client reads the arguments of this one as JSON.",
    ..ECHO
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    if call.param(9).as_str() == Some("trigger_internal_bug") {
        return Err(RpcError::misc("Internal bug detected: 'request.params[9].get_str() != \"trigger_internal_bug\"'"));
    }
    Ok(call.params.clone())
}
