//! CheckBlockHeader and ContextualCheckBlockHeader.

use litecast_consensus::reject::{Category::*, Rule};
use litecast_primitives::Height;

use super::{Case, accepts, check, rejects};
use crate::builder::HEIGHT;

/// Without SegWit, versions below 4 are judged by their own heights.
const NEVER: Height = Height::MAX;

pub(super) const CASES: &[Case] = &[
    rejects("high-hash", Rule::HighHash, InvalidHeader, |_, draft| draft.proves_work = false),
    rejects("bad-diffbits", Rule::BadDiffBits, InvalidHeader, |_, draft| draft.bits = 0x207f_fffe),
    rejects("bad-fork-prior-to-checkpoint", Rule::ForkPriorToCheckpoint, Checkpoint, |world, _| {
        world.last_checkpoint = Some(HEIGHT + 1);
    }),
    accepts("the height of the checkpoint", |world, _| world.last_checkpoint = Some(HEIGHT)),
    rejects("time-too-old", Rule::TimeTooOld, InvalidHeader, |world, draft| {
        draft.time = u32::try_from(world.median_time()).unwrap();
    }),
    accepts("one second after the median time", |world, draft| {
        draft.time = u32::try_from(world.median_time() + 1).unwrap();
    }),
    rejects("time-too-new", Rule::TimeTooNew, TimeFuture, |world, draft| {
        world.now = i64::from(draft.time) - 7201;
    }),
    accepts("two hours ahead", |world, draft| world.now = i64::from(draft.time) - 7200),
    rejects("bad-version(0x1fffffff)", Rule::BadVersion, InvalidHeader, |_, draft| draft.version = 0x1fff_ffff),
    rejects("bad-version(0xffffffff)", Rule::BadVersion, InvalidHeader, |_, draft| draft.version = -1),
    rejects("bad-version(0x00000003)", Rule::BadVersion, InvalidHeader, |world, draft| {
        world.params.segwit_height = NEVER;
        draft.version = 3;
    }),
    rejects("bad-version(0x00000002)", Rule::BadVersion, InvalidHeader, |world, draft| {
        world.params.segwit_height = NEVER;
        world.params.bip65_height = HEIGHT + 1;
        draft.version = 2;
    }),
    rejects("bad-version(0x00000001)", Rule::BadVersion, InvalidHeader, |world, draft| {
        world.params.segwit_height = NEVER;
        world.params.bip65_height = HEIGHT + 1;
        world.params.bip66_height = HEIGHT + 1;
        world.params.bip34_height = HEIGHT;
        draft.version = 1;
    }),
    rejects("bad-version(0x00000004)", Rule::BadVersion, InvalidHeader, |world, draft| {
        world.params.segwit_height = HEIGHT;
        draft.version = 4;
    }),
    accepts("version 1 below every floor", |world, draft| {
        world.params.segwit_height = HEIGHT + 1;
        world.params.bip65_height = HEIGHT + 1;
        world.params.bip66_height = HEIGHT + 1;
        world.params.bip34_height = HEIGHT + 1;
        draft.version = 1;
        draft.drop_witness();
    }),
    accepts("version 4 without SegWit", |world, draft| {
        world.params.segwit_height = NEVER;
        draft.version = 4;
        draft.drop_witness();
    }),
];

#[test]
fn rules_for_headers() {
    check(CASES, false);
}
