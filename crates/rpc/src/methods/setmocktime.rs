//! `setmocktime`.

use serde_json::Value;

use crate::code::RpcError;
use crate::convert::JsonType;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "setmocktime",
    category: "hidden",
    args: &[Arg::required("timestamp", ArgKind::Num, "Unix time; 0 lets the machine's clock run again.")],
    description: "Stops the node's clock at a time. On regtest only.",
    result: "null    (json null)",
    examples: &["1600000000"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    if !reader.params().is_mockable {
        return Err(RpcError::misc("setmocktime is for regression testing (-regtest mode) only"));
    }
    call.check_types(&[JsonType::Number], false)?;
    let time = call.i64(0)?;
    if time < 0 {
        return Err(RpcError::invalid_parameter(format!("Mocktime can not be negative: {time}.")));
    }
    reader.clock().set_mock(time);
    Ok(Value::Null)
}
