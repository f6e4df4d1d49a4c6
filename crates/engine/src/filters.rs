//! The index of block filters: how its records are keyed and read (v0.21.5.5 src/index/blockfilterindex.cpp).
//!
//! Filters are kept by height and hash, so a reorganisation takes nothing away and a block that left the chain keeps its
//! filter. A record is only written together with or after that of its parent: along any chain those that are there come
//! first, and how far the index got is found by bisection, without a marker.

use bytes::Bytes;
use litecast_primitives::{BlockFilter, BlockHash, Height, block_filter::filter_header};
use litecast_store::{Batch, Opaque, Store};

use crate::{
    error::EngineError,
    index::{BlockIndex, Entry, Id},
};

/// Ends of keys.
const FILTER: u8 = b'f';
const HEADER: u8 = b'h';

/// What commits to a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterCommitment {
    /// Its header.
    pub header: [u8; 32],
    /// Its hash.
    pub hash: [u8; 32],
}

/// How far the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilterProgress {
    /// The last block that was indexed.
    pub best: Option<(Height, BlockHash)>,
    /// Whether the index has caught up with the chain once.
    pub synced: bool,
}

/// A filter on its way to the store.
#[derive(Debug)]
pub(crate) struct Made {
    at: (Height, BlockHash),
    filter: BlockFilter,
    pub(crate) commitment: FilterCommitment,
}

impl Made {
    /// `below` is the header of the parent's filter.
    pub(crate) fn new(entry: &Entry, filter: BlockFilter, below: &[u8; 32]) -> Self {
        let hash = filter.hash();
        let commitment = FilterCommitment { header: filter_header(&hash, below), hash };
        Self { at: (entry.height, entry.hash), filter, commitment }
    }

    pub(crate) fn is_of(&self, hash: &BlockHash) -> bool {
        self.at.1 == *hash
    }

    pub(crate) fn put(self, batch: &mut Batch) {
        let FilterCommitment { header, hash } = self.commitment;
        batch.put(Opaque::BlockFilters, key(self.at, FILTER), self.filter.0);
        batch.put(Opaque::BlockFilters, key(self.at, HEADER), [header, hash].concat());
    }
}

fn key((height, hash): (Height, BlockHash), end: u8) -> Vec<u8> {
    // The height first, so that filters are written in the order of their keys.
    let mut key = height.to_be_bytes().to_vec();
    key.extend_from_slice(hash.as_bytes());
    key.push(end);
    key
}

pub(crate) fn read_filter(store: &Store, entry: &Entry) -> Result<Option<Bytes>, EngineError> {
    Ok(store.get(Opaque::BlockFilters, &key((entry.height, entry.hash), FILTER))?)
}

pub(crate) fn read_commitment(
    store: &Store,
    height: Height,
    hash: BlockHash,
) -> Result<Option<FilterCommitment>, EngineError> {
    let Some(value) = store.get(Opaque::BlockFilters, &key((height, hash), HEADER))? else { return Ok(None) };
    let ([header, hash], []) = value.as_chunks::<32>() else {
        return Err(EngineError::Inconsistent(format!("The filter of block {hash} is damaged")));
    };
    Ok(Some(FilterCommitment { header: *header, hash: *hash }))
}

/// The highest block with a filter on the chain that ends with `tip`.
pub(crate) fn find_best(store: &Store, index: &BlockIndex, tip: Id) -> Result<Option<Id>, EngineError> {
    let (mut there, mut missing) = (0, index.entry(tip).height + 1);
    let at = |height| index.ancestor(tip, height).expect("because the height is below the tip's");
    let has = |height| -> Result<bool, EngineError> {
        Ok(read_commitment(store, height, index.entry(at(height)).hash)?.is_some())
    };
    if !has(0)? {
        return Ok(None);
    }
    while there + 1 < missing {
        let middle = there + (missing - there) / 2;
        if has(middle)? {
            there = middle;
        } else {
            missing = middle;
        }
    }
    Ok(Some(at(there)))
}
