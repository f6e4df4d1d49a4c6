//! Deployments nobody told us of, against a model that counts from the genesis block.

use litecast_consensus::versionbits::{
    TOP_BITS, VersionBitsCache, compute_block_version,
    unknown::{UnknownRules, UnknownRulesCache, unexpected_versions, unknown_rules},
};
use litecast_primitives::{
    BlockHash, BlockHeader, Height,
    hash::MerkleRoot,
    params::{Network, Params},
    view::{Ancestors, HeaderView},
};
use proptest::prelude::*;

use crate::model::Headers;

const WINDOW: Height = 8;
const THRESHOLD: u32 = 6;
/// Those that the versions below set most: two of known deployments, two of nobody.
const BITS: [usize; 4] = [0, 4, 27, 28];

fn params(warn_from: Height) -> Params {
    let mut params = Params::new(Network::Regtest);
    params.confirmation_window = WINDOW;
    params.rule_change_threshold = THRESHOLD;
    params.min_bip9_warning_height = warn_from;
    params
}

fn chain(versions: &[i32]) -> Headers {
    let mut chain = Headers::default();
    for (time, version) in (1..).zip(versions) {
        let prev = if chain.0.is_empty() { BlockHash::ZERO } else { chain.tip().hash };
        let merkle_root = MerkleRoot::ZERO;
        chain.push(BlockHeader { version: *version, prev, merkle_root, time, bits: 0, nonce: 0 });
    }
    chain
}

fn expected(chain: &Headers, height: Height, params: &Params, known: &VersionBitsCache) -> i32 {
    match height.checked_sub(1) {
        Some(below) => compute_block_version(&Ancestors::new(chain, below), params, known),
        None => TOP_BITS,
    }
}

/// Whether the block at `height` signals `bit` although nothing known asks for it.
fn signals_unknown(chain: &Headers, height: Height, bit: usize, params: &Params, known: &VersionBitsCache) -> bool {
    let version = chain.at(height).unwrap().header.version;
    let expected = expected(chain, height, params, known);
    height >= params.min_bip9_warning_height
        && version >> 29 == 1
        && version >> bit & 1 == 1
        && expected >> bit & 1 == 0
}

/// Windows that a bit has passed since it was locked in; `None` before that.
fn model(chain: &Headers, bit: usize, params: &Params, known: &VersionBitsCache) -> Option<u32> {
    let mut windows = None;
    let blocks = chain.tip_height() + 1;
    // The first window is never counted: only after it is the deployment started.
    for first in (WINDOW..blocks).step_by(WINDOW as usize).filter(|first| first + WINDOW <= blocks) {
        let count = (first..first + WINDOW).filter(|h| signals_unknown(chain, *h, bit, params, known)).count();
        windows = match windows {
            None if count >= THRESHOLD as usize => Some(0),
            None => None,
            Some(passed) => Some(passed + 1),
        };
    }
    windows
}

fn version() -> impl Strategy<Value = i32> {
    prop_oneof![
        5 => Just(TOP_BITS | 1 << 27),
        2 => Just(TOP_BITS | 1 << 27 | 1 << 4),
        2 => Just(TOP_BITS | 1 << 28 | 1),
        2 => Just(TOP_BITS),
        1 => any::<i32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unknown_rules_like_the_model(versions in prop::collection::vec(version(), 1..80), warn_from in 0u32..40) {
        let (params, chain) = (params(warn_from), chain(&versions));
        let (known, cache) = (VersionBitsCache::default(), UnknownRulesCache::default());
        for tip in 0..=chain.tip_height() {
            let below = Headers(chain.0.range(..=tip).map(|(height, header)| (*height, *header)).collect());
            let mut found = unknown_rules(&below, &params, &known, &cache);
            found.active.retain(|bit| BITS.contains(bit));
            found.locked_in.retain(|bit| BITS.contains(bit));
            let windows = |bit| model(&below, bit, &params, &known);
            let expected_rules = UnknownRules {
                active: BITS.into_iter().filter(|bit| windows(*bit).is_some_and(|passed| passed > 0)).collect(),
                locked_in: BITS.into_iter().filter(|bit| windows(*bit) == Some(0)).collect(),
            };
            prop_assert_eq!(found, expected_rules, "tip {}", tip);
            let odd = (tip.saturating_sub(99)..=tip).filter(|height| {
                let version = chain.at(*height).unwrap().header.version;
                version > 4 && version & !expected(&chain, *height, &params, &known) != 0
            });
            prop_assert_eq!(unexpected_versions(&below, &params, &known), odd.count());
        }
    }
}
