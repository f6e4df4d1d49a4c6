//! The mempool as others see it, and what judges a transaction for it.

use std::sync::Arc;

use litecast_mempool::{AcceptError, Accepted, Arrival, Chain, Mempool, TxReject, accept};
use litecast_primitives::{Transaction, view::ViewError};
use parking_lot::RwLockReadGuard;

use super::{LastTemplate, Reader, Shared};
use crate::{error::EngineError, index::ChainAt};

impl Shared {
    /// Lets transactions be judged on top of the tip, which stays where it is meanwhile.
    pub(crate) fn with_pool_chain<T>(
        &self,
        act: impl FnOnce(&Chain<'_>) -> Result<T, ViewError>,
    ) -> Result<T, EngineError> {
        let index = self.index.read();
        let Some(tip) = index.tip() else { return Err(EngineError::Inconsistent("there is no tip".into())) };
        let (coins, inside) = (self.coins.read(), self.inside.read());
        let chain = Chain {
            headers: &ChainAt::new(&index, tip),
            coins: &*coins,
            inside: &*inside,
            params: &self.params,
            versionbits: &self.versionbits,
            verifier: &self.mweb,
            caches: &self.scripts,
        };
        Ok(act(&chain)?)
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
        let arrival = Arrival::at(self.0.clock.now());
        self.0.with_pool_chain(|chain| {
            let pool = self.0.pool.read();
            match accept::check(&pool, tx, chain, arrival) {
                Ok(candidate) => Ok(Ok(candidate.accepted(&pool))),
                Err(AcceptError::Reject(reject)) => Ok(Err(reject)),
                Err(AcceptError::View(error)) => Err(error),
            }
        })
    }
}
