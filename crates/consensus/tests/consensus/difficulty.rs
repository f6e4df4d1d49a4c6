//! Targets at the edges that no recorded header has met.

use litecast_consensus::pow::{check_proof_of_work, next_work_required};
use litecast_primitives::{
    BlockHash, BlockHeader, Height,
    hash::MerkleRoot,
    params::{Network, Params},
};

use crate::model::Headers;

fn header(time: u32, bits: u32) -> BlockHeader {
    BlockHeader { version: 1, prev: BlockHash::ZERO, merkle_root: MerkleRoot::ZERO, time, bits, nonce: 0 }
}

/// What follows a window from `first` to `last` seconds whose last block is at `height`.
fn retarget(height: Height, first: u32, last: u32, bits: u32) -> u32 {
    let mut chain = Headers::default();
    chain.insert(height - if height == 2015 { 2015 } else { 2016 }, header(first, bits));
    chain.insert(height, header(last, bits));
    next_work_required(&chain, last, &Params::new(Network::Main))
}

// v0.21.5.5 src/test/pow_tests.cpp, get_next_work*
#[test]
fn retargets_of_the_references_tests() {
    assert_eq!(retarget(280_223, 1_358_118_740, 1_358_378_777, 0x1c0a_c141), 0x1c09_3f8d);
    assert_eq!(retarget(2_015, 1_317_972_665, 1_318_480_354, 0x1e0f_fff0), 0x1e0f_ffff);
    assert_eq!(retarget(578_591, 1_401_682_934, 1_401_757_934, 0x1b07_5cf1), 0x1b01_d73c);
    assert_eq!(retarget(1_001_951, 1_463_690_315, 1_464_900_315, 0x1b01_5318), 0x1b05_4c60);
}

/// The easiest target times the longest window needs 257 bits: it must not wrap into a hard one.
#[test]
fn a_slow_window_at_the_easiest_target() {
    assert_eq!(retarget(4_031, 1_400_000_000, 1_410_000_000, 0x1e0f_ffff), 0x1e0f_ffff);
    // Time that runs backwards counts as a quarter of the window.
    assert_eq!(retarget(4_031, 1_400_000_000, 1_300_000_000, 0x1e0f_ffff), 0x1e03_ffff);
}

#[test]
fn five_minutes_without_a_block_on_testnet() {
    let params = Params::new(Network::Test);
    let (limit, hard) = (0x1e0f_ffff, 0x1d00_ffff);
    let mut chain = Headers::default();
    chain.insert(2_016, header(1_000, hard));
    chain.insert(2_017, header(1_150, hard));
    assert_eq!(next_work_required(&chain, 1_450, &params), hard);
    assert_eq!(next_work_required(&chain, 1_451, &params), limit);
    // Blocks that used the exception do not count, down to the first one of the window.
    chain.insert(2_018, header(1_451, limit));
    chain.insert(2_019, header(1_800, limit));
    assert_eq!(next_work_required(&chain, 1_801, &params), hard);
    chain.insert(2_016, header(1_000, limit));
    chain.insert(2_017, header(1_150, limit));
    chain.insert(2_015, header(900, hard));
    assert_eq!(next_work_required(&chain, 1_801, &params), limit);
    // Mainnet knows no exception.
    assert_eq!(next_work_required(&chain, 9_999, &Params::new(Network::Main)), limit);
    chain.insert(2_020, header(1_801, hard));
    assert_eq!(next_work_required(&chain, 9_999, &Params::new(Network::Main)), hard);
}

// v0.21.5.5 src/test/pow_tests.cpp, CheckProofOfWork_test_*
#[test]
fn targets_that_nobody_can_meet() {
    let params = Params::new(Network::Main);
    let mut one = [0; 32];
    one[0] = 1;
    let mut most = [0; 32];
    most[27..30].copy_from_slice(&[0xff, 0xff, 0x0f]);
    let mut one_more = most;
    one_more[0] = 1;
    for (hash, bits, passes) in [
        (one, 0x1e0f_ffff, true),
        (most, 0x1e0f_ffff, true),
        (one_more, 0x1e0f_ffff, false),
        // Negative, overflowing, easier than the limit, zero.
        (one, 0x1e8f_ffff, false),
        (one, 0xff0f_ffff, false),
        (one, 0x1e10_0000, false),
        (one, 0, false),
        (one, 0x1e00_0000, false),
    ] {
        assert_eq!(check_proof_of_work(&hash, bits, &params), passes, "{bits:08x}");
    }
    // What an overflow leaves over is within regtest's limit.
    assert!(!check_proof_of_work(&one, 0x2200_0101, &Params::new(Network::Regtest)));
}
