//! The engine's mempool as the protocol machine wants to see it.

use litecast_mempool::{Entry, Mempool, score::depth_and_score};
use litecast_p2p::{
    GenTxid, Pool, PoolTx,
    compact::{PoolMatches, WantedTransactions},
};
use litecast_primitives::Txid;

use super::chain_view::ChainView;

fn find<'a>(pool: &'a Mempool, id: &GenTxid) -> Option<&'a Entry> {
    match id {
        GenTxid::Txid(txid) => pool.get(txid),
        GenTxid::Wtxid(wtxid) => pool.get_by_wtxid(wtxid),
    }
}

fn pool_tx(pool: &Mempool, entry: &Entry) -> PoolTx {
    PoolTx {
        tx: entry.tx().clone(),
        fee: entry.fee().0,
        size: entry.size(),
        mweb_weight: entry.mweb_weight(),
        time: entry.time(),
        unbroadcast: pool.unbroadcast().contains(&entry.txid()),
    }
}

impl ChainView {
    /// Transactions that a compact block may be made of.
    pub(super) fn matches(&self, wanted: &WantedTransactions) -> PoolMatches {
        let pool = self.0.mempool();
        let mempool = pool.iter().map(Entry::tx).filter(|tx| wanted.contains(&tx.wtxid())).cloned().collect();
        PoolMatches { mempool, extra: Vec::new() }
    }
}

impl Pool for ChainView {
    fn has_tx(&self, id: &GenTxid) -> bool {
        find(&self.0.mempool(), id).is_some()
    }

    fn pool_tx(&self, id: &GenTxid) -> Option<PoolTx> {
        let pool = self.0.mempool();
        find(&pool, id).map(|entry| pool_tx(&pool, entry))
    }

    fn all(&self) -> Vec<PoolTx> {
        let pool = self.0.mempool();
        pool.by_depth_and_score().into_iter().map(|entry| pool_tx(&pool, entry)).collect()
    }

    fn sort_for_relay(&self, ids: &mut [GenTxid]) {
        let pool = self.0.mempool();
        ids.sort_by(|a, b| match (find(&pool, a), find(&pool, b)) {
            (Some(a), Some(b)) => depth_and_score(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    }

    fn parents_since(&self, txid: &Txid, time: i64) -> Vec<Txid> {
        let pool = self.0.mempool();
        let parents = pool.get(txid).into_iter().flat_map(Entry::parents);
        parents.filter_map(|parent| pool.get(parent)).filter(|entry| entry.time() > time).map(Entry::txid).collect()
    }

    fn min_fee(&self) -> i64 {
        let now = self.0.clock().now();
        self.0.mempool().min_fee(now).per_k()
    }

    fn unbroadcast(&self) -> Vec<Txid> {
        self.0.mempool().unbroadcast().iter().copied().collect()
    }
}
