//! Headers: version, target, work, time, the block below.

use litecast_primitives::BlockHash;

use crate::tree::Tree;

/// How far ahead of the clock a block may be.
const TWO_HOURS: u32 = 7200;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "header";
    for version in [0, 1, 2, 3, 4, 0x1fff_ffff, -1, i32::MIN] {
        let mut draft = t.draft();
        draft.header.version = version;
        let reason = format!("bad-version(0x{version:08x})");
        t.rejected(&format!("version {version}"), draft, &reason);
    }
    for version in [0x2000_0001, 0x3fff_ffff, i32::MAX] {
        let mut draft = t.draft();
        draft.header.version = version;
        t.accepted(&format!("version {version}"), draft);
    }
    targets(t);
    times(t);
    let mut draft = t.draft();
    draft.header.prev = BlockHash::from_bytes([7; 32]);
    t.rejected("a block on an unknown one", draft, "prev-blk-not-found");
    let mut draft = t.draft();
    draft.header.prev = BlockHash::ZERO;
    t.rejected("a second genesis block", draft, "prev-blk-not-found");
}

fn targets(t: &mut Tree) {
    let mut draft = t.draft();
    draft.proves_work = false;
    t.rejected("too little work", draft, "high-hash");
    // The nonce is turned for regtest's own target; these are judged before the work, or are easy enough.
    let cases = [
        ("a target of zero", 0, "high-hash"),
        ("a negative target", 0x2080_ffff, "high-hash"),
        ("a target above the limit", 0x2100_ffff, "high-hash"),
        ("a target that overflows", 0xff7f_ffff, "high-hash"),
        ("the target in another form", 0x2100_7fff, "bad-diffbits"),
        ("a harder target", 0x207f_fffe, "bad-diffbits"),
    ];
    for (name, bits, reason) in cases {
        let mut draft = t.draft();
        draft.header.bits = bits;
        t.rejected(name, draft, reason);
    }
}

fn times(t: &mut Tree) {
    let median = t.median_time(&t.tip);
    for (name, time, reason) in [
        ("a time at the median of eleven", median, Some("time-too-old")),
        ("a time below the median of eleven", median - 1, Some("time-too-old")),
        ("a time of zero", 0, Some("time-too-old")),
        ("a time above the median of eleven", median + 1, None),
    ] {
        let mut draft = t.draft();
        draft.header.time = time;
        t.judged(name, draft, reason);
    }
    // The clock stands at the newest block so far.
    let clock = t.clock();
    let mut draft = t.draft();
    draft.header.time = u32::MAX;
    t.rejected("the last time there is", draft, "time-too-new");
    let mut draft = t.draft();
    draft.header.time = clock + TWO_HOURS + 1;
    let block = draft.mine();
    let step = t.bad(block, "time-too-new");
    t.case("a time more than two hours ahead", vec![step]);
    let mut draft = t.draft();
    draft.header.time = clock + TWO_HOURS;
    t.accepted("a time two hours ahead", draft);
}
