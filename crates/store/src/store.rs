//! The store: one handle for files and tables, shared by one writer and any number of readers.

use std::{path::Path, path::PathBuf, sync::Arc};

use bytes::Bytes;
use litecast_primitives::{
    BlockHash, Coin, OutPoint, Txid,
    codec::{DecodeError, Reader},
};
use parking_lot::Mutex;

use crate::{
    Batch, BlockScan, CoinsSummary, FilePos, IndexRecord, Options, Remedy, StoreError,
    batch::coin_key,
    coin_codec::decode_coin,
    files::{Files, RealFiles},
    flat_files::{FlatFiles, Kind},
    kv::{Entries, Kv, Table},
    lifecycle, marker, scan_file,
};

/// Tables whose keys and values are the engine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opaque {
    /// Single values.
    Meta,
    /// The extension block's state; goes with the coins when the chain state is built anew.
    Mweb,
    /// Where transactions lie.
    TxIndex,
    /// Filters of blocks; made again when the chain state is built anew.
    BlockFilters,
}

impl Opaque {
    pub(crate) const fn table(self) -> Table {
        match self {
            Self::Meta => Table::Meta,
            Self::Mweb => Table::Mweb,
            Self::TxIndex => Table::TxIndex,
            Self::BlockFilters => Table::BlockFilters,
        }
    }
}

/// Everything on disk below the chain directory.
///
/// Calls that write (`append_*`, `sync_files`, `commit`) belong to one thread by convention; calling them from several
/// is safe, but then nobody knows what a commit covers. Reads are for everybody and never wait for a sync.
pub struct Store {
    options: Options,
    tables: PathBuf,
    kv: Box<dyn Kv>,
    flat: FlatFiles,
    /// The first failed write. Nothing is written after it.
    failed: Mutex<Option<StoreError>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens what is there, or creates it. Refuses another network's folder, another format's, and a litecoind's.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let kv = lifecycle::open_tables(options)?;
        Self::open_with(options, Arc::new(RealFiles), Box::new(kv))
    }

    /// Opens over given files and tables: for tests with a [`crate::simulation::SimulatedDisk`].
    pub fn open_with(options: &Options, files: Arc<dyn Files>, kv: Box<dyn Kv>) -> Result<Self, StoreError> {
        let sizes = lifecycle::prepare(options, &*files, &*kv)?;
        let flat = FlatFiles::new(options.blocks_dir.clone(), options.magic, options.limits, files, sizes);
        Ok(Self { tables: options.tables_dir(), options: options.clone(), kv, flat, failed: Mutex::new(None) })
    }

    /// What the store was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    // ---- the block index -------------------------------------------------------------------------------------

    /// All blocks of the index, in no useful order.
    pub fn load_index(&self) -> Result<Vec<(BlockHash, IndexRecord)>, StoreError> {
        let mut records = Vec::new();
        for entry in self.kv.snapshot().iter(Table::Index) {
            let (key, value) = entry.map_err(|e| self.read_failed(e))?;
            let damaged = || StoreError::corrupt("the block index has an unreadable record", Remedy::Reindex);
            let hash = marker::decode_hash(key).map_err(|_| damaged())?;
            let record = IndexRecord::decode(value).map_err(|_| damaged())?;
            if record.header.hash() != hash {
                return Err(damaged());
            }
            records.push((hash, record));
        }
        Ok(records)
    }

    /// One block of the index.
    pub fn index_record(&self, hash: &BlockHash) -> Result<Option<IndexRecord>, StoreError> {
        self.lookup(Table::Index, hash.as_bytes(), IndexRecord::decode)
    }

    /// The tip that was announced last.
    pub fn announced_tip(&self) -> Result<Option<BlockHash>, StoreError> {
        self.lookup(Table::State, marker::ANNOUNCED_TIP, marker::decode_hash)
    }

    // ---- the coins -------------------------------------------------------------------------------------------

    /// The block whose coins the tables hold; it may lie behind the announced tip.
    pub fn coins_best(&self) -> Result<Option<BlockHash>, StoreError> {
        Ok(self.coins_marker()?.map(|(hash, _)| hash))
    }

    /// What was stored with [`Batch::set_coins_best`].
    pub fn coins_marker(&self) -> Result<Option<(BlockHash, CoinsSummary)>, StoreError> {
        self.lookup(Table::State, marker::COINS_BEST, marker::decode_coins_best)
    }

    /// An unspent output.
    pub fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, StoreError> {
        self.lookup(Table::Coins, &coin_key(outpoint), read_coin)
    }

    /// All coins of one moment, ordered by txid (internal byte order) and index.
    pub fn coins(&self) -> Result<Coins, StoreError> {
        let snapshot = self.kv.snapshot();
        let best = snapshot.get(Table::State, marker::COINS_BEST).map_err(|e| self.read_failed(e))?;
        let best = best.map(marker::decode_coins_best).transpose().map_err(|_| unreadable(Table::State))?;
        Ok(Coins { best, entries: snapshot.iter(Table::Coins), tables: self.tables.clone() })
    }

    // ---- the engine's own tables -----------------------------------------------------------------------------

    /// A value of the engine's own.
    pub fn get(&self, table: Opaque, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.kv.get(table.table(), key).map_err(|e| self.read_failed(e))
    }

    /// [`Store::get`] from [`Opaque::Meta`].
    pub fn meta(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(Opaque::Meta, key)
    }

    /// All entries of a table of one moment, in key order.
    pub fn entries(&self, table: Opaque) -> impl Iterator<Item = Result<(Bytes, Bytes), StoreError>> + Send + use<> {
        let tables = self.tables.clone();
        self.kv.snapshot().iter(table.table()).map(move |entry| entry.map_err(|e| StoreError::kv(&tables, "read", e)))
    }

    // ---- block and undo files --------------------------------------------------------------------------------

    /// Appends a block. Durable after [`Store::sync_files`] or [`Store::commit`], found after a restart once its
    /// position is committed.
    pub fn append_block(&self, bytes: &[u8]) -> Result<FilePos, StoreError> {
        self.writing(|| self.flat.append_block(bytes))
    }

    /// Appends undo data to the undo file with the block's file number. The checksum covers the hash of the block
    /// below, so that undo data is never taken for another block's.
    pub fn append_undo(&self, block_file: u32, undo: &[u8], checksum_seed: &BlockHash) -> Result<FilePos, StoreError> {
        self.writing(|| self.flat.append_undo(block_file, undo, checksum_seed))
    }

    /// A block's bytes. Magic and length are checked; that they are the block that was meant is for the caller.
    pub fn read_block(&self, pos: FilePos) -> Result<Bytes, StoreError> {
        self.flat.read_block(pos)
    }

    /// Undo data, checked against its checksum.
    pub fn read_undo(&self, pos: FilePos, checksum_seed: &BlockHash) -> Result<Bytes, StoreError> {
        self.flat.read_undo(pos, checksum_seed)
    }

    /// Path of the block file with this number, whether it exists or not.
    pub fn block_file_path(&self, file: u32) -> PathBuf {
        self.flat.path(Kind::Block, file)
    }

    /// The blocks of a block file, found without an index; `None` when there is no such file.
    pub fn scan_block_file(&self, file: u32) -> Result<Option<BlockScan>, StoreError> {
        let path = self.block_file_path(file);
        if path.try_exists().map_err(|e| StoreError::io(&path, "look for", e))? {
            scan_file(&path, self.options.magic).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Makes everything that was appended durable.
    pub fn sync_files(&self) -> Result<(), StoreError> {
        self.writing(|| self.flat.sync())
    }

    // ---- the commit ------------------------------------------------------------------------------------------

    /// Applies a batch: all of it or nothing, durable on return. Appended data is made durable before, so that no
    /// committed position ever points to nothing.
    pub fn commit(&self, mut batch: Batch) -> Result<(), StoreError> {
        self.writing(|| {
            for (file, sizes) in self.flat.take_grown() {
                batch.push(Table::State, marker::file_key(file), Some(sizes.encode()));
            }
            self.flat.sync()?;
            if batch.is_empty() {
                return Ok(());
            }
            self.kv.write(batch.into_changes()).map_err(|e| StoreError::kv(&self.tables, "write to", e))
        })
    }

    /// The first failed write, if any: from then on the store only reads.
    pub fn failure(&self) -> Option<StoreError> {
        self.failed.lock().clone()
    }

    /// Runs a write unless an earlier one failed; remembers the first failure.
    fn writing<T>(&self, write: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(first) = self.failure() {
            return Err(first);
        }
        let done = write();
        if let Err(error) = &done
            // Refused before anything was touched.
            && !matches!(error, StoreError::RecordTooLarge { .. })
        {
            tracing::error!(%error, "a write failed; nothing will be written any more");
            self.failed.lock().get_or_insert_with(|| error.clone());
        }
        done
    }

    fn lookup<T>(
        &self,
        table: Table,
        key: &[u8],
        decode: impl FnOnce(Bytes) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.kv.get(table, key).map_err(|e| self.read_failed(e))?;
        found.map(decode).transpose().map_err(|_| unreadable(table))
    }

    fn read_failed(&self, error: crate::kv::KvError) -> StoreError {
        StoreError::kv(&self.tables, "read", error)
    }
}

pub(crate) fn unreadable(table: Table) -> StoreError {
    let remedy = if table == Table::Coins { Remedy::ReindexChainstate } else { Remedy::Reindex };
    StoreError::corrupt(format!("the table {} has an unreadable record", table.name()), remedy)
}

fn read_coin(bytes: Bytes) -> Result<Coin, DecodeError> {
    let mut r = Reader::new(bytes);
    let coin = decode_coin(&mut r)?;
    r.finish()?;
    Ok(coin)
}

/// The coins of one moment, see [`Store::coins`]. Holds no lock; a writer goes on meanwhile.
pub struct Coins {
    best: Option<(BlockHash, CoinsSummary)>,
    entries: Entries,
    tables: PathBuf,
}

impl Coins {
    /// The block whose coins these are, and their summary.
    pub fn best(&self) -> Option<(BlockHash, CoinsSummary)> {
        self.best
    }
}

impl std::fmt::Debug for Coins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coins").field("best", &self.best).finish_non_exhaustive()
    }
}

impl Iterator for Coins {
    type Item = Result<(OutPoint, Coin), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(entry.map_err(|e| StoreError::kv(Path::new(&self.tables), "read", e)).and_then(|(key, value)| {
            let read = || -> Result<(OutPoint, Coin), DecodeError> {
                let mut r = Reader::new(key);
                let outpoint = OutPoint { txid: Txid::from_bytes(r.array()?), vout: u32::from_be_bytes(r.array()?) };
                r.finish()?;
                Ok((outpoint, read_coin(value)?))
            };
            read().map_err(|_| unreadable(Table::Coins))
        }))
    }
}
