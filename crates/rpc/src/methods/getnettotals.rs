//! `getnettotals`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

/// What `-maxuploadtarget` would count over, seconds (v0.21.5.5 src/net.h, MAX_UPLOAD_TIMEFRAME).
const TIMEFRAME_S: u32 = 24 * 60 * 60;

pub(super) const METHOD: Method = Method {
    name: "getnettotals",
    category: "network",
    args: &[],
    description: "Tells how many bytes were sent and received since the start.",
    result: "{                              (json object)\n  \"totalbytesrecv\" : n,        (numeric) Bytes received.\n  \
             \"totalbytessent\" : n,        (numeric) Bytes sent.\n  \
             \"timemillis\" : n,            (numeric) Unix time in milliseconds.\n  \
             \"uploadtarget\" : {           (json object) There is no limit on what is sent.\n    \
             \"timeframe\" : n,\n    \"target\" : 0,\n    \"target_reached\" : false,\n    \
             \"serve_historical_blocks\" : true,\n    \"bytes_left_in_cycle\" : 0,\n    \"time_left_in_cycle\" : 0\n  }\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let totals = call.node.require_network()?.totals();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Ok(json!({
        "totalbytesrecv": totals.received,
        "totalbytessent": totals.sent,
        "timemillis": u64::try_from(now).unwrap_or(u64::MAX),
        "uploadtarget": {
            "timeframe": TIMEFRAME_S,
            "target": 0,
            "target_reached": false,
            "serve_historical_blocks": true,
            "bytes_left_in_cycle": 0,
            "time_left_in_cycle": 0,
        },
    }))
}
