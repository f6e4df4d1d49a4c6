//! The tree of known headers and the active chain in it, in memory.
//!
//! Entries are only added, never removed, and named by [`Id`]. The active chain is a list of ids by height. An entry
//! with bit [`status::HAVE_DATA`] has its block on disk.

mod chain_at;
mod entry;

use std::collections::HashMap;

use litecast_primitives::{BlockHash, BlockHeader, Height, arith::work_of};

pub use chain_at::ChainAt;
pub use entry::{Entry, status};

/// Names an entry of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

impl Id {
    /// Position in the order of insertion; parents come before children.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// All known headers.
#[derive(Debug, Default)]
pub struct BlockIndex {
    entries: Vec<Entry>,
    by_hash: HashMap<BlockHash, Id>,
    active: Vec<Id>,
    best_header: Option<Id>,
}

impl BlockIndex {
    /// The entry with this name.
    pub fn entry(&self, id: Id) -> &Entry {
        &self.entries[id.0 as usize]
    }

    pub(crate) fn entry_mut(&mut self, id: Id) -> &mut Entry {
        &mut self.entries[id.0 as usize]
    }

    /// Looks a hash up.
    pub fn find(&self, hash: &BlockHash) -> Option<Id> {
        self.by_hash.get(hash).copied()
    }

    /// Looks a hash up.
    pub fn get(&self, hash: &BlockHash) -> Option<&Entry> {
        self.find(hash).map(|id| self.entry(id))
    }

    /// Every entry, parents before children.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + use<> {
        (0..u32::try_from(self.entries.len()).expect("because ids are u32")).map(Id)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether not even the genesis block is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a header whose parent is known (or the genesis header).
    pub(crate) fn insert(&mut self, header: BlockHeader, hash: BlockHash) -> Id {
        let id = Id(u32::try_from(self.entries.len()).expect("because four billion headers do not fit in memory"));
        let parent = self.find(&header.prev);
        let (height, work, time_max) = match parent.map(|p| self.entry(p)) {
            Some(p) => (p.height + 1, p.work + work_of(header.bits), p.time_max.max(header.time)),
            None => (0, work_of(header.bits), header.time),
        };
        let skip = parent.and_then(|p| self.ancestor(p, skip_height(height)));
        self.entries.push(Entry {
            hash,
            header,
            height,
            parent,
            skip,
            work,
            time_max,
            status: status::VALID_TREE,
            tx_count: 0,
            chain_tx: 0,
            block: None,
            undo: None,
            mweb: None,
            sequence: 0,
        });
        self.by_hash.insert(hash, id);
        if self.best_header.is_none_or(|best| self.entry(best).work < work) {
            self.best_header = Some(id);
        }
        id
    }

    /// The header with the most work.
    pub fn best_header(&self) -> Option<Id> {
        self.best_header
    }

    pub(crate) fn set_best_header(&mut self, id: Id) {
        self.best_header = Some(id);
    }

    /// The ancestor at a height; itself at its own height; `None` above. Logarithmic
    /// (skip list as in v0.21.5.5 src/chain.cpp).
    pub fn ancestor(&self, id: Id, height: Height) -> Option<Id> {
        let mut at = id;
        if height > self.entry(at).height {
            return None;
        }
        while self.entry(at).height > height {
            let entry = self.entry(at);
            let skip = skip_height(entry.height);
            let skip_before = skip_height(entry.height - 1);
            // Skip, unless the parent's skip gets closer.
            let better_from_parent =
                skip < height || (skip > height && skip_before + 2 < skip && skip_before >= height);
            at = match entry.skip {
                Some(target) if skip == height || (skip > height && !better_from_parent) => target,
                _ => entry.parent.expect("because an entry above another has a parent"),
            };
        }
        Some(at)
    }

    /// Tip of the active chain.
    pub fn tip(&self) -> Option<Id> {
        self.active.last().copied()
    }

    /// The active chain's entry at a height.
    pub fn active(&self, height: Height) -> Option<Id> {
        self.active.get(height as usize).copied()
    }

    /// Whether an entry is part of the active chain.
    pub fn is_active(&self, id: Id) -> bool {
        self.active(self.entry(id).height) == Some(id)
    }

    /// The entry that follows in the active chain.
    pub fn next_active(&self, id: Id) -> Option<Id> {
        if self.is_active(id) { self.active(self.entry(id).height + 1) } else { None }
    }

    pub(crate) fn push_active(&mut self, id: Id) {
        debug_assert_eq!(self.entry(id).parent, self.tip());
        self.active.push(id);
    }

    pub(crate) fn pop_active(&mut self) -> Option<Id> {
        self.active.pop()
    }

    /// Makes `id` the tip without asking what lies between: for loading.
    pub(crate) fn set_active_tip(&mut self, id: Id) {
        self.active = self.path_from_genesis(id);
    }

    fn path_from_genesis(&self, id: Id) -> Vec<Id> {
        let mut path: Vec<Id> = std::iter::successors(Some(id), |at| self.entry(*at).parent).collect();
        path.reverse();
        path
    }

    /// The highest entry of the active chain that `id` descends from (FindFork); `None` without an active chain.
    pub fn fork_with_active(&self, id: Id) -> Option<Id> {
        let tip_height = self.entry(self.tip()?).height;
        let mut at = self.ancestor(id, self.entry(id).height.min(tip_height))?;
        while !self.is_active(at) {
            at = self.entry(at).parent?;
        }
        Some(at)
    }

    /// Whether the block is at least this valid and not marked as failed (IsValid of the reference).
    pub fn is_valid(&self, id: Id, level: u32) -> bool {
        let status = self.entry(id).status;
        status & status::FAILED_MASK == 0 && status & status::VALID_MASK >= level
    }
}

fn invert_lowest_one(n: u32) -> u32 {
    n & n.wrapping_sub(1)
}

fn skip_height(height: Height) -> Height {
    if height < 2 {
        0
    } else if height & 1 == 1 {
        invert_lowest_one(invert_lowest_one(height - 1)) + 1
    } else {
        invert_lowest_one(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use litecast_primitives::hash::MerkleRoot;
    use proptest::prelude::*;

    fn header(prev: BlockHash, nonce: u32) -> BlockHeader {
        BlockHeader { version: 1, prev, merkle_root: MerkleRoot::ZERO, time: nonce, bits: 0x207f_ffff, nonce }
    }

    proptest! {
        // Model: walking parents one by one.
        #[test]
        fn ancestor_is_the_walk(parents in proptest::collection::vec(any::<proptest::sample::Index>(), 1..300)) {
            let mut index = BlockIndex::default();
            let genesis = header(BlockHash::ZERO, 0);
            let mut ids = vec![index.insert(genesis, genesis.hash())];
            for (nonce, parent) in (1u32..).zip(&parents) {
                // Mostly a long chain, sometimes a branch.
                let at = if nonce % 7 == 0 { ids[parent.index(ids.len())] } else { ids[ids.len() - 1] };
                let h = header(index.entry(at).hash, nonce);
                ids.push(index.insert(h, h.hash()));
            }
            for &id in &ids {
                let mut walk = Some(id);
                for height in (0..=index.entry(id).height).rev() {
                    prop_assert_eq!(index.ancestor(id, height), walk);
                    walk = index.entry(walk.expect("because a chain reaches the genesis block")).parent;
                }
                prop_assert_eq!(index.ancestor(id, index.entry(id).height + 1), None);
            }
        }
    }
}
