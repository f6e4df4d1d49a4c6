//! Deployments against a model that walks from the genesis block, window by window, and remembers nothing.

use litecast_consensus::versionbits::{
    Statistics, TOP_BITS, ThresholdState, VersionBitsCache, compute_block_version, since_height, state, statistics,
};
use litecast_primitives::{
    BlockHash, BlockHeader, Height,
    hash::MerkleRoot,
    params::{Deployment, DeploymentId, Network, Params},
    view::{Ancestors, HeaderView},
};
use proptest::prelude::*;

use crate::model::Headers;

const ID: DeploymentId = DeploymentId::Mweb;
const BIT: u8 = 4;
const START: u32 = 1_000_000;

fn params(window: Height, threshold: u32, deployment: Deployment) -> Params {
    let mut params = Params::new(Network::Regtest);
    params.confirmation_window = window;
    params.rule_change_threshold = threshold;
    params.deployments[ID as usize] = deployment;
    params
}

fn by_heights(start_height: i64, timeout_height: i64) -> Deployment {
    Deployment { bit: BIT, start_time: 0, timeout: 0, start_height, timeout_height }
}

fn by_times(start: u32, timeout: u32) -> Deployment {
    Deployment {
        bit: BIT,
        start_time: (START + start).into(),
        timeout: (START + timeout).into(),
        start_height: 0,
        timeout_height: 0,
    }
}

/// A chain of blocks that wait `delays` seconds after the median time below and have these versions.
fn extend(chain: &mut Headers, blocks: &[(u32, i32)], nonce: u32) {
    for (delay, version) in blocks {
        let (prev, time) = match chain.0.len() {
            0 => (BlockHash::ZERO, START),
            _ => {
                let median = chain.median_time_past(chain.tip_height());
                (chain.tip().hash, u32::try_from(median).unwrap() + 1 + delay)
            }
        };
        chain.push(BlockHeader { version: *version, prev, merkle_root: MerkleRoot::ZERO, time, bits: 0, nonce });
    }
}

fn signals(chain: &Headers, height: Height) -> bool {
    let version = chain.at(height).unwrap().header.version.cast_unsigned();
    // BIP9: the top three bits are 001.
    version >> 29 == 1 && version & 1 << BIT != 0
}

/// The state for a block at `height`.
fn model(chain: &Headers, height: Height, params: &Params) -> ThresholdState {
    let deployment = params.deployment(ID);
    let by_height = (deployment.start_time, deployment.timeout) == (0, 0);
    let mut state = ThresholdState::Defined;
    let window = params.confirmation_window;
    for first in (window..=height).step_by(usize::try_from(window).unwrap()) {
        let median = chain.median_time_past(first - 1);
        let reached = |at: i64, time: i64| if by_height { i64::from(first) >= at } else { median >= time };
        state = match state {
            ThresholdState::Defined if reached(deployment.start_height, deployment.start_time) => {
                ThresholdState::Started
            }
            ThresholdState::Started => {
                let count = (first - window..first).filter(|height| signals(chain, *height)).count();
                let over = reached(deployment.timeout_height, deployment.timeout);
                if count >= usize::try_from(params.rule_change_threshold).unwrap() || over && by_height {
                    ThresholdState::LockedIn
                } else if over {
                    ThresholdState::Failed
                } else {
                    ThresholdState::Started
                }
            }
            ThresholdState::LockedIn => ThresholdState::Active,
            same => same,
        };
    }
    state
}

fn below(chain: &Headers, height: Height) -> Ancestors<'_> {
    Ancestors::new(chain, height - 1)
}

fn version() -> impl Strategy<Value = i32> {
    prop_oneof![
        4 => Just(TOP_BITS | 1 << BIT),
        3 => Just(TOP_BITS),
        // The bit without the top bits, with others, and both in a negative version.
        1 => Just(1 << BIT),
        1 => Just(0x4000_0000 | 1 << BIT),
        1 => any::<i32>(),
    ]
}

fn deployment() -> impl Strategy<Value = Deployment> {
    prop_oneof![
        (0i64..60, 0i64..120).prop_map(|(start, end)| by_heights(start, end)),
        (0u32..2000, 0u32..6000).prop_map(|(start, end)| by_times(start, end)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// States, the height they are in force since and the statistics, asked in any order, on two branches that share
    /// one cache.
    #[test]
    fn equals_the_model(
        window in 2u32..12,
        share in 1u32..=12,
        deployment in deployment(),
        trunk in proptest::collection::vec((0u32..100, version()), 1..60),
        branches in proptest::collection::vec(proptest::collection::vec((0u32..100, version()), 0..50), 2),
        order in proptest::collection::vec((0usize..2, any::<prop::sample::Index>()), 1..40),
    ) {
        let params = params(window, share.min(window), deployment);
        let mut chain = Headers::default();
        extend(&mut chain, &trunk, 0);
        let chains: Vec<Headers> = (0u32..).zip(&branches).map(|(nonce, blocks)| {
            let mut branch = chain.clone();
            extend(&mut branch, blocks, nonce);
            branch
        }).collect();
        let cache = VersionBitsCache::default();
        for (branch, index) in order {
            let chain = &chains[branch];
            let height = Height::try_from(index.index(chain.0.len())).unwrap() + 1;
            let expected = model(chain, height, &params);
            let view = below(chain, height);
            prop_assert_eq!(state(Some(&view), ID, &params, &cache), expected, "height {}", height);

            let since = (1..=height).rev().take_while(|h| model(chain, *h, &params) == expected).last().unwrap();
            let since = if expected == ThresholdState::Defined { 0 } else { since };
            prop_assert_eq!(since_height(&view, ID, &params, &cache), since, "height {}", height);

            let elapsed = height % window;
            let count = (height - elapsed..height).filter(|h| signals(chain, *h)).count();
            let count = u32::try_from(count).unwrap();
            let threshold = params.rule_change_threshold;
            let possible = count + (window - elapsed) >= threshold;
            let expected_statistics = Statistics { period: window, threshold, elapsed, count, possible };
            prop_assert_eq!(statistics(&view, ID, &params), expected_statistics);

            let deciding = matches!(expected, ThresholdState::Started | ThresholdState::LockedIn);
            prop_assert_eq!(compute_block_version(&view, &params, &cache) & 1 << BIT != 0, deciding);
        }
    }
}

/// Litecoin's activation by heights (BIP8 with lock-in): signals or not, it comes.
#[test]
fn heights_lock_in_at_the_timeout() {
    let params = params(10, 8, by_heights(20, 40));
    let mut silent = Headers::default();
    extend(&mut silent, &[(1, TOP_BITS); 80], 0);
    let mut loud = Headers::default();
    extend(&mut loud, &[(1, TOP_BITS | 1 << BIT); 80], 0);
    for (chain, started, locked_in, active) in [(&silent, 20, 40, 50), (&loud, 20, 30, 40)] {
        let cache = VersionBitsCache::default();
        for height in 1..=80 {
            let expected = match height {
                _ if height >= active => ThresholdState::Active,
                _ if height >= locked_in => ThresholdState::LockedIn,
                _ if height >= started => ThresholdState::Started,
                _ => ThresholdState::Defined,
            };
            assert_eq!(state(Some(&below(chain, height)), ID, &params, &cache), expected, "height {height}");
        }
    }
}

/// Exactly at the threshold, one below, and in the last window before the end.
#[test]
fn times_fail_without_enough_signals() {
    let window = |signalling: usize| {
        let mut blocks = vec![(0, TOP_BITS | 1 << BIT); signalling];
        blocks.resize(10, (0, TOP_BITS));
        blocks
    };
    for (signalling, timeout, expected) in [
        (8, u32::MAX - START, ThresholdState::LockedIn),
        (7, u32::MAX - START, ThresholdState::Started),
        (8, 1, ThresholdState::LockedIn),
        (7, 1, ThresholdState::Failed),
    ] {
        let params = params(10, 8, by_times(0, timeout));
        let mut chain = Headers::default();
        extend(&mut chain, &window(0), 0);
        extend(&mut chain, &window(signalling), 0);
        let cache = VersionBitsCache::default();
        assert_eq!(state(Some(&below(&chain, 20)), ID, &params, &cache), expected, "{signalling} until {timeout}");
    }
}

/// Median times decide from the second on at which they are reached.
#[test]
fn times_are_reached_to_the_second() {
    let mut chain = Headers::default();
    extend(&mut chain, &[(0, TOP_BITS); 30], 0);
    // Seconds from START to the median times of the ends of the first and second window.
    let [first, second] = [9, 19].map(|height| u32::try_from(chain.median_time_past(height)).unwrap() - START);
    for (start, timeout, expected) in [
        (first, second, ThresholdState::Failed),
        (first, second + 1, ThresholdState::Started),
        (first + 1, second, ThresholdState::Started),
        (second + 1, second, ThresholdState::Defined),
    ] {
        let params = params(10, 8, by_times(start, timeout));
        let found = state(Some(&below(&chain, 20)), ID, &params, &VersionBitsCache::default());
        assert_eq!(found, expected, "{start} until {timeout}");
    }
}

#[test]
fn always_and_never() {
    let mut chain = Headers::default();
    extend(&mut chain, &[(1, TOP_BITS); 3], 0);
    for (start_time, expected) in [(-1, ThresholdState::Active), (-2, ThresholdState::Failed)] {
        let deployment = Deployment { start_time, ..by_heights(0, 0) };
        let params = params(2, 1, deployment);
        let cache = VersionBitsCache::default();
        assert_eq!(state(None, ID, &params, &cache), expected);
        assert_eq!(state(Some(&chain), ID, &params, &cache), expected);
        assert_eq!(since_height(&chain, ID, &params, &cache), 0);
    }
}
