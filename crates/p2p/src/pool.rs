//! What the protocol needs to know of the mempool: a read-only view, the same during one step.
//!
//! The daemon implements [`Pool`] over its mempool, the simulator over a toy. Fees are litoshis, sizes virtual bytes,
//! times Unix seconds.

use std::sync::Arc;

use litecast_primitives::{Transaction, Txid, Wtxid};

/// Names a transaction by either of its ids (GenTxid of the reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GenTxid {
    /// Without witness.
    Txid(Txid),
    /// With witness.
    Wtxid(Wtxid),
}

impl GenTxid {
    /// From a hash and what kind of hash it is.
    pub fn new(wtxid: bool, hash: [u8; 32]) -> Self {
        if wtxid { Self::Wtxid(Wtxid::from_bytes(hash)) } else { Self::Txid(Txid::from_bytes(hash)) }
    }

    /// The hash in internal byte order.
    pub fn as_bytes(&self) -> &[u8; 32] {
        match self {
            Self::Txid(txid) => txid.as_bytes(),
            Self::Wtxid(wtxid) => wtxid.as_bytes(),
        }
    }
}

/// A transaction of the pool, as far as relay looks at it (TxMempoolInfo).
#[derive(Debug, Clone)]
pub struct PoolTx {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Its fee without prioritisation.
    pub fee: i64,
    /// Virtual size.
    pub size: u64,
    /// Weight inside of the extension block.
    pub mweb_weight: u64,
    /// When it came into the pool.
    pub time: i64,
    /// No peer has asked for it yet, and it is this node's to make it known.
    pub unbroadcast: bool,
}

/// The mempool as one step of the machine sees it. All questions but [`Pool::all`] should be cheap.
pub trait Pool {
    /// Whether a transaction is in the pool.
    fn has_tx(&self, id: &GenTxid) -> bool;

    /// A transaction of the pool.
    fn pool_tx(&self, id: &GenTxid) -> Option<PoolTx>;

    /// The whole pool, fewest ancestors first, then the best fee rate. Asked for `mempool` only.
    fn all(&self) -> Vec<PoolTx>;

    /// Puts ids into the order in which they are told: first those that are not in the pool, then as [`Pool::all`]
    /// (CompareDepthAndScore).
    fn sort_for_relay(&self, ids: &mut [GenTxid]);

    /// Transactions of the pool that a transaction of the pool spends from, and that came after a time.
    fn parents_since(&self, txid: &Txid, time: i64) -> Vec<Txid>;

    /// The fee rate below which nothing comes into the pool while it is full, litoshis for 1000 virtual bytes
    /// (GetMinFee; without `-minrelaytxfee`). Asked often.
    fn min_fee(&self) -> i64;

    /// The transactions that are [`PoolTx::unbroadcast`].
    fn unbroadcast(&self) -> Vec<Txid>;
}
