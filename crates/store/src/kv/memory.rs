//! Tables in memory: the model that the one on disk is held against. Nothing survives it.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::RwLock;

use super::{Change, Entries, Kv, KvError, KvSnapshot, Table};

type Tables = BTreeMap<(Table, Vec<u8>), Bytes>;

/// All tables in one ordered map. A snapshot shares it until the next write.
#[derive(Debug, Default)]
pub struct MemoryKv {
    tables: RwLock<Arc<Tables>>,
}

impl MemoryKv {
    /// Empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// A database of its own with the same content.
    pub fn fork(&self) -> Self {
        Self { tables: RwLock::new(Arc::clone(&self.tables.read())) }
    }
}

struct MemorySnapshot(Arc<Tables>);

impl KvSnapshot for MemorySnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn iter(&self, table: Table) -> Entries {
        let entries: Vec<_> = self
            .0
            .range((table, Vec::new())..)
            .take_while(|((t, _), _)| *t == table)
            .map(|((_, key), value)| Ok((Bytes::copy_from_slice(key), value.clone())))
            .collect();
        Box::new(entries.into_iter())
    }
}

impl Kv for MemoryKv {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        Ok(self.tables.read().get(&(table, key.to_vec())).cloned())
    }

    fn snapshot(&self) -> Box<dyn KvSnapshot> {
        Box::new(MemorySnapshot(Arc::clone(&self.tables.read())))
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), KvError> {
        let mut guard = self.tables.write();
        let tables = Arc::make_mut(&mut guard);
        for Change { table, key, value } in changes {
            match value {
                Some(value) => tables.insert((table, key), value.into()),
                None => tables.remove(&(table, key)),
            };
        }
        Ok(())
    }
}
