//! Finding the best chain and moving to it, block by block
//! (v0.21.5.5 src/validation.cpp, ActivateBestChain, FindMostWorkChain, ConnectTip, DisconnectTip, EraseBlockData).

use std::sync::Arc;

use litecast_consensus::{
    Category, ConnectError, Connected, Reject, State, connect_block, disconnect_block,
    pow::block_proof_equivalent_time, scripts::Assumed,
};
use litecast_mempool::DisconnectedTransactions;
use litecast_primitives::{
    Block, U256,
    event::{ChainBlock, Event},
};
use litecast_store::MwebIndex;

use super::{
    Writer,
    blocks::{candidate_key, is_worse_than_tip},
};
use crate::{
    coins::DeltaKind,
    error::EngineError,
    index::{BlockIndex, ChainAt, Id, status},
    undo_codec,
};

/// Events that wait in memory during a long activation before they are made durable and sent.
const EVENTS_PER_COMMIT: usize = 512;
/// Seconds of work above a block that make its scripts old enough to be assumed valid: two weeks.
const ASSUMED_AFTER: i64 = 60 * 60 * 24 * 7 * 2;

impl Writer {
    /// Moves to the best chain that is known. `hint` is a block that may be needed and need not be read from disk.
    pub(super) fn activate_best_chain(&mut self, hint: Option<&Arc<Block>>) -> Result<(), EngineError> {
        let mut target = None;
        loop {
            let starting_tip = self.shared.index.read().tip();
            let mut moved = false;
            loop {
                if target.is_none() {
                    target = self.find_most_work_chain();
                }
                let tip = self.shared.index.read().tip();
                let Some(goal) = target.filter(|goal| Some(*goal) != tip) else { break };
                if tip.is_some_and(|tip| self.has_reached_stop(self.shared.index.read().entry(tip).height)) {
                    return Ok(());
                }
                moved = true;
                if self.activate_step(goal, hint)? == Step::InvalidFound {
                    target = None;
                }
                let index = self.shared.index.read();
                let better = match (index.tip(), starting_tip) {
                    (Some(now), Some(start)) => candidate_key(&index, now) >= candidate_key(&index, start),
                    (now, _) => now.is_some(),
                };
                if better {
                    break;
                }
            }
            if !moved {
                return Ok(());
            }
            self.announce_tip(starting_tip)?;
            self.flush_if_large()?;
            if self.events.len() > EVENTS_PER_COMMIT {
                self.commit()?;
            }
            if target.is_some() && self.shared.index.read().tip() == target {
                return Ok(());
            }
        }
    }

    /// Tells that a step is complete, unless blocks were only disconnected.
    fn announce_tip(&mut self, starting_tip: Option<Id>) -> Result<(), EngineError> {
        let (tip, fork, initial_download) = {
            let index = self.shared.index.read();
            let Some(tip) = index.tip() else { return Ok(()) };
            let fork = starting_tip.and_then(|start| index.fork_with_active(start));
            if fork == Some(tip) {
                return Ok(());
            }
            let fork_hash = fork.map_or(index.entry(tip).header.prev, |fork| index.entry(fork).hash);
            (tip, fork_hash, self.shared.is_initial_download(&index))
        };
        let tip_hash = self.shared.index.read().entry(tip).hash;
        let block = match self.last_connected.take().filter(|block| block.hash() == tip_hash) {
            Some(block) => block,
            None => self.read_block(tip)?,
        };
        let warnings = self.look_for_unknown_rules(tip);
        let height = self.log_tip(tip, &warnings);
        self.emit(Event::TipChanged { tip: ChainBlock { block, height }, fork, initial_download });
        Ok(())
    }

    /// The line that operators know; answers the tip's height.
    fn log_tip(&self, tip: Id, warnings: &str) -> u32 {
        let (index, coins) = (self.shared.index.read(), self.shared.coins.read());
        let entry = index.entry(tip);
        tracing::info!(
            "UpdateTip: new best={} height={} version=0x{:08x} log2_work={:.6} tx={} cache={}kiB({}txo){warnings}",
            entry.hash,
            entry.height,
            entry.header.version,
            log2(entry.work),
            entry.chain_tx,
            coins.memory() / 1024,
            coins.len()
        );
        entry.height
    }

    fn find_most_work_chain(&mut self) -> Option<Id> {
        let shared = Arc::clone(&self.shared);
        let mut index = shared.index.write();
        'candidates: loop {
            let best = self.candidates.last()?.2.0;
            let mut at = best;
            while !index.is_active(at) {
                let entry = index.entry(at);
                if entry.failed() || !entry.have_data() {
                    self.drop_candidate_branch(&mut index, best, at);
                    continue 'candidates;
                }
                match entry.parent {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            return Some(best);
        }
    }

    /// `bad` is failed or has no data: nothing from it up to `top` can become the tip.
    fn drop_candidate_branch(&mut self, index: &mut BlockIndex, top: Id, bad: Id) {
        let failed = index.entry(bad).failed();
        let mut at = top;
        while at != bad {
            self.candidates.remove(&candidate_key(index, at));
            let parent = index.entry(at).parent.expect("because the bad block is an ancestor");
            if failed {
                index.entry_mut(at).status |= status::FAILED_CHILD;
                self.dirty.insert(at);
            } else {
                self.unlinked.entry(parent).or_default().push(at);
            }
            at = parent;
        }
        self.candidates.remove(&candidate_key(index, bad));
    }

    fn activate_step(&mut self, goal: Id, hint: Option<&Arc<Block>>) -> Result<Step, EngineError> {
        let mut off = DisconnectedTransactions::default();
        let old_tip = self.shared.index.read().tip();
        let fork = self.shared.index.read().fork_with_active(goal);
        while self.shared.index.read().tip() != fork {
            self.disconnect_tip(&mut off)?;
        }
        let step = self.connect_towards(goal, old_tip, hint, &mut off)?;
        if old_tip != fork {
            self.update_pool_for_reorg(off, true)?;
        }
        self.announce_step();
        Ok(step)
    }

    /// Connects blocks until the tip is better than the old one.
    fn connect_towards(
        &mut self,
        goal: Id,
        old_tip: Option<Id>,
        hint: Option<&Arc<Block>>,
        off: &mut DisconnectedTransactions,
    ) -> Result<Step, EngineError> {
        loop {
            let (next, done) = {
                let index = self.shared.index.read();
                let height = index.tip().map_or(0, |tip| index.entry(tip).height + 1);
                match index.ancestor(goal, height) {
                    Some(next) => (next, false),
                    None => (goal, true),
                }
            };
            if done {
                return Ok(Step::Done);
            }
            let hinted = hint.filter(|block| block.hash() == self.shared.index.read().entry(next).hash);
            let block = match hinted {
                Some(block) => Arc::clone(block),
                None => self.read_block(next)?,
            };
            if let Err(reject) = self.connect_tip(next, &block, off)? {
                if reject.category() != Category::Mutated {
                    self.invalid_chain_found(next);
                }
                return Ok(Step::InvalidFound);
            }
            self.prune_candidates();
            let index = self.shared.index.read();
            let improved = match (index.tip(), old_tip) {
                (Some(now), Some(old)) => index.entry(now).work > index.entry(old).work,
                _ => true,
            };
            let stop = index.tip().is_some_and(|tip| self.has_reached_stop(index.entry(tip).height));
            if improved || stop {
                return Ok(Step::Done);
            }
        }
    }

    fn read_block(&self, id: Id) -> Result<Arc<Block>, EngineError> {
        let entry = self.shared.index.read().entry(id).clone();
        self.shared
            .read_block(&entry)?
            .ok_or_else(|| EngineError::Inconsistent(format!("The data of block {} is missing", entry.hash)))
    }

    /// Tells of the blocks connected in this step.
    pub(super) fn announce_step(&mut self) {
        for block in std::mem::take(&mut self.step) {
            self.emit(Event::Connected(block));
        }
    }

    /// Makes a block the tip. Its transactions leave the pool, and what waits in `off` to come back to it.
    pub(super) fn connect_tip(
        &mut self,
        id: Id,
        block: &Arc<Block>,
        off: &mut DisconnectedTransactions,
    ) -> Result<Result<(), Reject>, EngineError> {
        let hash = block.hash();
        let connected = match self.try_connect(id, block) {
            Ok(connected) => connected,
            Err(ConnectError::Reject(reject)) => {
                tracing::error!("ConnectBlock {hash} failed, {reject}");
                self.checked.push((hash, Some(reject.clone())));
                self.invalid_block_found(id, &reject);
                return Ok(Err(reject));
            }
            Err(other) => return Err(EngineError::Inconsistent(other.to_string())),
        };
        self.checked.push((hash, None));
        let height = self.finish_connect(id, block, connected)?;
        self.shared.remember(block);
        self.last_connected = Some(Arc::clone(block));
        self.update_pool_for_block(block, height, off);
        // What was told before a crash is not told again: those blocks need not stay in memory.
        if !self.replaying {
            self.step.push(ChainBlock { block: Arc::clone(block), height });
        }
        Ok(Ok(()))
    }

    fn try_connect(&self, id: Id, block: &Block) -> Result<Connected, ConnectError> {
        let index = self.shared.index.read();
        let Some(parent) = index.entry(id).parent else {
            // The genesis block creates nothing.
            return Ok(Connected::default());
        };
        let prev_mweb = index.entry(parent).prev_mweb();
        let coins = self.shared.coins.read();
        let chain = ChainAt::new(&index, parent);
        // What was announced before a crash was checked before it.
        let mut sink = if self.replaying || self.scripts_are_assumed(&index, id) {
            Box::new(Assumed) as _
        } else {
            self.scripts.sink(!self.shared.is_initial_download(&index))
        };
        let inside = self.shared.inside.read();
        let state = State { coins: &*coins, mweb: &*inside, prev_mweb };
        connect_block(block, &self.shared.context(&chain), &state, &mut *sink)
    }

    /// Whether the block lies below the one that the operator vouches for, deep enough that nobody could have mined
    /// it for the occasion (v0.21.5.5 src/validation.cpp, ConnectBlock).
    fn scripts_are_assumed(&self, index: &BlockIndex, id: Id) -> bool {
        let (entry, params) = (index.entry(id), &self.shared.params);
        let is_ancestor = |of: Option<Id>| of.is_some_and(|of| index.ancestor(of, entry.height) == Some(id));
        let assumed = params.assume_valid.and_then(|hash| index.find(&hash));
        let Some(best) = index.best_header().filter(|best| is_ancestor(assumed) && is_ancestor(Some(*best))) else {
            return false;
        };
        let best = index.entry(best);
        best.work >= self.shared.minimum_chain_work
            && block_proof_equivalent_time(best.work, entry.work, best.header.bits, params) > ASSUMED_AFTER
    }

    /// Writes the undo data, applies the coins and makes the block the tip; answers its height.
    fn finish_connect(&mut self, id: Id, block: &Block, connected: Connected) -> Result<u32, EngineError> {
        let (have_undo, file, prev, height) = {
            let index = self.shared.index.read();
            let entry = index.entry(id);
            (entry.undo.is_some(), entry.block.map_or(0, |pos| pos.file), entry.header.prev, entry.height)
        };
        let mut undo = None;
        if !have_undo && height > 0 {
            undo = Some(self.store().append_undo(file, &undo_codec::encode(&connected.undo), &prev)?);
        }
        self.filter_connected(id, block, &connected.undo)?;
        // Whoever holds the index sees the state of its tip.
        let mut index = self.shared.index.write();
        self.shared.coins.write().apply(connected.delta, DeltaKind::Connect);
        self.shared.inside.write().apply(connected.mweb);
        let entry = index.entry_mut(id);
        if let Some(undo) = undo {
            entry.undo = Some(undo);
            entry.status |= status::HAVE_UNDO;
            self.dirty.insert(id);
        }
        if let (Some(extension), Some(hogex)) = (block.extension(), block.hogex())
            && entry.mweb.is_none()
        {
            entry.mweb = Some(Box::new(MwebIndex {
                header: extension.header.clone(),
                hogex: hogex.txid(),
                amount: hogex.outputs()[0].value,
            }));
            self.dirty.insert(id);
        }
        if entry.status & status::VALID_MASK < status::VALID_SCRIPTS {
            entry.raise_validity(status::VALID_SCRIPTS);
            self.dirty.insert(id);
        }
        index.push_active(id);
        Ok(height)
    }

    /// Takes the tip off; its transactions wait in `off`.
    pub(super) fn disconnect_tip(&mut self, off: &mut DisconnectedTransactions) -> Result<Id, EngineError> {
        let inconsistent = |what: String| EngineError::Inconsistent(what);
        let (id, entry) = {
            let index = self.shared.index.read();
            let id = index.tip().ok_or_else(|| inconsistent("There is no block to disconnect".into()))?;
            (id, index.entry(id).clone())
        };
        let block = self.read_block(id)?;
        let missing = || inconsistent(format!("The undo data of block {} is missing", entry.hash));
        let bytes = self.store().read_undo(entry.undo.ok_or_else(missing)?, &entry.header.prev)?;
        let undo = undo_codec::decode(bytes)
            .map_err(|error| inconsistent(format!("The undo data of block {} is damaged ({error})", entry.hash)))?;
        let (coins, inside) = disconnect_block(&block, &undo, &*self.shared.inside.read())
            .map_err(|error| inconsistent(error.to_string()))?;
        let mut index = self.shared.index.write();
        self.shared.coins.write().apply(coins, DeltaKind::Disconnect);
        self.shared.inside.write().apply(inside);
        index.pop_active();
        drop(index);
        self.take_off(&block, off);
        self.emit(Event::Disconnected(ChainBlock { block, height: entry.height }));
        Ok(id)
    }

    fn invalid_block_found(&mut self, id: Id, reject: &Reject) {
        let shared = Arc::clone(&self.shared);
        let mut index = shared.index.write();
        self.candidates.remove(&candidate_key(&index, id));
        self.dirty.insert(id);
        if reject.category() == Category::Mutated {
            self.erase_block_data(&mut index, id);
        } else {
            index.entry_mut(id).status |= status::FAILED_VALID;
            self.failed.insert(id);
        }
    }

    /// The bytes were not what the header commits to: forget them, another copy may be good.
    fn erase_block_data(&mut self, index: &mut BlockIndex, id: Id) {
        let entry = index.entry_mut(id);
        let level = (entry.status & status::VALID_MASK).min(status::VALID_TREE);
        entry.status = entry.status & !(status::VALID_MASK | status::HAVE_DATA | status::HAVE_UNDO) | level;
        entry.block = None;
        entry.undo = None;
        entry.tx_count = 0;
        entry.chain_tx = 0;
        entry.sequence = 0;
        let Some(parent) = entry.parent else { return };
        if let Some(waiting) = self.unlinked.get_mut(&parent) {
            waiting.retain(|other| *other != id);
        }
        if index.is_valid(parent, status::VALID_TRANSACTIONS) && index.entry(parent).have_chain_data() {
            self.candidates.insert(candidate_key(index, parent));
        }
    }

    /// The best header must not lead over an invalid block.
    pub(super) fn invalid_chain_found(&mut self, id: Id) {
        let mut index = self.shared.index.write();
        let entry = index.entry(id);
        tracing::warn!("InvalidChainFound: invalid block={} height={}", entry.hash, entry.height);
        let height = entry.height;
        if let (Some(best), Some(tip)) = (index.best_header(), index.tip())
            && index.ancestor(best, height) == Some(id)
        {
            index.set_best_header(tip);
        }
    }

    pub(super) fn prune_candidates(&mut self) {
        let index = self.shared.index.read();
        if let Some(tip) = index.tip() {
            self.candidates = self.candidates.split_off(&candidate_key(&index, tip));
        }
    }

    /// Puts an entry among the candidates if it could become the tip.
    pub(super) fn consider(&mut self, index: &BlockIndex, id: Id) {
        if index.is_valid(id, status::VALID_TRANSACTIONS)
            && index.entry(id).have_chain_data()
            && !is_worse_than_tip(index, id)
        {
            self.candidates.insert(candidate_key(index, id));
        }
    }
}

/// For people: the exact number has too many digits.
fn log2(work: U256) -> f64 {
    let shift = work.bits().saturating_sub(53);
    let (mantissa, exponent) = ((work >> shift).low_u64(), u32::try_from(shift).unwrap_or(0));
    (mantissa as f64).log2() + f64::from(exponent)
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Done,
    InvalidFound,
}
