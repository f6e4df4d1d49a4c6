//! Waiting until a template is out of date: at once with a new tip, and from the first minute on with a changed mempool.

use std::thread;
use std::time::{Duration, Instant};

use litecast_engine::Handle;
use litecast_primitives::BlockHash;
use serde_json::Value;

use crate::code::RpcError;
use crate::convert;
use crate::method::Call;

/// How often the tip is looked at.
const POLL: Duration = Duration::from_millis(50);
/// The mempool is looked at after this, and then again and again.
const FIRST_LOOK: Duration = Duration::from_secs(60);
const NEXT_LOOK: Duration = Duration::from_secs(10);

/// Returns when there is something new; an error when the node stops.
pub(super) fn wait(call: &Call<'_>, chain: &Handle, id: &Value) -> Result<(), RpcError> {
    let reader = chain.reader();
    let (tip, updates) = match id.as_str() {
        Some(text) => parse(text)?,
        // Anything else stands for what is now.
        None => (reader.tip().hash, call.rpc.templates().last_updates()),
    };
    let mut look = Instant::now() + FIRST_LOOK;
    while reader.tip().hash == tip {
        call.rpc.check_running()?;
        if Instant::now() >= look {
            if reader.mempool().updates() != updates {
                break;
            }
            look += NEXT_LOOK;
        }
        thread::sleep(POLL);
    }
    call.rpc.check_running()
}

/// The hash of the tip, then how often the mempool had changed.
fn parse(id: &str) -> Result<(BlockHash, u64), RpcError> {
    let (hash, updates) = id.split_at_checked(64).unwrap_or((id, ""));
    let hash = convert::parse_hash(&hash.into(), "longpollid").map(BlockHash::from_bytes)?;
    Ok((hash, updates.parse().unwrap_or(0)))
}
