//! What a block may create (v0.21.5.5 src/validation.cpp, GetBlockSubsidy).

use litecast_primitives::{Amount, Height, params::Params};

/// New coins of the block at a height: 50 LTC, halved every 840,000 blocks (150 on regtest).
pub fn block_subsidy(height: Height, params: &Params) -> Amount {
    let halvings = height / params.subsidy_halving_interval;
    Amount(if halvings >= 64 { 0 } else { (50 * Amount::COIN.0) >> halvings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use litecast_primitives::params::Network;

    // v0.21.5.5 src/test/validation_tests.cpp, subsidy_limit_test: the sum over mainnet's first 56,000,000 blocks.
    #[test]
    fn mainnet_total() {
        let params = Params::new(Network::Main);
        let total: i64 = (0..56_000_000).step_by(1000).map(|h| block_subsidy(h, &params).0 * 1000).sum();
        assert_eq!(total, 8_399_999_990_760_000);
        assert_eq!(block_subsidy(839_999, &params).0, 50 * Amount::COIN.0);
        assert_eq!(block_subsidy(840_000, &params).0, 25 * Amount::COIN.0);
        assert_eq!(block_subsidy(u32::MAX, &params), Amount::ZERO);
    }
}
