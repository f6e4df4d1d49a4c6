//! A chain without scripts and proof of work: headers form a tree, the branch with the most work wins.
//!
//! Two marks make things invalid on purpose: a header of [`BAD_HEADER_VERSION`] and a block of [`BAD_BLOCK_NONCE`].

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use litecast_primitives::{
    Amount, Block, BlockFilter, BlockHash, BlockHeader, Height, OutPoint, Transaction, TxIn, TxOut, Txid,
    arith::work_of, block_filter::filter_header, merkle, mweb::ExtensionBlock, transaction::TxParts,
};

use super::toy_pool::ToyPool;
use crate::{
    archive::Archive,
    chain::{BlockEntry, Chain},
    compact::{PoolMatches, WantedTransactions},
    fsm::{BlockVerdict, Reject, RejectKind, TxVerdict},
    message::{FilterHashes, GetMwebUtxos, MwebSegment},
    time::Time,
};

/// A header of this version fails.
pub const BAD_HEADER_VERSION: i32 = -1;
/// A block of this nonce fails when it is connected.
pub const BAD_BLOCK_NONCE: u32 = 0xbad;
/// A tip older than this, in seconds, means that the node is catching up (DEFAULT_MAX_TIP_AGE).
const MAX_TIP_AGE: i64 = 24 * 60 * 60;
const BITS: u32 = 0x207f_ffff;

/// The active chain moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// New tip.
    pub tip: BlockHash,
    /// Where the old and the new chain part.
    pub fork: BlockHash,
    /// How many blocks left the chain.
    pub disconnected: usize,
    /// Which ones came, the lowest first.
    pub connected: Vec<Arc<Block>>,
}

/// One node's view of all headers and blocks that it met.
#[derive(Debug, Clone)]
pub struct ToyChain {
    entries: HashMap<BlockHash, BlockEntry>,
    children: HashMap<BlockHash, Vec<BlockHash>>,
    blocks: HashMap<BlockHash, Arc<Block>>,
    active: Vec<BlockHash>,
    best_header: BlockHash,
    initial_download: bool,
    reorganised: Height,
    pub(super) pool: ToyPool,
    /// Blocks from here on are MWEB blocks for the peers' sake.
    pub mweb_height: Height,
}

fn reject(kind: RejectKind, reason: &'static str) -> Reject {
    Reject { kind, reason: reason.into() }
}

/// Coins that nobody made and everybody accepts; a tag has as many as it likes.
pub fn free_coin(tag: u64, number: u32) -> OutPoint {
    let mut txid = [1; 32];
    txid[..8].copy_from_slice(&tag.to_le_bytes());
    OutPoint { txid: Txid::from_bytes(txid), vout: number }
}

/// A transaction that spends nothing real.
pub fn make_transaction(tag: u64, number: u32) -> Arc<Transaction> {
    transaction_of(&[free_coin(tag, number)], &[1])
}

/// A transaction that spends what it is told to.
pub fn transaction_of(spent: &[OutPoint], values: &[i64]) -> Arc<Transaction> {
    let input = |prevout: &OutPoint| TxIn {
        prevout: *prevout,
        script_sig: Bytes::new(),
        sequence: TxIn::SEQUENCE_FINAL,
        witness: vec![Bytes::from_static(&[1])],
    };
    let output = |value: &i64| TxOut { value: Amount(*value), script_pubkey: Bytes::from_static(&[0x51]) };
    Arc::new(Transaction::from(TxParts {
        version: 2,
        inputs: spent.iter().map(input).collect(),
        outputs: values.iter().map(output).collect(),
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }))
}

/// A block on top of another. `tag` makes it differ from others at the same place.
pub fn make_block(parent: &BlockEntry, time: u32, nonce: u32, tag: u64) -> Arc<Block> {
    make_block_of(parent, time, nonce, tag, Vec::new(), None)
}

/// A block with more than a coinbase.
pub fn make_block_of(
    parent: &BlockEntry,
    time: u32,
    nonce: u32,
    tag: u64,
    mut transactions: Vec<Arc<Transaction>>,
    extension: Option<ExtensionBlock>,
) -> Arc<Block> {
    let mut script_sig = (parent.height + 1).to_le_bytes().to_vec();
    script_sig.extend_from_slice(&tag.to_le_bytes());
    let coinbase = Transaction::from(TxParts {
        version: 1,
        inputs: vec![TxIn {
            prevout: OutPoint::NULL,
            script_sig: script_sig.into(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: Amount(50 * Amount::COIN.0), script_pubkey: Bytes::from_static(&[0x51]) }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    });
    transactions.insert(0, Arc::new(coinbase));
    let merkle_root = merkle::transactions_root(&transactions).root;
    let header = BlockHeader { version: 4, prev: parent.hash, merkle_root, time, bits: BITS, nonce };
    Arc::new(Block::new(header, transactions, extension))
}

impl ToyChain {
    /// Only the genesis block.
    pub fn new(genesis: &Arc<Block>) -> Self {
        let entry = BlockEntry {
            hash: genesis.hash(),
            height: 0,
            header: *genesis.header(),
            chain_work: work_of(genesis.header().bits),
            have_data: true,
            have_chain_data: true,
            valid_scripts: true,
            failed: false,
        };
        Self {
            entries: HashMap::from([(entry.hash, entry)]),
            children: HashMap::new(),
            blocks: HashMap::from([(entry.hash, Arc::clone(genesis))]),
            active: vec![entry.hash],
            best_header: entry.hash,
            initial_download: true,
            reorganised: 0,
            pool: ToyPool::default(),
            mweb_height: Height::MAX,
        }
    }

    /// A stored block.
    pub fn block(&self, hash: &BlockHash) -> Option<&Arc<Block>> {
        self.blocks.get(hash)
    }

    /// Something that a compact block may be made of.
    pub fn add_to_pool(&mut self, tx: &Arc<Transaction>) {
        self.pool.insert(tx);
    }

    /// Offers a transaction to the mempool.
    pub fn submit_tx(&mut self, tx: &Arc<Transaction>) -> TxVerdict {
        self.pool.submit(tx)
    }

    /// Marks a transaction of the mempool as one that no peer has asked for, or that one has.
    pub fn set_unbroadcast(&mut self, txid: &Txid, unbroadcast: bool) {
        self.pool.set_unbroadcast(txid, unbroadcast);
    }

    /// Ids of all transactions of the active chain, but those of the genesis block.
    pub fn confirmed(&self) -> BTreeSet<Txid> {
        self.pool.confirmed()
    }

    /// Sets what the mempool asks for while it is full.
    pub fn set_min_fee(&mut self, rate: i64) {
        self.pool.min_fee = rate;
    }

    /// The deepest reorganisation so far, in disconnected blocks.
    pub fn deepest_reorg(&self) -> Height {
        self.reorganised
    }

    /// Leaves the initial download once the tip is recent; never goes back.
    pub fn look_at_clock(&mut self, now: Time) {
        let age = now.as_secs() - i64::from(self.tip().header.time);
        self.initial_download &= age > MAX_TIP_AGE;
        self.pool.now = now.as_secs();
    }

    /// Takes headers up to the first bad one.
    pub fn submit_headers(&mut self, headers: &[BlockHeader]) -> Result<(), Reject> {
        headers.iter().try_for_each(|header| self.accept_header(header))
    }

    fn accept_header(&mut self, header: &BlockHeader) -> Result<(), Reject> {
        let hash = header.hash();
        if let Some(known) = self.entries.get(&hash) {
            return if known.failed { Err(reject(RejectKind::CachedInvalid, "duplicate")) } else { Ok(()) };
        }
        if header.version == BAD_HEADER_VERSION {
            return Err(reject(RejectKind::InvalidHeader, "high-hash"));
        }
        let Some(parent) = self.entries.get(&header.prev).copied() else {
            return Err(reject(RejectKind::MissingPrev, "prev-blk-not-found"));
        };
        if parent.failed {
            return Err(reject(RejectKind::InvalidPrev, "bad-prevblk"));
        }
        let entry = BlockEntry {
            hash,
            height: parent.height + 1,
            header: *header,
            chain_work: parent.chain_work + work_of(header.bits),
            have_data: false,
            have_chain_data: false,
            valid_scripts: false,
            failed: false,
        };
        self.entries.insert(hash, entry);
        self.children.entry(header.prev).or_default().push(hash);
        if entry.chain_work > self.best_header().chain_work {
            self.best_header = hash;
        }
        Ok(())
    }

    /// Takes a block; says what became of it and how the active chain moved.
    pub fn submit_block(&mut self, block: &Arc<Block>) -> (BlockVerdict, Option<Moved>) {
        let hash = block.hash();
        if let Err(reject) = self.accept_header(block.header()) {
            return (BlockVerdict::Invalid(reject), None);
        }
        if !merkle::is_genuine(block) {
            return (BlockVerdict::Invalid(reject(RejectKind::Mutated, "bad-txnmrklroot")), None);
        }
        if self.blocks.contains_key(&hash) {
            return (BlockVerdict::Duplicate, None);
        }
        self.blocks.insert(hash, Arc::clone(block));
        self.change(&hash, |entry| entry.have_data = true);
        self.complete_from(hash);
        let moved = self.activate();
        if self.entries[&hash].failed {
            return (BlockVerdict::Invalid(reject(RejectKind::Consensus, "bad-toy")), moved);
        }
        (BlockVerdict::New, moved)
    }

    fn change(&mut self, hash: &BlockHash, change: impl FnOnce(&mut BlockEntry)) {
        change(self.entries.get_mut(hash).expect("because only known blocks are changed"));
    }

    /// Everything above a block that is there now, as far as it is there too.
    fn complete_from(&mut self, hash: BlockHash) {
        let mut open = vec![hash];
        while let Some(hash) = open.pop() {
            let entry = self.entries[&hash];
            if entry.have_data && self.entries[&entry.header.prev].have_chain_data {
                self.change(&hash, |entry| entry.have_chain_data = true);
                open.extend(self.children.get(&hash).into_iter().flatten());
            }
        }
    }

    fn fail(&mut self, hash: BlockHash) {
        let mut open = vec![hash];
        while let Some(hash) = open.pop() {
            self.change(&hash, |entry| entry.failed = true);
            open.extend(self.children.get(&hash).into_iter().flatten());
        }
        let good = self.entries.values().filter(|e| !e.failed);
        self.best_header = good.max_by_key(|e| (e.chain_work, e.hash)).map_or(self.active[0], |e| e.hash);
    }

    fn activate(&mut self) -> Option<Moved> {
        let start = self.tip();
        loop {
            let tip = self.tip();
            let candidates = self.entries.values().filter(|e| e.have_chain_data && !e.failed);
            let best = *candidates
                .filter(|e| e.chain_work > tip.chain_work)
                .max_by_key(|e| (e.chain_work, e.hash))
                .unwrap_or(&tip);
            if best.hash == tip.hash {
                break;
            }
            let mut path = Vec::new();
            let mut at = best;
            while !self.is_active(&at) {
                path.push(at);
                at = self.entries[&at.header.prev];
            }
            let bad = path.iter().rev().find(|e| !e.valid_scripts && e.header.nonce == BAD_BLOCK_NONCE).map(|e| e.hash);
            if let Some(bad) = bad {
                self.fail(bad);
                continue;
            }
            self.active.truncate(at.height as usize + 1);
            for entry in path.iter().rev() {
                self.active.push(entry.hash);
                self.change(&entry.hash, |e| e.valid_scripts = true);
            }
        }
        let tip = self.tip();
        let fork = self.last_common_ancestor(&start.hash, &tip.hash)?;
        self.reorganised = self.reorganised.max(start.height - fork.height);
        let mut disconnected = Vec::new();
        let mut at = start;
        while at.hash != fork.hash {
            disconnected.push(Arc::clone(&self.blocks[&at.hash]));
            at = self.entries[&at.header.prev];
        }
        let new = &self.active[fork.height as usize + 1..];
        let connected: Vec<_> = new.iter().map(|hash| Arc::clone(&self.blocks[hash])).collect();
        disconnected.iter().for_each(|block| self.pool.disconnect(block));
        connected.iter().for_each(|block| self.pool.connect(block));
        if !disconnected.is_empty() {
            self.pool.readd(disconnected.iter().rev());
        }
        let moved = Moved { tip: tip.hash, fork: fork.hash, disconnected: disconnected.len(), connected };
        (tip.hash != start.hash).then_some(moved)
    }
}

impl Chain for ToyChain {
    fn tip(&self) -> BlockEntry {
        self.entries[self.active.last().expect("because the genesis block is never disconnected")]
    }

    fn best_header(&self) -> BlockEntry {
        self.entries[&self.best_header]
    }

    fn entry(&self, hash: &BlockHash) -> Option<BlockEntry> {
        self.entries.get(hash).copied()
    }

    fn active(&self, height: Height) -> Option<BlockEntry> {
        self.active.get(height as usize).map(|hash| self.entries[hash])
    }

    fn ancestor(&self, of: &BlockHash, height: Height) -> Option<BlockEntry> {
        let mut at = self.entry(of).filter(|e| e.height >= height)?;
        while at.height > height {
            if self.is_active(&at) {
                return self.active(height);
            }
            at = self.entries[&at.header.prev];
        }
        Some(at)
    }

    fn is_mweb_block(&self, block: &BlockEntry) -> bool {
        block.height >= self.mweb_height
    }

    fn pool_matches(&self, wanted: &WantedTransactions) -> PoolMatches {
        let all = self.pool.all().into_iter().map(|entry| entry.tx);
        let mempool = all.filter(|tx| wanted.contains(&tx.wtxid())).collect();
        PoolMatches { mempool, extra: Vec::new() }
    }

    fn is_initial_download(&self) -> bool {
        self.initial_download
    }
}

/// Its state knows no outputs: every leafset is the block's height, and nothing is unspent.
impl Archive for ToyChain {
    fn block(&self, hash: &BlockHash) -> Option<Arc<Block>> {
        self.blocks.get(hash).cloned()
    }

    fn mweb_leafset(&self, hash: &BlockHash) -> Option<Bytes> {
        self.entry(hash).map(|entry| Bytes::copy_from_slice(&entry.height.to_be_bytes()))
    }

    fn mweb_utxos(&self, _: &GetMwebUtxos) -> Option<MwebSegment> {
        None
    }

    /// As if nothing were ever spent.
    fn block_filter(&self, hash: &BlockHash) -> Option<Bytes> {
        self.blocks.get(hash).map(|block| BlockFilter::basic(block, []).0.into())
    }

    fn filter_hashes(&self, start: Height, stop: &BlockHash) -> Option<FilterHashes> {
        let mut filters = FilterHashes::default();
        for height in 0..=self.entry(stop)?.height {
            let hash = self.filter_hash(stop, height)?;
            if height < start {
                filters.below = filter_header(&hash, &filters.below);
            } else {
                filters.hashes.push(hash);
            }
        }
        Some(filters)
    }

    fn filter_checkpoints(&self, stop: &BlockHash) -> Option<Vec<[u8; 32]>> {
        let mut header = [0; 32];
        let mut checkpoints = Vec::new();
        for height in 0..=self.entry(stop)?.height {
            header = filter_header(&self.filter_hash(stop, height)?, &header);
            if height > 0 && height.is_multiple_of(1000) {
                checkpoints.push(header);
            }
        }
        Some(checkpoints)
    }
}

impl ToyChain {
    fn filter_hash(&self, tip: &BlockHash, height: Height) -> Option<[u8; 32]> {
        let block = self.blocks.get(&self.ancestor(tip, height)?.hash)?;
        Some(BlockFilter::basic(block, []).hash())
    }
}
