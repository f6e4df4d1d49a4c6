//! `stop`.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method, Presence};

pub(super) const METHOD: Method = Method {
    name: "stop",
    category: "control",
    args: &[Arg {
        names: "wait",
        kind: ArgKind::Num,
        presence: Presence::Hidden,
        help: "Milliseconds to hold the answer back, for tests.",
    }],
    description: "Shuts the node down in good order.",
    result: "\"str\"    (string) \"Litecast stopping\".",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    // Connections in use are served to their end, so the answer still gets out.
    call.node.request_shutdown();
    if call.param(0).is_number() {
        thread::sleep(Duration::from_millis(u64::try_from(call.i32(0)?).unwrap_or(0)));
    }
    Ok(Value::String("Litecast stopping".to_owned()))
}
