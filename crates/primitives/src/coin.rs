//! An unspent output together with what the maturity rules ask about its origin.

use crate::{Height, transaction::TxOut};

/// A coin: an output that can be spent, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// Value and script.
    pub output: TxOut,
    /// Height of the block that created it.
    pub height: Height,
    /// Created by a coinbase: matures after 100 blocks.
    pub is_coinbase: bool,
    /// Created by a HogEx as a peg-out: matures after 6 blocks.
    pub is_peg_out: bool,
}
