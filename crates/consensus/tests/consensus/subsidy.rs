//! The subsidy at its halvings (v0.21.5.5 src/test/validation_tests.cpp, block_subsidy_test).

use litecast_consensus::subsidy::block_subsidy;
use litecast_primitives::{
    Amount,
    params::{Network, Params},
};

#[test]
fn halves_at_every_interval() {
    for (network, interval) in [(Network::Main, 840_000), (Network::Test, 840_000), (Network::Regtest, 150)] {
        let params = Params::new(network);
        let mut expected = 5_000_000_000;
        for halving in 0..64u32 {
            assert_eq!(block_subsidy(halving * interval, &params), Amount(expected), "{network} {halving}");
            assert_eq!(block_subsidy((halving + 1) * interval - 1, &params), Amount(expected), "{network} {halving}");
            expected /= 2;
        }
        assert_eq!(block_subsidy(64 * interval, &params), Amount::ZERO);
        assert_eq!(block_subsidy(u32::MAX, &params), Amount::ZERO);
    }
}
