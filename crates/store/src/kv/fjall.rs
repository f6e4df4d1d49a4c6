//! The tables on disk: fjall, one keyspace per table, one synced batch per write. ADR 0001 says why these settings.

use std::{io, panic::catch_unwind, path::Path};

use bytes::Bytes;
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, LsmError, PersistMode, Readable,
    config::{CompressionPolicy, PinningPolicy},
};

use super::{Change, Entries, Kv, KvError, KvSnapshot, Table};

/// All journals together, in bytes. An idle table keeps a journal alive: this forces it out.
const JOURNAL_BYTES: u64 = 128 << 20;
/// What a table collects in memory before it goes to a sorted file, in bytes.
const MEMTABLE_BYTES: u64 = 32 << 20;
/// Bounds of the block cache in bytes: more memory does more good in a cache of coins.
const CACHE_BYTES: std::ops::RangeInclusive<u64> = 4 << 20..=256 << 20;

/// fjall behind the seam.
pub struct FjallKv {
    database: Database,
    keyspaces: [Keyspace; Table::ALL.len()],
}

impl FjallKv {
    /// Opens or creates the tables in a folder; `cache_bytes` is the memory for their blocks.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, KvError> {
        // The recovery of the journal asserts what it reads: to the operator that is damage like any other.
        catch_unwind(|| Self::recover(path, cache_bytes))
            .unwrap_or_else(|_| Err(KvError::Corrupt("the journal makes no sense".into())))
    }

    fn recover(path: &Path, cache_bytes: u64) -> Result<Self, KvError> {
        let cache = cache_bytes.clamp(*CACHE_BYTES.start(), *CACHE_BYTES.end());
        let database =
            Database::builder(path).cache_size(cache).max_journaling_size(JOURNAL_BYTES).open().map_err(broken)?;
        let open = |table: Table| database.keyspace(table.name(), keyspace_options).map_err(broken);
        let keyspaces = [
            open(Table::Coins)?,
            open(Table::Index)?,
            open(Table::Mweb)?,
            open(Table::TxIndex)?,
            open(Table::BlockFilters)?,
            open(Table::Meta)?,
            open(Table::State)?,
        ];
        Ok(Self { database, keyspaces })
    }

    fn keyspace(&self, table: Table) -> &Keyspace {
        &self.keyspaces[table as usize]
    }
}

fn keyspace_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .filter_block_pinning_policy(PinningPolicy::all(true))
        .index_block_pinning_policy(PinningPolicy::all(true))
        // Hashes and compressed scripts do not compress.
        .data_block_compression_policy(CompressionPolicy::disabled())
}

impl std::fmt::Debug for FjallKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallKv").finish_non_exhaustive()
    }
}

struct FjallSnapshot {
    snapshot: fjall::Snapshot,
    keyspaces: [Keyspace; Table::ALL.len()],
}

impl KvSnapshot for FjallSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        let found = self.snapshot.get(&self.keyspaces[table as usize], key).map_err(broken)?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn iter(&self, table: Table) -> Entries {
        let entries = self.snapshot.iter(&self.keyspaces[table as usize]);
        Box::new(entries.map(|entry| {
            let (key, value) = entry.into_inner().map_err(broken)?;
            Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
        }))
    }
}

impl Kv for FjallKv {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        let found = self.keyspace(table).get(key).map_err(broken)?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn snapshot(&self) -> Box<dyn KvSnapshot> {
        Box::new(FjallSnapshot { snapshot: self.database.snapshot(), keyspaces: self.keyspaces.clone() })
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), KvError> {
        let mut batch = fjall::OwnedWriteBatch::with_capacity(self.database.clone(), changes.len())
            .durability(Some(PersistMode::SyncAll));
        for Change { table, key, value } in changes {
            match value {
                Some(value) => batch.insert(self.keyspace(table), key, value),
                None => batch.remove(self.keyspace(table), key),
            }
        }
        batch.commit().map_err(broken)
    }
}

/// Tells "the system refused" from "the bytes are wrong": the first is for the operator, the second for -reindex.
fn broken(error: fjall::Error) -> KvError {
    match error {
        fjall::Error::Io(e) | fjall::Error::Storage(LsmError::Io(e)) => from_io(e),
        fjall::Error::Locked => KvError::Locked,
        fjall::Error::Poisoned => KvError::Io(io::Error::other("an earlier write of the tables failed")),
        other => KvError::Corrupt(format!("{other:?}")),
    }
}

/// Reading past the end, or bytes that make no sense, is damage and not a refusal; so is a file that is gone.
fn from_io(e: io::Error) -> KvError {
    match e.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::NotFound => {
            KvError::Corrupt(e.to_string())
        }
        _ => KvError::Io(e),
    }
}

#[cfg(test)]
mod tests;
