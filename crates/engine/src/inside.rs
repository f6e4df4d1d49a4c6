//! Changes inside of the extension block since the last flush, on top of the store.
//!
//! Keys in the store's table: a letter, then an output's id (`u`), a node's position (`n`), a leaf's index (`l`) or a
//! leafset page's index (`p`); numbers are big-endian, so that neighbours lie together.

use std::sync::Arc;

use bytes::Bytes;
use litecast_mweb::{LeafStore, MwebDelta, Utxo, leafset::Page};
use litecast_primitives::{codec::Reader, hash::MwebHash, view::ViewError};
use litecast_store::{Batch, Opaque, Store, StoreError};

/// Rough memory of a cached output: proof, keys, bookkeeping of the map.
const UTXO_BYTES: usize = 1200;
/// The same of a node or a leaf's id.
const NODE_BYTES: usize = 64;
/// The same of a page.
const PAGE_BYTES: usize = 600;

/// What the inside of the extension block is now.
#[derive(Debug)]
pub(crate) struct InsideCache {
    store: Arc<Store>,
    changes: MwebDelta,
}

/// A value in the store that is none.
#[derive(Debug, thiserror::Error)]
#[error("the table mweb has an unreadable record")]
struct Unreadable;

impl InsideCache {
    /// Starts with nothing cached.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, changes: MwebDelta::default() }
    }

    pub(crate) fn apply(&mut self, delta: MwebDelta) {
        self.changes.extend(delta);
    }

    /// Rough memory use in bytes.
    pub(crate) fn memory(&self) -> usize {
        let MwebDelta { utxos, nodes, leaves, pages } = &self.changes;
        utxos.len() * UTXO_BYTES + (nodes.len() + leaves.len()) * NODE_BYTES + pages.len() * PAGE_BYTES
    }

    /// Number of cached changes.
    pub(crate) fn len(&self) -> usize {
        let MwebDelta { utxos, nodes, leaves, pages } = &self.changes;
        utxos.len() + nodes.len() + leaves.len() + pages.len()
    }

    /// Adds every change to a batch.
    pub(crate) fn fill(&self, batch: &mut Batch) {
        let MwebDelta { utxos, nodes, leaves, pages } = &self.changes;
        for (id, utxo) in utxos {
            let value = utxo.as_ref().map(|utxo| {
                let mut out = Vec::new();
                utxo.encode(&mut out);
                out
            });
            put(batch, utxo_key(id), value);
        }
        for (position, node) in nodes {
            put(batch, number_key(b'n', *position), node.map(|hash| hash.0.to_vec()));
        }
        for (leaf, id) in leaves {
            put(batch, number_key(b'l', *leaf), id.map(|id| id.0.to_vec()));
        }
        for (index, page) in pages {
            put(batch, number_key(b'p', *index), page.map(|page| page.to_vec()));
        }
    }

    /// Forgets the changes, which are on disk now.
    pub(crate) fn clear(&mut self) {
        self.changes = MwebDelta::default();
    }

    /// Id of the output with this index, spent or not.
    pub(crate) fn leaf(&self, leaf: u64) -> Result<Option<MwebHash>, ViewError> {
        match self.changes.leaves.get(&leaf) {
            Some(changed) => Ok(*changed),
            None => self.stored(&number_key(b'l', leaf), hash_value),
        }
    }

    fn stored<T>(&self, key: &[u8], read: impl FnOnce(&Bytes) -> Option<T>) -> Result<Option<T>, ViewError> {
        let found = self.store.get(Opaque::Mweb, key).map_err(view_error)?;
        found.map(|value| read(&value).ok_or_else(|| ViewError(Box::new(Unreadable)))).transpose()
    }
}

fn put(batch: &mut Batch, key: Vec<u8>, value: Option<Vec<u8>>) {
    match value {
        Some(value) => batch.put(Opaque::Mweb, key, value),
        None => batch.delete(Opaque::Mweb, key),
    }
}

fn view_error(error: StoreError) -> ViewError {
    ViewError(Box::new(error))
}

fn utxo_key(id: &MwebHash) -> Vec<u8> {
    [b"u", id.0.as_slice()].concat()
}

fn number_key(letter: u8, number: u64) -> Vec<u8> {
    [&[letter], number.to_be_bytes().as_slice()].concat()
}

fn hash_value(bytes: &Bytes) -> Option<MwebHash> {
    bytes[..].try_into().ok().map(MwebHash)
}

fn utxo_value(bytes: &Bytes) -> Option<Utxo> {
    let mut r = Reader::new(bytes.clone());
    let utxo = Utxo::decode(&mut r).ok()?;
    r.finish().ok()?;
    Some(utxo)
}

impl LeafStore for InsideCache {
    fn utxo(&self, id: &MwebHash) -> Result<Option<Utxo>, ViewError> {
        match self.changes.utxos.get(id) {
            Some(changed) => Ok(changed.clone()),
            None => self.stored(&utxo_key(id), utxo_value),
        }
    }

    fn node(&self, position: u64) -> Result<Option<MwebHash>, ViewError> {
        match self.changes.nodes.get(&position) {
            Some(changed) => Ok(*changed),
            None => self.stored(&number_key(b'n', position), hash_value),
        }
    }

    fn page(&self, index: u64) -> Result<Option<Page>, ViewError> {
        match self.changes.pages.get(&index) {
            Some(changed) => Ok(*changed),
            None => self.stored(&number_key(b'p', index), |bytes| bytes[..].try_into().ok()),
        }
    }
}
