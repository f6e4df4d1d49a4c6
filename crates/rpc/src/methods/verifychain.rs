//! `verifychain`.

use litecast_engine::{Verification, VerifyRequest};
use serde_json::Value;

use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};

/// v0.21.5.5 src/validation.h, DEFAULT_CHECKLEVEL.
const DEFAULT_LEVEL: i32 = 3;
/// v0.21.5.5 src/validation.h, DEFAULT_CHECKBLOCKS.
const DEFAULT_BLOCKS: i32 = 24;
/// Memory for coins of blocks that are taken off, in bytes.
const MEMORY: usize = 256 << 20;

pub(super) const METHOD: Method = Method {
    name: "verifychain",
    category: "blockchain",
    args: &[
        Arg::default(
            "checklevel",
            ArgKind::Num,
            "3, range=0-4",
            "How hard to look: 0 blocks can be read, 1 they are blocks, 2 their undo data can be read, 3 they can be taken \
             off and the coins are theirs, 4 they can be connected again.",
        ),
        Arg::default("nblocks", ArgKind::Num, "24, 0=all", "How many blocks to check, from the tip down."),
    ],
    description: "Checks the last blocks and the coins against each other. Blocks wait meanwhile.",
    result: "true|false    (boolean) Whether they agree; if not, the log says where.",
    examples: &["", "4 100"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let level = call.opt_i32(0)?.unwrap_or(DEFAULT_LEVEL).clamp(0, 4);
    let blocks = call.opt_i32(1)?.unwrap_or(DEFAULT_BLOCKS).max(0);
    let request = VerifyRequest {
        level: u8::try_from(level).expect("because it is clamped"),
        blocks: blocks.unsigned_abs(),
        memory: MEMORY,
    };
    match call.node.require_chain()?.reader().verify_chain(request)? {
        Verification::Sound { .. } => Ok(true.into()),
        Verification::Damaged(what) => {
            tracing::error!("VerifyDB(): *** {what}");
            Ok(false.into())
        }
    }
}
