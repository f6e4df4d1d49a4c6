//! Named parameters put into their positions (v0.21.5.5 `src/rpc/server.cpp` transformNamedArguments).

use serde_json::{Map, Value};

use crate::code::RpcError;
use crate::method::Arg;

/// Missing ones before the last given become null; the list ends with the last given.
pub(crate) fn to_positional(args: &[Arg], params: &Map<String, Value>) -> Result<Vec<Value>, RpcError> {
    let mut positional = Vec::new();
    let mut used = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let found = arg.names.split('|').find_map(|name| params.get_key_value(name));
        if let Some((name, value)) = found {
            positional.resize(index, Value::Null);
            positional.push(value.clone());
            used.push(name);
        }
    }
    match params.keys().find(|name| !used.contains(name)) {
        Some(unknown) => Err(RpcError::invalid_parameter(format!("Unknown named parameter {unknown}"))),
        None => Ok(positional),
    }
}
