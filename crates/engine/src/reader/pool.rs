//! The mempool as others see it, and what judges a transaction for it.

use std::sync::Arc;

use litecast_mempool::{AcceptError, Accepted, Arrival, Chain, Mempool, TxReject, accept};
use litecast_primitives::Transaction;
use parking_lot::RwLockReadGuard;

use super::{LastTemplate, Reader, Shared};
use crate::{coins::CoinsCache, error::EngineError, index::ChainAt, inside::InsideCache};

impl Shared {
    /// What judges a transaction on top of a chain, whose coins these are.
    pub(crate) fn pool_chain<'a>(
        &'a self,
        chain: &'a ChainAt<'a>,
        coins: &'a CoinsCache,
        inside: &'a InsideCache,
    ) -> Chain<'a> {
        Chain {
            headers: chain,
            coins,
            inside,
            params: &self.params,
            versionbits: &self.versionbits,
            verifier: &self.mweb,
            caches: &self.scripts,
        }
    }
}

impl Reader {
    /// The mempool. The writer waits meanwhile: be short, and take nothing else of the engine while holding it.
    pub fn mempool(&self) -> RwLockReadGuard<'_, Mempool> {
        self.0.pool.read()
    }

    /// The block that was last made since the start.
    pub fn last_template(&self) -> Option<LastTemplate> {
        *self.0.last_template.lock()
    }

    /// Whether the mempool would let a transaction in (`testmempoolaccept`).
    pub fn test_accept(&self, tx: &Arc<Transaction>) -> Result<Result<Accepted, TxReject>, EngineError> {
        let shared = &self.0;
        let index = shared.index.read();
        let Some(tip) = index.tip() else { return Err(EngineError::Inconsistent("there is no tip".into())) };
        let (coins, inside, pool) = (shared.coins.read(), shared.inside.read(), shared.pool.read());
        let chain = ChainAt::new(&index, tip);
        let arrival = Arrival::at(shared.clock.now());
        match accept::check(&pool, tx, &shared.pool_chain(&chain, &coins, &inside), arrival) {
            Ok(candidate) => Ok(Ok(candidate.accepted(&pool))),
            Err(AcceptError::Reject(reject)) => Ok(Err(reject)),
            Err(AcceptError::View(error)) => Err(error.into()),
        }
    }
}
