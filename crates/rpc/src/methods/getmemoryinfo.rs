//! `getmemoryinfo`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getmemoryinfo",
    category: "control",
    args: &[Arg::default("mode", ArgKind::Str, "\"stats\"", "What to tell: \"stats\" is the only mode.")],
    description: "Tells about memory locked against swapping. This node holds no keys and locks none, so all is zero.",
    result: "{                        (json object)\n  \"locked\" : {\n    \"used\" : n,            (numeric) Bytes in use.\n    \
             \"free\" : n,            (numeric) Bytes left.\n    \"total\" : n,           (numeric) Bytes in all.\n    \
             \"locked\" : n,          (numeric) Bytes locked.\n    \"chunks_used\" : n,     (numeric) Pieces in use.\n    \
             \"chunks_free\" : n      (numeric) Pieces left.\n  }\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    match call.opt_str(0)?.unwrap_or("stats") {
        "stats" => Ok(json!({
            "locked": {"used": 0, "free": 0, "total": 0, "locked": 0, "chunks_used": 0, "chunks_free": 0}
        })),
        "mallocinfo" => Err(RpcError::invalid_parameter("mallocinfo is only available when compiled with glibc 2.10+")),
        mode => Err(RpcError::invalid_parameter(format!("unknown mode {mode}"))),
    }
}
