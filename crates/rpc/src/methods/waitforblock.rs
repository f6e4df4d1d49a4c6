//! `waitfornewblock`, `waitforblock` and `waitforblockheight`.

use std::thread;
use std::time::{Duration, Instant};

use litecast_engine::Entry;
use serde_json::{Value, json};

use super::lookup;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

/// How often the tip is looked at.
const POLL: Duration = Duration::from_millis(50);

const TIMEOUT: Arg = Arg::default("timeout", ArgKind::Num, "0", "Milliseconds to wait; 0 is for ever.");

const RESULT: &str = "{                    (json object) The tip, also when time is up or the node stops.\n  \
                      \"hash\" : \"hex\",    (string) Its hash.\n  \"height\" : n       (numeric) Its height.\n}";

pub(super) const NEW_BLOCK: Method = Method {
    name: "waitfornewblock",
    category: "hidden",
    args: &[TIMEOUT],
    description: "Waits until the tip changes.",
    result: RESULT,
    examples: &["1000"],
    handler: new_block,
};

pub(super) const BLOCK: Method = Method {
    name: "waitforblock",
    category: "hidden",
    args: &[Arg::required("blockhash", ArgKind::Hex, "Hash of the block to wait for."), TIMEOUT],
    description: "Waits until a block is the tip.",
    result: RESULT,
    examples: &["\"blockhash\" 1000"],
    handler: block,
};

pub(super) const HEIGHT: Method = Method {
    name: "waitforblockheight",
    category: "hidden",
    args: &[Arg::required("height", ArgKind::Num, "Height to wait for."), TIMEOUT],
    description: "Waits until the tip is at a height or above.",
    result: RESULT,
    examples: &["100 1000"],
    handler: height,
};

fn new_block(call: &Call<'_>) -> Result<Value, RpcError> {
    let timeout = call.opt_i32(0)?.unwrap_or(0);
    let before = call.node.require_chain()?.reader().tip().hash;
    wait(call, timeout, |tip| tip.hash != before)
}

fn block(call: &Call<'_>) -> Result<Value, RpcError> {
    let hash = lookup::block_hash(call, 0, "blockhash")?;
    let timeout = call.opt_i32(1)?.unwrap_or(0);
    wait(call, timeout, |tip| tip.hash == hash)
}

fn height(call: &Call<'_>) -> Result<Value, RpcError> {
    let height = i64::from(call.i32(0)?);
    let timeout = call.opt_i32(1)?.unwrap_or(0);
    wait(call, timeout, |tip| i64::from(tip.height) >= height)
}

fn wait(call: &Call<'_>, timeout_ms: i32, reached: impl Fn(&Entry) -> bool) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    // A negative time is over at once.
    let limit = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
    let start = Instant::now();
    loop {
        let tip = reader.tip();
        let left = limit.saturating_sub(start.elapsed());
        let over = timeout_ms != 0 && left.is_zero();
        if over || reached(&tip) || call.rpc.check_running().is_err() {
            return Ok(json!({"hash": tip.hash.to_string(), "height": tip.height}));
        }
        thread::sleep(if timeout_ms == 0 { POLL } else { POLL.min(left) });
    }
}
