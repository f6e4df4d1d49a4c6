//! What a block is judged by: the chain below it, the rules of its network, and the state that it changes.

use litecast_mweb::{LeafStore, Verifier};
use litecast_primitives::{
    Amount, Txid,
    mweb::Header,
    params::Params,
    view::{CoinView, HeaderView},
};

use crate::versionbits::VersionBitsCache;

/// Where a block stands.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The headers up to the block below.
    pub chain: &'a dyn HeaderView,
    /// The network.
    pub params: &'a Params,
    /// States of deployments that are known already.
    pub versionbits: &'a VersionBitsCache,
    /// The cryptography of extension blocks.
    pub mweb: &'a Verifier,
}

/// The state that the block below left.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// Unspent outputs.
    pub coins: &'a dyn CoinView,
    /// Outputs inside of the extension block.
    pub mweb: &'a dyn LeafStore,
    /// What the block below says about the extension block.
    pub prev_mweb: PrevMweb<'a>,
}

/// What the block below says about the extension block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrevMweb<'a> {
    /// Its HogEx; zero if it had none.
    pub hogex: Txid,
    /// Coins inside of the extension block.
    pub amount: Amount,
    /// Header of its extension block, if it had one.
    pub header: Option<&'a Header>,
}
