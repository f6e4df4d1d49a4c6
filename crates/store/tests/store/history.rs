//! A made-up history that can be replayed: commits, and the state that each must leave.

use std::collections::BTreeMap;

use litecast_primitives::{
    Amount, BlockHash, BlockHeader, Coin, OutPoint, TxOut, Txid,
    hash::{MerkleRoot, MwebHash, sha256},
    mweb,
    params::{Network, Params},
};
use litecast_store::{
    Batch, CoinsSummary, FileLimits, FilePos, IndexRecord, MwebIndex, Opaque, Options, Store, StoreError,
};

/// What a store shows to its readers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    pub(crate) index: BTreeMap<BlockHash, IndexRecord>,
    pub(crate) coins: BTreeMap<OutPoint, Coin>,
    pub(crate) best: Option<(BlockHash, CoinsSummary)>,
    pub(crate) tip: Option<BlockHash>,
    pub(crate) mweb: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Shown {
    pub(crate) fn of(store: &Store) -> Self {
        let coins = store.coins().unwrap();
        let best = coins.best();
        let coins: BTreeMap<_, _> = coins.map(|entry| entry.unwrap()).collect();
        for (outpoint, coin) in coins.iter().take(3) {
            assert_eq!(store.coin(outpoint).unwrap().as_ref(), Some(coin));
        }
        assert_eq!(store.coins_best().unwrap(), best.map(|(hash, _)| hash));
        Self {
            index: store.load_index().unwrap().into_iter().collect(),
            coins,
            best,
            tip: store.announced_tip().unwrap(),
            mweb: store.entries(Opaque::Mweb).map(|e| e.map(|(k, v)| (k.to_vec(), v.to_vec())).unwrap()).collect(),
        }
    }

    /// Every position in the index leads to the bytes that were put there.
    pub(crate) fn check_files(&self, store: &Store) {
        for record in self.index.values() {
            if let Some(pos) = record.block {
                assert_eq!(store.read_block(pos).unwrap(), block_bytes(record.height), "block {}", record.height);
            }
            if let Some(pos) = record.undo {
                let undo = store.read_undo(pos, &record.header.prev).unwrap();
                assert_eq!(undo, undo_bytes(record.height), "undo {}", record.height);
            }
        }
    }
}

/// One step of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Append the next block and, behind it, its undo data.
    Block,
    /// Only sync.
    Sync,
    /// Commit everything since the last commit.
    Commit,
}

/// A writer that plays steps and keeps the model beside the store.
pub(crate) struct Player {
    pub(crate) model: Shown,
    /// The states after opening and after each finished commit.
    pub(crate) committed: Vec<Shown>,
    /// The state that the commit in flight would leave.
    pub(crate) in_flight: Option<Shown>,
    height: u32,
    batch: Batch,
}

impl Player {
    /// Goes on from what a store shows.
    pub(crate) fn new(shown: Shown) -> Self {
        let height = shown.index.values().map(|r| r.height + 1).max().unwrap_or(0);
        Self { committed: vec![shown.clone()], model: shown, in_flight: None, height, batch: Batch::new() }
    }

    pub(crate) fn play(&mut self, store: &Store, step: Step) -> Result<(), StoreError> {
        match step {
            Step::Block => self.block(store),
            Step::Sync => store.sync_files(),
            Step::Commit => {
                self.in_flight = Some(self.model.clone());
                store.commit(std::mem::take(&mut self.batch))?;
                self.committed.extend(self.in_flight.take());
                Ok(())
            }
        }
    }

    fn block(&mut self, store: &Store) -> Result<(), StoreError> {
        let height = self.height;
        let block = store.append_block(&block_bytes(height))?;
        let record = record(height, block);
        let undo = store.append_undo(block.file, &undo_bytes(height), &record.header.prev)?;
        let record = IndexRecord { undo: Some(undo), ..record };
        let hash = record.header.hash();
        self.batch.put_index(&hash, &record);
        self.model.index.insert(hash, record);
        // Each block spends a coin of an earlier one and makes three.
        for vout in 0..3 {
            let (outpoint, coin) = coin(height, vout);
            self.batch.put_coin(outpoint, &coin);
            self.model.coins.insert(outpoint, coin);
        }
        if let Some(spent) = self.model.coins.keys().next().copied() {
            self.batch.delete_coin(spent);
            self.model.coins.remove(&spent);
        }
        let summary = CoinsSummary { count: self.model.coins.len() as u64 };
        self.batch.set_coins_best(&hash, summary);
        self.batch.set_announced_tip(&hash);
        self.model.best = Some((hash, summary));
        self.model.tip = Some(hash);
        let key = (height % 5).to_be_bytes();
        self.batch.put(Opaque::Mweb, key, height.to_le_bytes());
        self.model.mweb.insert(key.to_vec(), height.to_le_bytes().to_vec());
        self.height += 1;
        Ok(())
    }
}

pub(crate) fn block_bytes(height: u32) -> Vec<u8> {
    noise(b"block", height, 80 + height * 37 % 400)
}

pub(crate) fn undo_bytes(height: u32) -> Vec<u8> {
    noise(b"undo", height, height * 53 % 150)
}

pub(crate) fn record(height: u32, block: FilePos) -> IndexRecord {
    let header = header(height);
    let mweb = (height % 3 == 2).then(|| MwebIndex {
        header: mweb::Header {
            height,
            output_root: MwebHash([1; 32]),
            kernel_root: MwebHash([2; 32]),
            leafset_root: MwebHash([3; 32]),
            kernel_offset: [4; 32],
            stealth_offset: [5; 32],
            output_mmr_size: u64::from(height) << 20,
            kernel_mmr_size: 7,
        },
        hogex: Txid::from_bytes([6; 32]),
        amount: Amount(i64::from(height)),
    });
    IndexRecord { header, height, status: 29 | height << 8, tx_count: 1 + height, block: Some(block), undo: None, mweb }
}

fn header(height: u32) -> BlockHeader {
    let prev =
        height.checked_sub(1).map_or(BlockHash::ZERO, |below| BlockHash::from_bytes(sha256(&below.to_le_bytes())));
    BlockHeader {
        version: 0x2000_0000,
        prev,
        merkle_root: MerkleRoot::from_bytes(sha256(&height.to_be_bytes())),
        time: height,
        bits: 0x207f_ffff,
        nonce: height,
    }
}

fn coin(height: u32, vout: u32) -> (OutPoint, Coin) {
    let txid = Txid::from_bytes(sha256(&[b"tx", &height.to_le_bytes()[..]].concat()));
    let coin = Coin {
        output: TxOut {
            value: Amount(i64::from(height) * 1000),
            script_pubkey: noise(b"script", height, 5 + vout).into(),
        },
        height,
        is_coinbase: vout == 0,
        is_peg_out: vout == 2,
    };
    (OutPoint { txid, vout }, coin)
}

fn noise(kind: &[u8], height: u32, length: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for part in 0u32.. {
        if out.len() >= length as usize {
            break;
        }
        out.extend(sha256(&[kind, &height.to_le_bytes(), &part.to_le_bytes()].concat()));
    }
    out.truncate(length as usize);
    out
}

/// Regtest with files so small that a few blocks fill them.
pub(crate) fn options(dir: impl Into<std::path::PathBuf>) -> Options {
    let mut options = Options::new(dir, &Params::new(Network::Regtest));
    options.limits = FileLimits { file: 1500, block_chunk: 256, undo_chunk: 128 };
    options.cache_bytes = 0;
    options
}
