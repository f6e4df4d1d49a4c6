//! The mempool follows the chain, and takes transactions (v0.21.5.5 src/validation.cpp, AcceptToMemoryPool and
//! UpdateMempoolForReorg; src/node/transaction.cpp, BroadcastTransaction).
//!
//! Whatever happens to the pool leaves here as events, in the order in which it happened.

use std::sync::Arc;

use litecast_mempool::{
    AcceptError, Arrival, Chain, DisconnectedTransactions, OutputIndex, accept,
    entry::created_outputs,
    fees::is_current,
    persist::{Loaded, SavedPool},
    update_for_reorg,
};
use litecast_primitives::{Amount, Block, Height, Transaction, view::ViewError};

use super::Writer;
use crate::{
    command::{SubmitError, SubmitTx, Submitted, TxSource},
    error::EngineError,
};

impl Writer {
    pub(super) fn submit_tx(&mut self, request: &SubmitTx) -> Result<Result<Submitted, SubmitError>, EngineError> {
        let SubmitTx { tx, from } = request;
        let arrival = self.arrival();
        let result = self.shared.with_pool_chain(|chain| match *from {
            TxSource::Peer => self.accept_tx(tx, chain, None, arrival),
            TxSource::User { .. } if exists(tx, chain)? => Ok(Err(SubmitError::AlreadyInChain)),
            TxSource::User { .. } if self.shared.pool.read().contains(&tx.txid()) => Ok(Ok(Submitted::Known)),
            TxSource::User { max_fee } => self.accept_tx(tx, chain, max_fee, arrival),
        })?;
        self.announce_pool();
        if matches!(from, TxSource::User { .. }) && result.is_ok() {
            self.shared.pool.write().add_unbroadcast(tx.txid());
        }
        Ok(result)
    }

    fn accept_tx(
        &self,
        tx: &Arc<Transaction>,
        chain: &Chain<'_>,
        max_fee: Option<Amount>,
        arrival: Arrival,
    ) -> Result<Result<Submitted, SubmitError>, ViewError> {
        let pool = &self.shared.pool;
        let candidate = match accept::check(&pool.read(), tx, chain, arrival) {
            Ok(candidate) => candidate,
            Err(AcceptError::Reject(reject)) => return Ok(Err(reject.into())),
            Err(AcceptError::View(error)) => return Err(error),
        };
        if max_fee.is_some_and(|most| candidate.fee() > most) {
            return Ok(Err(SubmitError::MaxFeeExceeded));
        }
        let admitted = accept::admit(&mut pool.write(), candidate, arrival);
        Ok(admitted.map(Submitted::New).map_err(SubmitError::from))
    }

    /// Now; what the fee estimates may learn from hangs on how far the node is.
    fn arrival(&self) -> Arrival {
        let now = self.shared.clock.now();
        let index = self.shared.index.read();
        let (Some(tip), Some(best)) = (index.tip(), index.best_header()) else { return Arrival::at(now) };
        let (tip, best) = (index.entry(tip), index.entry(best));
        let tip = (tip.height, i64::from(tip.header.time));
        let current = is_current(self.shared.is_initial_download(&index), tip, best.height, now);
        Arrival { current, ..Arrival::at(now) }
    }

    /// Takes what was saved before a restart.
    pub(super) fn load_pool(&mut self, saved: &SavedPool) -> Result<Loaded, EngineError> {
        let Arrival { now, current, .. } = self.arrival();
        let loaded =
            self.shared.with_pool_chain(|chain| saved.load(&mut self.shared.pool.write(), chain, now, current))?;
        self.announce_pool();
        Ok(loaded)
    }

    /// A block was connected.
    pub(super) fn update_pool_for_block(&mut self, block: &Block, height: Height, off: &mut DisconnectedTransactions) {
        let removal = self.shared.pool.write().remove_for_block(block, height, self.shared.clock.now());
        off.remove_mined(&removal);
        self.announce_pool();
    }

    /// A block was disconnected; its transactions wait.
    pub(super) fn take_off(&mut self, block: &Block, off: &mut DisconnectedTransactions) {
        off.add_block(block, &mut self.shared.pool.write());
        self.announce_pool();
    }

    /// After blocks were disconnected, and better ones connected: the pool fits the new tip again.
    pub(super) fn update_pool_for_reorg(
        &mut self,
        off: DisconnectedTransactions,
        bring_back: bool,
    ) -> Result<(), EngineError> {
        let now = self.shared.clock.now();
        self.shared
            .with_pool_chain(|chain| update_for_reorg(&mut self.shared.pool.write(), off, chain, now, bring_back))?;
        self.announce_pool();
        Ok(())
    }

    /// Sends what happened to the pool.
    fn announce_pool(&mut self) {
        let changes = self.shared.pool.write().take_changes();
        for event in changes.iter().filter_map(litecast_mempool::Change::event) {
            self.emit(event);
        }
    }
}

/// Whether an output of a transaction is unspent in the chain.
fn exists(tx: &Transaction, chain: &Chain<'_>) -> Result<bool, ViewError> {
    for output in created_outputs(tx) {
        let here = match output {
            OutputIndex::Out(outpoint) => chain.coins.coin(&outpoint)?.is_some(),
            OutputIndex::Mweb(id) => chain.inside.utxo(&id)?.is_some(),
        };
        if here {
            return Ok(true);
        }
    }
    Ok(false)
}
