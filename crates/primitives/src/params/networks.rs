//! The three parameter sets.

use super::{AddressPrefixes, Deployment, MwebParams, Network, Params, genesis};
use crate::{
    arith::U256,
    hash::{BlockHash, MwebHash},
};

const SPACING: i64 = 150;
const TIMESPAN: i64 = 302_400;
/// Litecoin's easiest target outside of regtest: 20 zero bits.
const POW_LIMIT: U256 = U256([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 20]);
/// 2f3a08d9f5ef5f388386c11efe935394b14b524220cff4ec5c81942b82e694f7, in natural order.
const FROZEN_OUTPUT: MwebHash = MwebHash([
    0x2f, 0x3a, 0x08, 0xd9, 0xf5, 0xef, 0x5f, 0x38, 0x83, 0x86, 0xc1, 0x1e, 0xfe, 0x93, 0x53, 0x94, 0xb1, 0x4b, 0x52,
    0x42, 0x20, 0xcf, 0xf4, 0xec, 0x5c, 0x81, 0x94, 0x2b, 0x82, 0xe6, 0x94, 0xf7,
]);
const LOCK_HEIGHT_ENFORCED_ABOVE: u32 = 3_110_000;

const fn by_heights(bit: u8, start_height: i64, timeout_height: i64) -> Deployment {
    Deployment { bit, start_time: 0, timeout: 0, start_height, timeout_height }
}

const fn by_times(bit: u8, start_time: i64) -> Deployment {
    Deployment { bit, start_time, timeout: Deployment::NO_TIMEOUT, start_height: 0, timeout_height: 0 }
}

pub(super) fn main() -> Params {
    Params {
        network: Network::Main,
        magic: [0xfb, 0xc0, 0xb6, 0xdb],
        port: 9333,
        rpc_port: 9332,
        data_subdir: "",
        dns_seeds: &[
            "seed-a.litecoin.loshan.co.uk",
            "dnsseed.thrasher.io",
            "dnsseed.litecointools.com",
            "dnsseed.litecoinpool.org",
            "dnsseed.koin-project.com",
        ],
        genesis: genesis(1_317_972_665, 2_084_524_493, 0x1e0f_fff0),
        subsidy_halving_interval: 840_000,
        bip16_height: 218_579,
        bip34_height: 710_000,
        bip34_hash: Some(BlockHash::from_display("fa09d204a83a768ed5a7c8d441fa62f2043abf420cff1226c7b4329aeb9d51cf")),
        bip65_height: 918_684,
        bip66_height: 811_879,
        csv_height: 1_201_536,
        segwit_height: 1_201_536,
        min_bip9_warning_height: 1_209_600,
        pow_limit: POW_LIMIT,
        pow_target_timespan: TIMESPAN,
        pow_target_spacing: SPACING,
        allow_min_difficulty_blocks: false,
        no_retargeting: false,
        rule_change_threshold: 6048,
        confirmation_window: 8064,
        deployments: [
            by_times(28, Deployment::NEVER_ACTIVE),
            by_heights(2, 2_161_152, 2_370_816),
            by_heights(4, 2_217_600, 2_427_264),
        ],
        // 0x146878abee06fa883e0a
        minimum_chain_work: U256([0x78ab_ee06_fa88_3e0a, 0x1468, 0, 0]),
        assume_valid: Some(BlockHash::from_display("80cdb35c080484df5bf384b311fde3c4694d3405765bc0f596e9eb369ff286e5")),
        checkpoints: vec![
            (1_500, BlockHash::from_display("841a2965955dd288cfa707a755d05a54e45f8bd476835ec9af4402a2b59a2967")),
            (4_032, BlockHash::from_display("9ce90e427198fc0ef05e5905ce3503725b80e26afd35a987965fd7e3d9cf0846")),
            (8_064, BlockHash::from_display("eb984353fc5190f210651f150c40b8a4bab9eeeff0b729fcb3987da694430d70")),
            (16_128, BlockHash::from_display("602edf1859b7f9a6af809f1d9b0e6cb66fdc1d4d9dcd7a4bec03e12a1ccd153d")),
            (23_420, BlockHash::from_display("d80fdf9ca81afd0bd2b2a90ac3a9fe547da58f2530ec874e978fce0b5101b507")),
            (50_000, BlockHash::from_display("69dc37eb029b68f075a5012dcc0419c127672adb4f3a32882b2b3e71d07a20a6")),
            (80_000, BlockHash::from_display("4fcb7c02f676a300503f49c764a89955a8f920b46a8cbecb4867182ecdb2e90a")),
            (120_000, BlockHash::from_display("bd9d26924f05f6daa7f0155f32828ec89e8e29cee9e7121b026a7a3552ac6131")),
            (161_500, BlockHash::from_display("dbe89880474f4bb4f75c227c77ba1cdc024991123b28b8418dbbf7798471ff43")),
            (179_620, BlockHash::from_display("2ad9c65c990ac00426d18e446e0fd7be2ffa69e9a7dcb28358a50b2b78b9f709")),
            (240_000, BlockHash::from_display("7140d1c4b4c2157ca217ee7636f24c9c73db39c4590c4e6eab2e3ea1555088aa")),
            (383_640, BlockHash::from_display("2b6809f094a9215bafc65eb3f110a35127a34be94b7d0590a096c3f126c6f364")),
            (409_004, BlockHash::from_display("487518d663d9f1fa08611d9395ad74d982b667fbdc0e77e9cf39b4f1355908a3")),
            (456_000, BlockHash::from_display("bf34f71cc6366cd487930d06be22f897e34ca6a40501ac7d401be32456372004")),
            (638_902, BlockHash::from_display("15238656e8ec63d28de29a8c75fcf3a5819afc953dcd9cc45cecc53baec74f38")),
            (721_000, BlockHash::from_display("198a7b4de1df9478e2463bd99d75b714eab235a2e63e741641dc8a759a9840e5")),
        ],
        addresses: AddressPrefixes {
            pubkey: 48,
            script_legacy: 5,
            script: 50,
            secret: 176,
            ext_public: [0x04, 0x88, 0xb2, 0x1e],
            ext_secret: [0x04, 0x88, 0xad, 0xe4],
            bech32_hrp: "ltc",
            mweb_hrp: "ltcmweb",
        },
        mweb: MwebParams {
            input_metadata_grandfather: Some(BlockHash::from_display(
                "d1695b5d115f86927a9763768218118ba88b315844e1a0681fa08f6f008be622",
            )),
            frozen_outputs: vec![FROZEN_OUTPUT],
            lock_height_enforced_above: LOCK_HEIGHT_ENFORCED_ABOVE,
        },
        require_standard: true,
        is_mockable: false,
    }
}

const fn test_addresses(bech32_hrp: &'static str) -> AddressPrefixes {
    AddressPrefixes {
        pubkey: 111,
        script_legacy: 196,
        script: 58,
        secret: 239,
        ext_public: [0x04, 0x35, 0x87, 0xcf],
        ext_secret: [0x04, 0x35, 0x83, 0x94],
        bech32_hrp,
        mweb_hrp: "tmweb",
    }
}

pub(super) fn test() -> Params {
    Params {
        network: Network::Test,
        magic: [0xfd, 0xd2, 0xc8, 0xf1],
        port: 19335,
        rpc_port: 19332,
        data_subdir: "testnet4",
        dns_seeds: &["testnet-seed.litecointools.com", "seed-b.litecoin.loshan.co.uk", "dnsseed-testnet.thrasher.io"],
        genesis: genesis(1_486_949_366, 293_345, 0x1e0f_fff0),
        subsidy_halving_interval: 840_000,
        bip16_height: 0,
        bip34_height: 76,
        bip34_hash: Some(BlockHash::from_display("8075c771ed8b495ffd943980a95f702ab34fce3c8c54e379548bda33cc8c0573")),
        bip65_height: 76,
        bip66_height: 76,
        csv_height: 6048,
        segwit_height: 6048,
        min_bip9_warning_height: 8064,
        pow_limit: POW_LIMIT,
        pow_target_timespan: TIMESPAN,
        pow_target_spacing: SPACING,
        allow_min_difficulty_blocks: true,
        no_retargeting: false,
        rule_change_threshold: 1512,
        confirmation_window: 2016,
        deployments: [
            by_times(28, Deployment::NEVER_ACTIVE),
            by_heights(2, 2_225_664, 2_435_328),
            by_heights(4, 2_209_536, 2_419_200),
        ],
        minimum_chain_work: U256([0x0042_60a1_758f_04aa, 0, 0, 0]),
        assume_valid: Some(BlockHash::from_display("4a280c0e150e3b74ebe19618e6394548c8a39d5549fd9941b9c431c73822fbd5")),
        checkpoints: vec![
            (300, BlockHash::from_display("54e6075affe658d6574e04c9245a7920ad94dc5af8f5b37fd9a094e317769740")),
            (2_056, BlockHash::from_display("17748a31ba97afdc9a4f86837a39d287e3e7c7290a08a1d816c5969c78a83289")),
            (2_352_616, BlockHash::from_display("7540437e7bf7831fa872ba8cfae85951a1e5dbb04c201b6f5def934d9299f3c2")),
        ],
        addresses: test_addresses("tltc"),
        mweb: MwebParams {
            input_metadata_grandfather: None,
            frozen_outputs: Vec::new(),
            lock_height_enforced_above: LOCK_HEIGHT_ENFORCED_ABOVE,
        },
        require_standard: false,
        is_mockable: false,
    }
}

pub(super) fn regtest() -> Params {
    let genesis = genesis(1_296_688_602, 0, 0x207f_ffff);
    Params {
        network: Network::Regtest,
        magic: [0xfa, 0xbf, 0xb5, 0xda],
        port: 19444,
        rpc_port: 19443,
        data_subdir: "regtest",
        dns_seeds: &[],
        checkpoints: vec![(0, genesis.hash())],
        genesis,
        subsidy_halving_interval: 150,
        bip16_height: 0,
        bip34_height: 500,
        bip34_hash: None,
        bip65_height: 1351,
        bip66_height: 1251,
        csv_height: 432,
        segwit_height: 0,
        min_bip9_warning_height: 0,
        pow_limit: U256([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 1]),
        pow_target_timespan: TIMESPAN,
        pow_target_spacing: SPACING,
        allow_min_difficulty_blocks: true,
        no_retargeting: true,
        rule_change_threshold: 108,
        confirmation_window: 144,
        deployments: [by_times(28, 0), by_times(2, Deployment::ALWAYS_ACTIVE), by_times(4, 1_601_450_001)],
        minimum_chain_work: U256::zero(),
        assume_valid: None,
        addresses: test_addresses("rltc"),
        mweb: MwebParams {
            input_metadata_grandfather: None,
            frozen_outputs: vec![FROZEN_OUTPUT],
            lock_height_enforced_above: LOCK_HEIGHT_ENFORCED_ABOVE,
        },
        require_standard: true,
        is_mockable: true,
    }
}
