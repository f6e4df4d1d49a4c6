//! Tells peers which transactions are not worth sending (BIP133; v0.21.5.5 src/net_processing.cpp, SendMessages;
//! src/policy/fees.cpp, FeeFilterRounder).

use std::time::Duration;

use litecast_primitives::Amount;
use rand::{Rng, RngExt};

use super::{
    Context, Fsm,
    addresses::poisson_next,
    input::{PeerId, Permissions},
    peer::Peer,
};
use crate::{message::Message, time::Time};

/// From here on BIP133 (v0.21.5.5 src/version.h).
const FEEFILTER_VERSION: i32 = 70_013;
/// On average (AVG_FEEFILTER_BROADCAST_INTERVAL).
const INTERVAL: Duration = Duration::from_secs(10 * 60);
/// After a large change no later than this (MAX_FEEFILTER_CHANGE_DELAY).
const MAX_CHANGE_DELAY: Duration = Duration::from_secs(5 * 60);
/// Half of the default of `-minrelaytxfee`.
const LOWEST: f64 = 500.0;
const HIGHEST: f64 = 1e7;
const SPACING: f64 = 1.1;

/// Hides the exact fee rate of the mempool: each rate becomes one of the two steps around it.
#[derive(Debug)]
pub(super) struct FeeFilterRounder(Vec<f64>);

impl FeeFilterRounder {
    pub(super) fn new() -> Self {
        let steps = std::iter::successors(Some(LOWEST), |step| Some(step * SPACING).filter(|next| *next <= HIGHEST));
        Self(std::iter::once(0.0).chain(steps).collect())
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as in the reference")]
    fn round(&self, rate: i64, rng: &mut impl Rng) -> i64 {
        let at = self.0.partition_point(|step| *step < rate as f64);
        let down = (at > 0 && rng.random_range(0..3) != 0) || at == self.0.len();
        self.0[at - usize::from(down)] as i64
    }

    /// What says that nothing is wanted.
    #[expect(clippy::cast_possible_truncation, reason = "as in the reference")]
    fn highest(&self) -> i64 {
        self.0[self.0.len() - 1] as i64
    }
}

impl Fsm {
    pub(super) fn send_fee_filter(&mut self, cx: Context<'_>, id: PeerId) {
        let state = &mut self.transactions;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        // From those with `forcerelay` everything is wanted.
        let wanted = self.config.fee_filter
            && peer.common_version >= FEEFILTER_VERSION
            && !peer.permissions.has(Permissions::FORCERELAY);
        let Some(relay) = peer.relay.as_mut().filter(|_| wanted) else { return };
        let initial_download = cx.chain.is_initial_download();
        let rate = if initial_download { Amount::MAX_MONEY.0 } else { cx.chain.min_fee() };
        if !initial_download && relay.last_fee_filter == state.rounder.highest() {
            relay.next_fee_filter = cx.clock;
        }
        if relay.next_fee_filter <= cx.clock {
            let told = state.rounder.round(rate, &mut state.rng).max(self.config.min_relay_fee);
            relay.next_fee_filter = poisson_next(&mut state.rng, cx.clock, INTERVAL);
            if told != relay.last_fee_filter {
                relay.last_fee_filter = told;
                self.send(id, &Message::FeeFilter(told));
            }
        } else if cx.clock + MAX_CHANGE_DELAY < relay.next_fee_filter
            && (rate < 3 * relay.last_fee_filter / 4 || rate > 4 * relay.last_fee_filter / 3)
        {
            relay.next_fee_filter = cx.clock + state.rng.random_range(Duration::ZERO..MAX_CHANGE_DELAY);
        }
    }

    /// When a peer may have to be told another rate.
    pub(super) fn next_fee_filter(&self, peer: &Peer) -> Time {
        match &peer.relay {
            Some(relay) if self.config.fee_filter && relay.next_fee_filter > Time::default() => relay.next_fee_filter,
            _ => Time::NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn rates_become_one_of_two_steps() {
        // After v0.21.5.5 src/test/fuzz/fees.cpp and BIP133: nothing above the limit, never up past the next step.
        let rounder = FeeFilterRounder::new();
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(rounder.round(0, &mut rng), 0);
        for rate in [1, 499, 500, 501, 1000, 12_345, 9_000_000] {
            let mut seen: Vec<i64> = (0..100).map(|_| rounder.round(rate, &mut rng)).collect();
            let down = seen.iter().filter(|told| **told <= rate).count();
            seen.sort_unstable();
            seen.dedup();
            let [low, high] = seen[..] else { panic!("{rate} becomes {seen:?}") };
            assert!(
                low < rate && rate <= high + 1 && (low == 0 || high * 10 <= low * 11 + 20),
                "{rate}: {low}, {high}"
            );
            assert!(rate == 500 || (45..90).contains(&down), "two of three go down: {down}");
        }
        assert_eq!(rounder.round(Amount::MAX_MONEY.0, &mut rng), rounder.highest());
        assert!((9_000_000..=10_000_000).contains(&rounder.highest()));
    }
}
