//! `getrpcinfo`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getrpcinfo",
    category: "control",
    args: &[],
    description: "Tells which calls are running, and where the log is.",
    result: "{                          (json object)\n  \"active_commands\" : [     (json array)\n    {\n      \
             \"method\" : \"str\",      (string) The method called.\n      \"duration\" : n         (numeric) Microseconds \
             since it began.\n    },\n    ...\n  ],\n  \"logpath\" : \"str\"         (string) The log file.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let commands: Vec<Value> = call
        .rpc
        .active_commands()
        .into_iter()
        .map(|(method, duration)| {
            let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
            json!({"method": method, "duration": micros})
        })
        .collect();
    Ok(json!({"active_commands": commands, "logpath": call.node.log().path().to_string_lossy()}))
}
