//! A store in memory: for tests, and for a node that keeps the state beside its disk.

use std::collections::{BTreeMap, HashMap};

use litecast_primitives::{hash::MwebHash, view::ViewError};

use super::{LeafStore, MwebDelta, Utxo};
use crate::leafset::Page;

/// The four tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    /// Unspent outputs by id.
    pub utxos: HashMap<MwebHash, Utxo>,
    /// Nodes of the output range by position.
    pub nodes: BTreeMap<u64, MwebHash>,
    /// Output ids by leaf index.
    pub leaves: BTreeMap<u64, MwebHash>,
    /// Pages of the leafset.
    pub pages: BTreeMap<u64, Page>,
}

impl MemoryStore {
    /// Writes a delta.
    pub fn apply(&mut self, delta: MwebDelta) {
        for (id, utxo) in delta.utxos {
            match utxo {
                Some(utxo) => self.utxos.insert(id, utxo),
                None => self.utxos.remove(&id),
            };
        }
        write(&mut self.nodes, delta.nodes);
        write(&mut self.leaves, delta.leaves);
        write(&mut self.pages, delta.pages);
    }
}

fn write<V>(table: &mut BTreeMap<u64, V>, changes: BTreeMap<u64, Option<V>>) {
    for (key, value) in changes {
        match value {
            Some(value) => table.insert(key, value),
            None => table.remove(&key),
        };
    }
}

impl LeafStore for MemoryStore {
    fn utxo(&self, id: &MwebHash) -> Result<Option<Utxo>, ViewError> {
        Ok(self.utxos.get(id).cloned())
    }

    fn node(&self, position: u64) -> Result<Option<MwebHash>, ViewError> {
        Ok(self.nodes.get(&position).copied())
    }

    fn page(&self, index: u64) -> Result<Option<Page>, ViewError> {
        Ok(self.pages.get(&index).copied())
    }
}
