//! Network parameters of main, test and regtest (v0.21.5.5 src/chainparams.cpp, src/chainparamsbase.cpp).

mod deployments;
mod networks;

pub use deployments::{ActivationOverrides, Deployment, DeploymentId, OverrideError, ScheduleKind};

use std::{fmt, str::FromStr, sync::Arc};

use bytes::Bytes;

use crate::{
    Height,
    amount::Amount,
    arith::U256,
    block::Block,
    hash::{BlockHash, MerkleRoot, MwebHash},
    header::BlockHeader,
    transaction::{OutPoint, Transaction, TxIn, TxOut, TxParts},
};

/// Which chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// The chain with value.
    Main,
    /// The public test chain, testnet4.
    Test,
    /// A private chain for tests.
    Regtest,
}

impl Network {
    /// The name that RPC and `-chain` use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Test => "test",
            Self::Regtest => "regtest",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Network {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Main, Self::Test, Self::Regtest]
            .into_iter()
            .find(|n| n.name() == name)
            .ok_or_else(|| format!("Unknown chain {name}."))
    }
}

/// How addresses are written.
#[derive(Debug, Clone)]
pub struct AddressPrefixes {
    /// Base58 version of pay-to-pubkey-hash.
    pub pubkey: u8,
    /// Base58 version of pay-to-script-hash, the old one.
    pub script_legacy: u8,
    /// Base58 version of pay-to-script-hash that is written today.
    pub script: u8,
    /// Base58 version of a private key.
    pub secret: u8,
    /// BIP32 public key version.
    pub ext_public: [u8; 4],
    /// BIP32 private key version.
    pub ext_secret: [u8; 4],
    /// Human-readable part of a SegWit address.
    pub bech32_hrp: &'static str,
    /// Human-readable part of a stealth address.
    pub mweb_hrp: &'static str,
}

/// Exceptions of the MWEB rules.
#[derive(Debug, Clone)]
pub struct MwebParams {
    /// The one block whose inputs may disagree with the outputs they spend.
    pub input_metadata_grandfather: Option<BlockHash>,
    /// Outputs that may never be spent.
    pub frozen_outputs: Vec<MwebHash>,
    /// A kernel's lock height is enforced in blocks above this height
    /// (v0.21.5.5 src/libmw/include/mw/consensus/Params.h).
    pub lock_height_enforced_above: Height,
}

/// Everything that differs between networks.
#[derive(Debug, Clone)]
pub struct Params {
    /// Which network.
    pub network: Network,
    /// First bytes of every peer message and of every block on disk.
    pub magic: [u8; 4],
    /// Default port for peers.
    pub port: u16,
    /// Default port for RPC.
    pub rpc_port: u16,
    /// Name of the folder below the data directory; empty for main.
    pub data_subdir: &'static str,
    /// Hosts that answer with addresses of peers.
    pub dns_seeds: &'static [&'static str],
    /// The first block.
    pub genesis: Arc<Block>,
    /// Blocks between halvings of the subsidy.
    pub subsidy_halving_interval: Height,
    /// From here on P2SH is evaluated.
    pub bip16_height: Height,
    /// From here on a coinbase begins with its height.
    pub bip34_height: Height,
    /// The block at [`Params::bip34_height`]; on a chain with it, duplicate coinbases are impossible above.
    pub bip34_hash: Option<BlockHash>,
    /// From here on CHECKLOCKTIMEVERIFY.
    pub bip65_height: Height,
    /// From here on strict DER signatures.
    pub bip66_height: Height,
    /// From here on BIP68, BIP112 and BIP113.
    pub csv_height: Height,
    /// From here on SegWit; `u32::MAX` is never.
    pub segwit_height: Height,
    /// Unknown deployments below this height are no reason for a warning.
    pub min_bip9_warning_height: Height,
    /// Easiest target.
    pub pow_limit: U256,
    /// Seconds that a retarget period should take.
    pub pow_target_timespan: i64,
    /// Seconds that a block should take.
    pub pow_target_spacing: i64,
    /// A block that is late enough may have the easiest target.
    pub allow_min_difficulty_blocks: bool,
    /// The target never changes.
    pub no_retargeting: bool,
    /// Signals needed within a window.
    pub rule_change_threshold: u32,
    /// Blocks of a deployment window.
    pub confirmation_window: Height,
    /// Version bits deployments, in the order of [`DeploymentId`].
    pub deployments: [Deployment; 3],
    /// A chain with less work is not believed to be the network's.
    pub minimum_chain_work: U256,
    /// Scripts below this block are taken for good.
    pub assume_valid: Option<BlockHash>,
    /// Blocks that every chain must contain.
    pub checkpoints: Vec<(Height, BlockHash)>,
    /// Address prefixes.
    pub addresses: AddressPrefixes,
    /// Exceptions of the MWEB rules.
    pub mweb: MwebParams,
    /// Only standard transactions are relayed by default.
    pub require_standard: bool,
    /// `-mocktime` is allowed.
    pub is_mockable: bool,
}

impl Params {
    /// The parameters of a network.
    pub fn new(network: Network) -> Self {
        match network {
            Network::Main => networks::main(),
            Network::Test => networks::test(),
            Network::Regtest => networks::regtest(),
        }
    }

    /// Blocks between retargets.
    pub fn retarget_interval(&self) -> Height {
        Height::try_from(self.pow_target_timespan / self.pow_target_spacing)
            .expect("because 3.5 days are 2016 times 2.5 minutes")
    }

    /// Hash of the first block.
    pub fn genesis_hash(&self) -> BlockHash {
        self.genesis.hash()
    }

    /// The schedule of one deployment.
    pub fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id as usize]
    }
}

/// Text in every genesis coinbase.
const GENESIS_TEXT: &str = "NY Times 05/Oct/2011 Steve Jobs, Apple’s Visionary, Dies at 56";
/// Key that the genesis coinbase pays to; its coin never entered the database.
const GENESIS_KEY: &str = "040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b179c45070ac7b03a9";

fn genesis(time: u32, nonce: u32, bits: u32) -> Arc<Block> {
    // Pushes of 486604799 and 4, then of the text; a push of the key, then OP_CHECKSIG.
    let mut script_sig = vec![4, 0xff, 0xff, 0x00, 0x1d, 1, 4];
    script_sig.push(u8::try_from(GENESIS_TEXT.len()).expect("because the text is a direct push"));
    script_sig.extend_from_slice(GENESIS_TEXT.as_bytes());
    let mut script_pubkey = vec![65];
    script_pubkey.extend(hex::decode(GENESIS_KEY).expect("because the constant is hexadecimal"));
    script_pubkey.push(0xac);
    let coinbase = Transaction::from(TxParts {
        version: 1,
        inputs: vec![TxIn {
            prevout: OutPoint::NULL,
            script_sig: script_sig.into(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: Amount(50 * Amount::COIN.0), script_pubkey: Bytes::from(script_pubkey) }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    });
    let header = BlockHeader {
        version: 1,
        prev: BlockHash::ZERO,
        merkle_root: MerkleRoot::from_bytes(*coinbase.txid().as_bytes()),
        time,
        bits,
        nonce,
    };
    Arc::new(Block::new(header, vec![Arc::new(coinbase)], None))
}
