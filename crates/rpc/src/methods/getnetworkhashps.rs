//! `getnetworkhashps`.

use litecast_engine::BlockIndex;
use litecast_primitives::{U256, params::Params};
use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::double_to_json;

/// Blocks to look at unless told otherwise.
pub(super) const DEFAULT_BLOCKS: i32 = 120;

pub(super) const METHOD: Method = Method {
    name: "getnetworkhashps",
    category: "mining",
    args: &[
        Arg::default("nblocks", ArgKind::Num, "120", "Blocks to look at; -1: since the last change of difficulty."),
        Arg::default("height", ArgKind::Num, "-1", "Height of the last of them; -1: the tip."),
    ],
    description: "Estimates how many hashes per second the network tries.",
    result: "n    (numeric) Hashes per second.",
    examples: &["", "-1 1000"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let blocks = call.opt_i32(0)?.unwrap_or(DEFAULT_BLOCKS);
    let height = call.opt_i32(1)?.unwrap_or(-1);
    let reader = call.node.require_chain()?.reader();
    Ok(double_to_json(hashes_per_second(&reader.index(), reader.params(), blocks, height)))
}

/// v0.21.5.5 src/rpc/mining.cpp, GetNetworkHashPS.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn hashes_per_second(index: &BlockIndex, params: &Params, blocks: i32, height: i32) -> f64 {
    let at = u32::try_from(height).ok().and_then(|height| index.active(height)).or(index.tip());
    let Some(last) = at.map(|id| index.entry(id)).filter(|entry| entry.height > 0) else { return 0.0 };
    let blocks = u32::try_from(blocks).ok().filter(|blocks| *blocks > 0);
    let blocks = blocks.unwrap_or(last.height % params.retarget_interval() + 1).min(last.height);
    let mut first = last;
    let (mut earliest, mut latest) = (last.header.time, last.header.time);
    for _ in 0..blocks {
        let Some(parent) = first.parent else { break };
        first = index.entry(parent);
        earliest = earliest.min(first.header.time);
        latest = latest.max(first.header.time);
    }
    if earliest == latest {
        return 0.0;
    }
    to_f64(last.work - first.work) / (i64::from(latest) - i64::from(earliest)) as f64
}

/// Rounds as the reference does, 32 bits at a time (v0.21.5.5 src/arith_uint256.cpp, getdouble).
fn to_f64(work: U256) -> f64 {
    let bytes = work.to_little_endian();
    let (mut sum, mut factor) = (0.0, 1.0);
    for word in bytes.as_chunks::<4>().0 {
        sum += factor * f64::from(u32::from_le_bytes(*word));
        factor *= 4_294_967_296.0;
    }
    sum
}
