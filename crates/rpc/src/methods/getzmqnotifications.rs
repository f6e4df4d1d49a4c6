//! `getzmqnotifications`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getzmqnotifications",
    category: "zmq",
    args: &[],
    description: "Lists what is published over ZeroMQ.",
    result: "[                       (json array)\n  {\n    \"type\" : \"str\",      (string) Such as \"pubhashblock\".\n    \
             \"address\" : \"str\",   (string) Where it is bound.\n    \
             \"hwm\" : n            (numeric) Messages that may wait for a subscriber.\n  },\n  ...\n]",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let notifiers = call.node.notifiers();
    let describe = |n: &crate::ZmqNotifier| json!({"type": n.kind, "address": n.address, "hwm": n.high_water_mark});
    Ok(notifiers.iter().map(describe).collect())
}
