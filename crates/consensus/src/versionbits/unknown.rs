//! Deployments that this software does not know, seen by their signals
//! (v0.21.5.5 src/validation.cpp, WarningBitsConditionChecker and UpdateTip).

use std::collections::HashMap;

use litecast_primitives::{BlockHash, Height, params::Params, view::Ancestors, view::HeaderView};
use parking_lot::Mutex;

use super::{TOP_BITS, TOP_MASK, ThresholdState, VersionBitsCache, compute_block_version, window_end};

/// Bits that can signal (v0.21.5.5 src/versionbits.h, VERSIONBITS_NUM_BITS).
const NUM_BITS: usize = 29;
/// The highest version before versions became bits (v0.21.5.5 src/versionbits.h).
const LAST_OLD_BLOCK_VERSION: i32 = 4;
/// Blocks that are looked at for versions nobody expects.
const RECENT_BLOCKS: Height = 100;

type States = [ThresholdState; NUM_BITS];

/// Remembers the states of unknown deployments by the last block of a window; they never change.
#[derive(Debug, Default)]
pub struct UnknownRulesCache(Mutex<HashMap<BlockHash, States>>);

/// What unknown deployments are up to in the block on top of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownRules {
    /// Bits whose rules are in force.
    pub active: Vec<usize>,
    /// Bits whose rules will be in force after this window.
    pub locked_in: Vec<usize>,
}

/// Looks at every window up to the tip of `chain`, as far as they are not known yet.
pub fn unknown_rules(
    chain: &dyn HeaderView,
    params: &Params,
    known: &VersionBitsCache,
    cache: &UnknownRulesCache,
) -> UnknownRules {
    let period = params.confirmation_window;
    let mut states = [ThresholdState::Defined; NUM_BITS];
    let mut pending = Vec::new();
    let mut end = window_end(chain.tip_height(), period);
    while let Some(height) = end {
        let hash = chain.at(height).expect("because it is not above the tip").hash;
        let cached = cache.0.lock().get(&hash).copied();
        if let Some(cached) = cached {
            states = cached;
            break;
        }
        pending.push((height, hash));
        end = height.checked_sub(period);
    }
    while let Some((height, hash)) = pending.pop() {
        let counts = count_unknown(chain, height, params, known);
        for (state, count) in states.iter_mut().zip(counts) {
            *state = match *state {
                ThresholdState::Defined => ThresholdState::Started,
                ThresholdState::Started if count >= params.rule_change_threshold => ThresholdState::LockedIn,
                ThresholdState::LockedIn => ThresholdState::Active,
                other => other,
            };
        }
        cache.0.lock().insert(hash, states);
    }
    let bits_in = |wanted| (0..NUM_BITS).filter(|bit| states[*bit] == wanted).collect();
    UnknownRules { active: bits_in(ThresholdState::Active), locked_in: bits_in(ThresholdState::LockedIn) }
}

/// Signals per bit in the window that ends at `last`, without those of deployments that are being decided.
fn count_unknown(chain: &dyn HeaderView, last: Height, params: &Params, known: &VersionBitsCache) -> [u32; NUM_BITS] {
    let mut counts = [0; NUM_BITS];
    if last < params.min_bip9_warning_height {
        return counts;
    }
    let first = (last + 1).saturating_sub(params.confirmation_window);
    let expected = expected_version(chain, first, params, known);
    for height in first.max(params.min_bip9_warning_height)..=last {
        let Some(block) = chain.at(height) else { continue };
        let version = block.header.version.cast_unsigned();
        if version & TOP_MASK != TOP_BITS.cast_unsigned() {
            continue;
        }
        let unknown = version & !expected.cast_unsigned();
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += unknown >> bit & 1;
        }
    }
    counts
}

/// What a block at `height` is expected to signal; the same in all of a window.
fn expected_version(chain: &dyn HeaderView, height: Height, params: &Params, known: &VersionBitsCache) -> i32 {
    match height.checked_sub(1) {
        Some(below) => compute_block_version(&Ancestors::new(chain, below), params, known),
        // Below the genesis block only what is always active has a state.
        None => TOP_BITS,
    }
}

/// How many of the last blocks have versions that nobody expects.
pub fn unexpected_versions(chain: &dyn HeaderView, params: &Params, known: &VersionBitsCache) -> usize {
    let tip = chain.tip_height();
    let mut first = tip.saturating_sub(RECENT_BLOCKS - 1);
    let mut found = 0;
    while first <= tip {
        let last = tip.min(first + (params.confirmation_window - 1 - first % params.confirmation_window));
        let expected = expected_version(chain, first, params, known);
        let versions = (first..=last).filter_map(|height| chain.at(height)).map(|block| block.header.version);
        found += versions.filter(|version| *version > LAST_OLD_BLOCK_VERSION && version & !expected != 0).count();
        first = last + 1;
    }
    found
}
