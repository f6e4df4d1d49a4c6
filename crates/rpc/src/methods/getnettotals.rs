//! `getnettotals`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getnettotals",
    category: "network",
    args: &[],
    description: "Tells how many bytes were sent and received since the start.",
    result: "{                              (json object)\n  \"totalbytesrecv\" : n,        (numeric) Bytes received.\n  \
             \"totalbytessent\" : n,        (numeric) Bytes sent.\n  \
             \"timemillis\" : n,            (numeric) Unix time in milliseconds.\n  \
             \"uploadtarget\" : {           (json object) -maxuploadtarget.\n    \
             \"timeframe\" : n,                        (numeric) Length of a cycle, seconds.\n    \
             \"target\" : n,                           (numeric) Bytes in a cycle; 0 for no limit.\n    \
             \"target_reached\" : true|false,          (boolean) They are spent.\n    \
             \"serve_historical_blocks\" : true|false, (boolean) Old blocks are served.\n    \
             \"bytes_left_in_cycle\" : n,              (numeric) Bytes left.\n    \
             \"time_left_in_cycle\" : n                (numeric) Seconds left.\n  }\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let network = call.node.require_network()?;
    let (totals, upload) = (network.totals(), network.upload_target());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Ok(json!({
        "totalbytesrecv": totals.received,
        "totalbytessent": totals.sent,
        "timemillis": u64::try_from(now).unwrap_or(u64::MAX),
        "uploadtarget": {
            "timeframe": upload.timeframe,
            "target": upload.target,
            "target_reached": upload.reached,
            "serve_historical_blocks": upload.serves_history,
            "bytes_left_in_cycle": upload.bytes_left,
            "time_left_in_cycle": upload.time_left,
        },
    }))
}
