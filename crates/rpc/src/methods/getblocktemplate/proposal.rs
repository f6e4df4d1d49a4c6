//! A verdict on a block that a miner wants to work on (BIP23).

use std::sync::Arc;

use litecast_engine::{Handle, status};
use serde_json::{Map, Value};

use crate::code::{self, RpcError};
use crate::methods::submitblock;

/// Null for a block that would connect to the tip, or why not.
pub(super) fn judge(request: &Map<String, Value>, chain: &Handle) -> Result<Value, RpcError> {
    let Some(data) = request.get("data").and_then(Value::as_str) else {
        return Err(RpcError::type_error("Missing data String key for proposal"));
    };
    let block =
        submitblock::decode(data).ok_or_else(|| RpcError::new(code::DESERIALIZATION_ERROR, "Block decode failed"))?;
    let reader = chain.reader();
    {
        let index = reader.index();
        if let Some(id) = index.find(&block.hash()) {
            let known = if index.is_valid(id, status::VALID_SCRIPTS) {
                "duplicate"
            } else if index.entry(id).failed() {
                "duplicate-invalid"
            } else {
                "duplicate-inconclusive"
            };
            return Ok(known.into());
        }
    }
    let on_tip = |prev| prev == reader.tip().hash;
    let prev = block.header().prev;
    if !on_tip(prev) {
        return Ok("inconclusive-not-best-prevblk".into());
    }
    match chain.check_template(Arc::new(block))? {
        Ok(()) => Ok(Value::Null),
        // A new tip came in between: the verdict was about another place.
        Err(_) if !on_tip(prev) => Ok("inconclusive-not-best-prevblk".into()),
        Err(reject) => Ok(submitblock::reason(&reject).into()),
    }
}
