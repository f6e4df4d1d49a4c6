//! What the operator decides about the engine.

use std::{path::PathBuf, sync::Arc};

use litecast_mempool::Policy;
use litecast_primitives::{Height, U256, params::Params};
use litecast_store::Wipe;

use crate::{assemble::MiningPolicy, clock::Clock};

/// What the engine needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of index and coins (the network's data directory).
    pub dir: PathBuf,
    /// Folder of block and undo files.
    pub blocks_dir: PathBuf,
    /// The network.
    pub params: Arc<Params>,
    /// Time.
    pub clock: Arc<Clock>,
    /// Memory for cached coins in bytes (`-dbcache`).
    pub cache_bytes: usize,
    /// A tip older than this many seconds means that the node is catching up (`-maxtipage`).
    pub max_tip_age: i64,
    /// A chain with less work means the same (`-minimumchainwork`).
    pub minimum_chain_work: U256,
    /// Stop connecting at this height (`-stopatheight`).
    pub stop_at_height: Option<Height>,
    /// Version of blocks made here (`-blockversion`, regtest only).
    pub block_version: Option<i32>,
    /// Enforce checkpoints (`-checkpoints`).
    pub checkpoints: bool,
    /// Threads for script checks beside the writer's own (`-par` less one). Without any, a block is rejected with the
    /// error of its first bad script; with some, only with the fact.
    pub script_threads: usize,
    /// Memory for remembering checked signatures and scripts, in bytes (`-maxsigcachesize`).
    pub script_cache_bytes: usize,
    /// What the mempool takes.
    pub mempool: Policy,
    /// File of the fee estimates (`fee_estimates.dat`), read at the start and written at the end.
    pub fee_estimates: PathBuf,
    /// What blocks made here take of it.
    pub mining: MiningPolicy,
    /// How many of the last blocks to check against the state at the start; 0 is all (`-checkblocks`).
    pub check_blocks: Height,
    /// How hard, from 0 to 4 (`-checklevel`).
    pub check_level: u8,
    /// Keep the filters of blocks (`-blockfilterindex`).
    pub block_filters: bool,
    /// What to forget and build anew from the block files (`-reindex`, `-reindex-chainstate`).
    pub wipe: Wipe,
}

impl Options {
    /// What the engine asks of its store.
    pub fn store(&self) -> litecast_store::Options {
        litecast_store::Options {
            blocks_dir: self.blocks_dir.clone(),
            // More memory belongs to the cache of coins.
            cache_bytes: u64::try_from(self.cache_bytes / 4).unwrap_or(u64::MAX),
            wipe: self.wipe,
            ..litecast_store::Options::new(&self.dir, &self.params)
        }
    }
}
