//! `syncwithvalidationinterfacequeue`.

use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "syncwithvalidationinterfacequeue",
    category: "hidden",
    args: &[],
    description: "Waits until everything that had happened before the call has been announced.",
    result: "null    (json null)",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.node.require_chain()?.sync_with_feed()?;
    Ok(Value::Null)
}
