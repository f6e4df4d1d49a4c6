//! Starting: the tree from the store, the coins' block, and what a crash left between them.
//!
//! Blocks are durable when they are announced, coins only when they are flushed. After a crash the coins may stand at
//! an older block, even on a branch that was left since: from there the blocks on disk lead to the announced tip, in
//! silence, because their events were sent already.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use crossbeam_channel::Sender;
use litecast_consensus::versionbits::{VersionBitsCache, unknown::UnknownRulesCache};
use litecast_mempool::{DisconnectedTransactions, Mempool};
use litecast_mweb::Verifier;
use litecast_primitives::{BlockHash, U256};
use litecast_store::{IndexRecord, Store, Wipe};
use parking_lot::{Mutex, RwLock};

use super::{Writer, filters::Filters};
use crate::{
    coins::CoinsCache,
    command::FeedItem,
    error::EngineError,
    fee_file,
    index::{BlockIndex, Id, status},
    inside::InsideCache,
    options::Options,
    reader::{Reader, Shared, Verification, VerifyRequest},
    scripts::ScriptVerifier,
};

impl Writer {
    pub(crate) fn load(
        options: Options,
        store: Arc<Store>,
        scripts: ScriptVerifier,
        feed: Sender<FeedItem>,
    ) -> Result<Self, EngineError> {
        let records = store.load_index()?;
        let index = build_index(records)?;
        let (coins_best, count) = match store.coins_marker()? {
            Some((hash, summary)) => (Some(hash), summary.count),
            None => (None, 0),
        };
        // What is built anew is told anew.
        let announced = if options.wipe == Wipe::Nothing { store.announced_tip()? } else { None };
        let mut pool = Mempool::new(options.mempool.clone(), options.clock.now());
        *pool.fees_mut() = fee_file::read(&options.fee_estimates);
        let shared = Arc::new(Shared {
            params: Arc::clone(&options.params),
            clock: Arc::clone(&options.clock),
            coins: RwLock::new(CoinsCache::new(Arc::clone(&store), count)),
            inside: RwLock::new(InsideCache::new(Arc::clone(&store))),
            pool: RwLock::new(pool),
            mweb: Verifier::new(Verifier::CACHE_ENTRIES).on(scripts.pool()),
            scripts: scripts.caches(),
            store,
            index: RwLock::new(index),
            versionbits: VersionBitsCache::default(),
            recent: Mutex::new(VecDeque::new()),
            caught_up: AtomicBool::new(false),
            importing: AtomicBool::new(false),
            failure: Mutex::new(None),
            minimum_chain_work: options.minimum_chain_work,
            max_tip_age: options.max_tip_age,
            pool_loaded: AtomicBool::new(false),
            pool_saving: Mutex::new(()),
            last_template: Mutex::new(None),
            warning: Mutex::new(None),
            filters: options.block_filters.then(Arc::default),
        });
        let filters = {
            let index = shared.index.read();
            let last = announced.or(coins_best).and_then(|hash| index.find(&hash));
            let load = |progress| Filters::load(progress, &shared.store, &index, last);
            shared.filters.as_ref().map(load).transpose()?
        };
        let mut writer = Self {
            reader: Reader(Arc::clone(&shared)),
            shared,
            options,
            feed,
            candidates: BTreeSet::new(),
            unlinked: HashMap::new(),
            failed: HashSet::new(),
            orphans: HashMap::new(),
            dirty: HashSet::new(),
            next_sequence: 1,
            precious_sequence: -1,
            precious_work: U256::zero(),
            last_connected: None,
            scripts,
            unknown_rules: UnknownRulesCache::default(),
            warned: false,
            checked: Vec::new(),
            step: Vec::new(),
            events: Vec::new(),
            replaying: false,
            pending: Vec::new(),
            filters,
            announced,
            last_flush: Instant::now(),
        };
        writer.link_loaded();
        match coins_best {
            Some(best) => writer.roll_forward(&best)?,
            None => writer.begin_chain()?,
        }
        writer.consider_all();
        writer.check_recent_blocks()?;
        Ok(writer)
    }

    /// Derives what is not stored: transaction counts, marks inherited from failed ancestors, waiting blocks.
    fn link_loaded(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut index = shared.index.write();
        for id in index.ids() {
            let parent = index.entry(id).parent;
            if parent.is_some_and(|parent| index.entry(parent).failed()) && !index.entry(id).failed() {
                index.entry_mut(id).status |= status::FAILED_CHILD;
                self.dirty.insert(id);
            }
            let entry = index.entry(id);
            if entry.status & status::FAILED_VALID != 0 {
                self.failed.insert(id);
            }
            if entry.tx_count == 0 {
                continue;
            }
            let below = parent.map_or(Some(0), |parent| Some(index.entry(parent).chain_tx).filter(|n| *n != 0));
            let count = u64::from(entry.tx_count);
            match (below, parent) {
                (Some(below), _) => index.entry_mut(id).chain_tx = below + count,
                (None, Some(parent)) => self.unlinked.entry(parent).or_default().push(id),
                (None, None) => {}
            }
        }
        // Only headers that may be built upon count as best.
        let best = index
            .ids()
            .filter(|id| !index.entry(*id).failed())
            .max_by_key(|id| (index.entry(*id).work, std::cmp::Reverse(*id)));
        if let Some(best) = best {
            index.set_best_header(best);
        }
    }

    /// There are no coins on disk: a new chain, or a crash before the first flush.
    fn begin_chain(&mut self) -> Result<(), EngineError> {
        self.replaying = self.announced.is_some();
        self.connect_genesis()?;
        if self.announced.is_some() { self.roll_forward(&self.shared.params.genesis_hash()) } else { Ok(()) }
    }

    fn connect_genesis(&mut self) -> Result<(), EngineError> {
        let genesis = Arc::clone(&self.shared.params.genesis);
        let known = self.shared.index.read().find(&genesis.hash());
        let id = match known {
            Some(id) => id,
            None => {
                let id = self.shared.index.write().insert(*genesis.header(), genesis.hash());
                let pos = self.store().append_block(genesis.bytes())?;
                self.received_block_transactions(&genesis, id, pos);
                id
            }
        };
        // The genesis block has no rule to break.
        let connected = self.connect_tip(id, &genesis, &mut DisconnectedTransactions::default())?;
        self.announce_step();
        connected.map_err(|reject| EngineError::Inconsistent(format!("the genesis block is refused: {reject}")))
    }

    /// From the block of the coins to the announced tip, without telling anybody.
    fn roll_forward(&mut self, coins_best: &BlockHash) -> Result<(), EngineError> {
        let unknown = |hash| EngineError::Inconsistent(format!("Block {hash} is not in the index"));
        let (best, goal) = {
            let mut index = self.shared.index.write();
            let best = index.find(coins_best).ok_or_else(|| unknown(*coins_best))?;
            index.set_active_tip(best);
            let announced = self.announced.unwrap_or(*coins_best);
            (best, index.find(&announced).ok_or_else(|| unknown(announced))?)
        };
        if best == goal {
            self.replaying = false;
            return Ok(());
        }
        let (from, to) = {
            let index = self.shared.index.read();
            (index.entry(best).height, index.entry(goal).height)
        };
        tracing::info!("Rolling the coins forward from height {from} to {to}");
        self.replaying = true;
        let fork = self.shared.index.read().fork_with_active(goal);
        // Nothing comes back: the pool is read from its file afterwards.
        let mut none = DisconnectedTransactions::default();
        while self.shared.index.read().tip() != fork {
            self.disconnect_tip(&mut none)?;
        }
        let path: Vec<Id> = {
            let index = self.shared.index.read();
            let first = fork.map_or(0, |fork| index.entry(fork).height + 1);
            (first..=to).filter_map(|height| index.ancestor(goal, height)).collect()
        };
        for id in path {
            let entry = self.shared.index.read().entry(id).clone();
            let block = self
                .shared
                .read_block(&entry)?
                .ok_or_else(|| EngineError::Inconsistent(format!("The data of block {} is missing", entry.hash)))?;
            if let Err(reject) = self.connect_tip(id, &block, &mut none)? {
                let what = format!("Block {} was valid before and is refused now: {reject}", entry.hash);
                return Err(EngineError::Inconsistent(what));
            }
            self.flush_if_large()?;
        }
        self.checked.clear();
        self.replaying = false;
        Ok(())
    }

    fn consider_all(&mut self) {
        let shared = Arc::clone(&self.shared);
        let index = shared.index.read();
        for id in index.ids() {
            self.consider(&index, id);
        }
    }

    /// A damaged disk is noticed now, not when it matters.
    fn check_recent_blocks(&self) -> Result<(), EngineError> {
        let (level, blocks) = (self.options.check_level, self.options.check_blocks);
        let request = VerifyRequest { level, blocks, memory: self.options.cache_bytes };
        match self.reader.verify_chain(request)? {
            Verification::Sound { blocks } => {
                tracing::info!("No coin database inconsistencies in last {blocks} blocks");
                Ok(())
            }
            Verification::Damaged(what) => {
                Err(EngineError::Inconsistent(format!("Corrupted block database detected: {what}")))
            }
        }
    }
}

fn build_index(mut records: Vec<(BlockHash, IndexRecord)>) -> Result<BlockIndex, EngineError> {
    records.sort_by_key(|(_, record)| record.height);
    let mut index = BlockIndex::default();
    for (hash, record) in records {
        if record.height > 0 && index.find(&record.header.prev).is_none() {
            return Err(EngineError::Inconsistent(format!("The parent of block {hash} is not in the index")));
        }
        let id = index.insert(record.header, hash);
        let entry = index.entry_mut(id);
        entry.status = record.status;
        entry.tx_count = record.tx_count;
        entry.block = record.block;
        entry.undo = record.undo;
        entry.mweb = record.mweb.map(Box::new);
    }
    Ok(index)
}
