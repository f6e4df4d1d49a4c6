//! Reading the chain while the writer works: short looks at the index, blocks from disk, coins.

mod filters;
mod light;
mod pool;
mod verify;

pub use filters::FilterHashes;
pub use light::MwebSegment;
pub use verify::{Verification, VerifyRequest};

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use litecast_consensus::{
    Context,
    scripts::ScriptCaches,
    versionbits::{self, Statistics, ThresholdState, VersionBitsCache},
};
use litecast_mempool::Mempool;
use litecast_mweb::Verifier;
use litecast_primitives::{
    Block, BlockHash, Coin, Height, OutPoint, U256,
    params::{DeploymentId, Params, ScheduleKind},
    view::{CoinView, HeaderView},
};
use litecast_store::Store;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use crate::{
    clock::Clock,
    coins::CoinsCache,
    error::EngineError,
    filters::FilterProgress,
    index::{BlockIndex, ChainAt, Entry, Id, status},
    inside::InsideCache,
};

/// Blocks that are kept in memory for those who ask for them right after they came.
const RECENT_BLOCKS: usize = 8;
/// Above this many bytes a block is not kept.
const RECENT_BLOCK_BYTES: usize = 4_000_000;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) params: Arc<Params>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Arc<Store>,
    pub(crate) index: RwLock<BlockIndex>,
    pub(crate) coins: RwLock<CoinsCache>,
    pub(crate) inside: RwLock<InsideCache>,
    /// Transactions that wait for a block. Locks are taken in the order of these fields.
    pub(crate) pool: RwLock<Mempool>,
    /// The cryptography of extension blocks.
    pub(crate) mweb: Verifier,
    /// Scripts and signatures that were verified before.
    pub(crate) scripts: Arc<ScriptCaches>,
    pub(crate) versionbits: VersionBitsCache,
    pub(crate) recent: Mutex<VecDeque<Arc<Block>>>,
    pub(crate) caught_up: AtomicBool,
    pub(crate) importing: AtomicBool,
    pub(crate) failure: Mutex<Option<EngineError>>,
    pub(crate) minimum_chain_work: U256,
    pub(crate) max_tip_age: i64,
    pub(crate) pool_loaded: AtomicBool,
    /// Held while the mempool is written to its file: who asks for that is on a thread of its own.
    pub(crate) pool_saving: Mutex<()>,
    pub(crate) last_template: Mutex<Option<LastTemplate>>,
    /// What the operator should know.
    pub(crate) warning: Mutex<Option<String>>,
    /// How far the index of filters is; `None` where there is none.
    pub(crate) filters: Option<Arc<Mutex<FilterProgress>>>,
}

impl Shared {
    /// What judges a block on top of a chain.
    pub(crate) fn context<'a>(&'a self, chain: &'a dyn HeaderView) -> Context<'a> {
        Context { chain, params: &self.params, versionbits: &self.versionbits, mweb: &self.mweb }
    }

    /// Keeps a block for those who will ask for it soon.
    pub(crate) fn remember(&self, block: &Arc<Block>) {
        if block.bytes().len() > RECENT_BLOCK_BYTES {
            return;
        }
        let mut recent = self.recent.lock();
        if recent.iter().any(|kept| kept.hash() == block.hash()) {
            return;
        }
        if recent.len() == RECENT_BLOCKS {
            recent.pop_front();
        }
        recent.push_back(Arc::clone(block));
    }

    pub(crate) fn read_block(&self, entry: &Entry) -> Result<Option<Arc<Block>>, EngineError> {
        if let Some(kept) = self.recent.lock().iter().find(|kept| kept.hash() == entry.hash) {
            return Ok(Some(Arc::clone(kept)));
        }
        let Some(pos) = entry.block.filter(|_| entry.have_data()) else { return Ok(None) };
        let bytes = self.store.read_block(pos)?;
        let damaged = |what: &str| {
            EngineError::Inconsistent(format!(
                "Block {} in file blk{:05}.dat at {} {what}",
                entry.hash, pos.file, pos.offset
            ))
        };
        let block = Block::from_bytes(bytes).map_err(|error| damaged(&format!("is damaged ({error})")))?;
        if block.hash() != entry.hash {
            return Err(damaged("is another block"));
        }
        Ok(Some(Arc::new(block)))
    }

    /// `IsInitialBlockDownload` of the reference: once false, false for ever.
    pub(crate) fn is_initial_download(&self, index: &BlockIndex) -> bool {
        if self.caught_up.load(Ordering::Relaxed) {
            return false;
        }
        if self.importing.load(Ordering::Relaxed) {
            return true;
        }
        let Some(tip) = index.tip().map(|id| index.entry(id)) else { return true };
        if tip.work < self.minimum_chain_work || i64::from(tip.header.time) < self.clock.now() - self.max_tip_age {
            return true;
        }
        tracing::info!("Leaving InitialBlockDownload (latching to false)");
        self.caught_up.store(true, Ordering::Relaxed);
        false
    }
}

/// The block that was last made (`getmininginfo`); of given transactions nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTemplate {
    /// Transactions but for coinbase and HogEx.
    pub transactions: u64,
    /// Weight.
    pub weight: u64,
    /// Weight inside of the extension block.
    pub mweb_weight: u64,
}

/// What the tip of a branch is worth (getchaintips).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TipStatus {
    /// The tip of the active chain.
    Active,
    /// Broke a rule, or stands on one that did.
    Invalid,
    /// Not all blocks of the branch are here.
    HeadersOnly,
    /// All blocks are here, and they were connected once.
    ValidFork,
    /// All blocks are here, not connected.
    ValidHeaders,
}

/// A tip of the tree of blocks.
#[derive(Debug, Clone)]
pub struct ChainTip {
    /// The tip.
    pub entry: Entry,
    /// Blocks between it and the active chain.
    pub branch_length: Height,
    /// What it is worth.
    pub status: TipStatus,
}

/// Where a deployment stands for the next block.
#[derive(Debug, Clone, Copy)]
pub struct DeploymentInfo {
    /// Which.
    pub id: DeploymentId,
    /// Its state.
    pub state: ThresholdState,
    /// Since this height.
    pub since: Height,
    /// Signals, while they are counted.
    pub statistics: Option<Statistics>,
}

/// Reads the chain state. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader(pub(crate) Arc<Shared>);

impl Reader {
    /// The network.
    pub fn params(&self) -> &Arc<Params> {
        &self.0.params
    }

    /// Time, as the engine sees it.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.0.clock
    }

    /// The index, for several looks at one state. The writer waits meanwhile: be short, and take it only once.
    pub fn index(&self) -> RwLockReadGuard<'_, BlockIndex> {
        self.0.index.read()
    }

    /// The tip of the active chain.
    pub fn tip(&self) -> Entry {
        let index = self.index();
        let tip = index.tip().expect("because the genesis block is connected before the engine runs");
        index.entry(tip).clone()
    }

    /// The header with the most work.
    pub fn best_header(&self) -> Entry {
        let index = self.index();
        let best = index.best_header().expect("because the genesis header is always known");
        index.entry(best).clone()
    }

    /// A known header.
    pub fn entry(&self, hash: &BlockHash) -> Option<Entry> {
        self.index().get(hash).cloned()
    }

    /// The active chain's header at a height.
    pub fn active(&self, height: Height) -> Option<Entry> {
        let index = self.index();
        index.active(height).map(|id| index.entry(id).clone())
    }

    pub(crate) fn is_known(&self, hash: &BlockHash) -> bool {
        self.index().find(hash).is_some()
    }

    /// A block, if its data is here.
    pub fn block(&self, entry: &Entry) -> Result<Option<Arc<Block>>, EngineError> {
        self.0.read_block(entry)
    }

    /// The coin at an outpoint.
    pub fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, EngineError> {
        self.0.coins.read().coin(outpoint).map_err(|error| EngineError::Inconsistent(error.to_string()))
    }

    /// The coins as of the last flush, in the order of the store.
    pub fn stored_coins(&self) -> Result<litecast_store::Coins, EngineError> {
        Ok(self.0.store.coins()?)
    }

    /// Number of unspent coins, and how many changes and bytes wait in memory for the next flush.
    pub fn coin_statistics(&self) -> (u64, usize, usize) {
        let coins = self.0.coins.read();
        (coins.count(), coins.len(), coins.memory())
    }

    /// Whether the node is still catching up with the network.
    pub fn is_initial_download(&self) -> bool {
        self.0.is_initial_download(&self.index())
    }

    /// Whether blocks are being read from files.
    pub fn is_importing(&self) -> bool {
        self.0.importing.load(Ordering::Relaxed)
    }

    /// Median time of a block and the ten below, Unix seconds.
    pub fn median_time_past(&self, id: Id) -> i64 {
        let index = self.index();
        ChainAt::new(&index, id).median_time_past(index.entry(id).height)
    }

    /// Why the engine stopped by itself, if it did.
    pub fn failure(&self) -> Option<EngineError> {
        self.0.failure.lock().clone()
    }

    /// What the operator should know, if anything.
    pub fn warning(&self) -> Option<String> {
        self.0.warning.lock().clone()
    }

    /// Bytes of block and undo files on disk.
    pub fn size_on_disk(&self) -> Result<u64, EngineError> {
        let dir = &self.0.store.options().blocks_dir;
        let unreadable = |error: std::io::Error| {
            EngineError::Inconsistent(format!("cannot read the folder of block files {}: {error}", dir.display()))
        };
        let mut total = 0;
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            total += entry.and_then(|entry| entry.metadata()).map_err(unreadable)?.len();
        }
        Ok(total)
    }

    /// Whether a known block must carry an extension block.
    pub fn is_mweb_block(&self, hash: &BlockHash) -> bool {
        let index = self.index();
        let Some(parent) = index.get(hash).and_then(|entry| entry.parent) else { return false };
        versionbits::is_mweb_active(Some(&ChainAt::new(&index, parent)), &self.0.params, &self.0.versionbits)
    }

    /// Every deployment by version bits, as it stands for the block after the tip.
    pub fn deployments(&self) -> Vec<DeploymentInfo> {
        let index = self.index();
        let Some(tip) = index.tip() else { return Vec::new() };
        let chain = ChainAt::new(&index, tip);
        let (params, cache) = (&self.0.params, &self.0.versionbits);
        DeploymentId::ALL
            .into_iter()
            .filter(|id| params.deployment(*id).kind() != ScheduleKind::Never)
            .map(|id| {
                let state = versionbits::state(Some(&chain), id, params, cache);
                DeploymentInfo {
                    id,
                    state,
                    since: versionbits::since_height(&chain, id, params, cache),
                    statistics: (state == ThresholdState::Started).then(|| versionbits::statistics(&chain, id, params)),
                }
            })
            .collect()
    }

    /// Every tip of the tree, highest first (v0.21.5.5 src/rpc/blockchain.cpp, getchaintips).
    pub fn chain_tips(&self) -> Vec<ChainTip> {
        let index = self.index();
        let mut has_child = vec![false; index.len()];
        for id in index.ids() {
            if let Some(parent) = index.entry(id).parent {
                has_child[parent.position()] = true;
            }
        }
        let mut tips: Vec<ChainTip> = index
            .ids()
            .filter(|id| !has_child[id.position()] || index.tip() == Some(*id))
            .map(|id| {
                let entry = index.entry(id).clone();
                let fork = index.fork_with_active(id).map_or(0, |fork| index.entry(fork).height);
                let status = if index.is_active(id) {
                    TipStatus::Active
                } else if entry.failed() {
                    TipStatus::Invalid
                } else if !entry.have_chain_data() {
                    TipStatus::HeadersOnly
                } else if index.is_valid(id, status::VALID_SCRIPTS) {
                    TipStatus::ValidFork
                } else {
                    TipStatus::ValidHeaders
                };
                ChainTip { branch_length: entry.height - fork, status, entry }
            })
            .collect();
        tips.sort_by(|a, b| b.entry.height.cmp(&a.entry.height).then(a.entry.hash.cmp(&b.entry.hash)));
        tips
    }
}
