//! Deployments by version bits: states, statistics and the version that signals (BIP9, BIP8;
//! v0.21.5.5 src/versionbits.cpp, src/validation.cpp ComputeBlockVersion).

pub mod unknown;

use std::collections::HashMap;

use litecast_primitives::{
    BlockHash, Height,
    params::{Deployment, DeploymentId, Params, ScheduleKind},
    view::{Ancestors, HeaderView},
};
use parking_lot::Mutex;

/// The bits that mark a version as a set of signals.
pub const TOP_BITS: i32 = 0x2000_0000;
const TOP_MASK: u32 = 0xe000_0000;

/// Where a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdState {
    /// Not begun.
    Defined,
    /// Counting signals.
    Started,
    /// Enough signals; one window to prepare.
    LockedIn,
    /// In force.
    Active,
    /// Not enough signals in time.
    Failed,
}

impl ThresholdState {
    /// The name in `getblockchaininfo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Defined => "defined",
            Self::Started => "started",
            Self::LockedIn => "locked_in",
            Self::Active => "active",
            Self::Failed => "failed",
        }
    }
}

/// Signals in the current window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Length of the window.
    pub period: Height,
    /// Signals needed.
    pub threshold: u32,
    /// Blocks of the window so far.
    pub elapsed: Height,
    /// Signals so far.
    pub count: u32,
    /// Whether the threshold can still be reached.
    pub possible: bool,
}

/// Remembers states by deployment and last block of a window; states never change.
#[derive(Debug, Default)]
pub struct VersionBitsCache(Mutex<HashMap<(DeploymentId, BlockHash), ThresholdState>>);

fn signals(version: i32, deployment: &Deployment) -> bool {
    let bits = version.cast_unsigned();
    bits & TOP_MASK == TOP_BITS.cast_unsigned() && bits >> deployment.bit & 1 != 0
}

/// State of a deployment for the block on top of `chain`; `None` is the chain below the genesis block.
pub fn state(
    chain: Option<&dyn HeaderView>,
    id: DeploymentId,
    params: &Params,
    cache: &VersionBitsCache,
) -> ThresholdState {
    let deployment = params.deployment(id);
    let by_height = match deployment.kind() {
        ScheduleKind::Always => return ThresholdState::Active,
        ScheduleKind::Never => return ThresholdState::Failed,
        kind => kind == ScheduleKind::Heights,
    };
    let Some(chain) = chain else { return ThresholdState::Defined };
    let period = params.confirmation_window;
    // All blocks of a window share the state, which is computed for the last block of the window before.
    let mut end = window_end(chain.tip_height(), period);
    let mut pending = Vec::new();
    let mut found = ThresholdState::Defined;
    let begun = |height: Height| {
        if by_height {
            i64::from(height) + 1 >= deployment.start_height
        } else {
            chain.median_time_past(height) >= deployment.start_time
        }
    };
    while let Some(height) = end {
        let key = (id, chain.at(height).expect("because it is not above the tip").hash);
        let known = cache.0.lock().get(&key).copied();
        if let Some(state) = known {
            found = state;
            break;
        }
        if !begun(height) {
            cache.0.lock().insert(key, ThresholdState::Defined);
            break;
        }
        pending.push((height, key));
        end = height.checked_sub(period);
    }
    while let Some((height, key)) = pending.pop() {
        found = match found {
            ThresholdState::Defined if begun(height) => ThresholdState::Started,
            ThresholdState::Started => {
                let count = count_signals(chain, height, period, deployment);
                let over = if by_height {
                    i64::from(height) + 1 >= deployment.timeout_height
                } else {
                    chain.median_time_past(height) >= deployment.timeout
                };
                match (count >= params.rule_change_threshold, over) {
                    (true, _) => ThresholdState::LockedIn,
                    (false, true) if by_height => ThresholdState::LockedIn,
                    (false, true) => ThresholdState::Failed,
                    (false, false) => ThresholdState::Started,
                }
            }
            ThresholdState::LockedIn => ThresholdState::Active,
            other => other,
        };
        cache.0.lock().insert(key, found);
    }
    found
}

/// Last block of the last whole window at or below `height`; `None` inside of the first window.
fn window_end(height: Height, period: Height) -> Option<Height> {
    height.checked_sub((height + 1) % period)
}

fn count_signals(chain: &dyn HeaderView, last: Height, blocks: Height, deployment: &Deployment) -> u32 {
    let first = (last + 1).saturating_sub(blocks);
    let count = (first..=last)
        .filter(|height| chain.at(*height).is_some_and(|h| signals(h.header.version, deployment)))
        .count();
    u32::try_from(count).expect("because a window has at most u32::MAX blocks")
}

/// Signals in the window that the tip lies in.
pub fn statistics(chain: &dyn HeaderView, id: DeploymentId, params: &Params) -> Statistics {
    let (period, threshold) = (params.confirmation_window, params.rule_change_threshold);
    let elapsed = (chain.tip_height() + 1) % period;
    let count = if elapsed == 0 { 0 } else { count_signals(chain, chain.tip_height(), elapsed, params.deployment(id)) };
    Statistics { period, threshold, elapsed, count, possible: period - threshold >= elapsed - count }
}

/// Height since which the deployment has the state it has for the block on top of `chain`.
pub fn since_height(chain: &dyn HeaderView, id: DeploymentId, params: &Params, cache: &VersionBitsCache) -> Height {
    if matches!(params.deployment(id).kind(), ScheduleKind::Always | ScheduleKind::Never) {
        return 0;
    }
    let now = state(Some(chain), id, params, cache);
    if now == ThresholdState::Defined {
        return 0;
    }
    let period = params.confirmation_window;
    let Some(mut end) = window_end(chain.tip_height(), period) else { return 0 };
    while let Some(before) = end.checked_sub(period) {
        if state(Some(&Ancestors::new(chain, before)), id, params, cache) != now {
            break;
        }
        end = before;
    }
    end + 1
}

/// The version of a block on top of `chain` that signals for everything that is being decided.
pub fn compute_block_version(chain: &dyn HeaderView, params: &Params, cache: &VersionBitsCache) -> i32 {
    DeploymentId::ALL.into_iter().fold(TOP_BITS, |version, id| match state(Some(chain), id, params, cache) {
        ThresholdState::LockedIn | ThresholdState::Started => version | 1 << params.deployment(id).bit,
        _ => version,
    })
}

/// Whether the block on top of `chain` must carry an extension block.
pub fn is_mweb_active(chain: Option<&dyn HeaderView>, params: &Params, cache: &VersionBitsCache) -> bool {
    state(chain, DeploymentId::Mweb, params, cache) == ThresholdState::Active
}
