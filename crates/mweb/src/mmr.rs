//! Merkle mountain range: a list that only grows at its end, with a root (v0.21.5.5 doc/mweb/pmmr.md, src/libmw/src/mmr).
//!
//! An [`Mmr`] is its peaks: they suffice to append and for the root. Every node that comes into being is handed to the
//! caller, who keeps it if the range must be rewound later: [`Mmr::load`] finds the peaks of any smaller size among the
//! kept nodes. Leaves are counted from 0; nodes have positions, in the order in which they come into being.

use litecast_primitives::{codec::put_len, hash::MwebHash};

use crate::blake3;

/// Position of a leaf's node; of the next leaf, also the number of nodes (mmr/LeafIndex.h).
pub const fn leaf_position(leaf: u64) -> u64 {
    2 * leaf - leaf.count_ones() as u64
}

/// Positions of the peaks of a range with this many leaves, from the left.
pub fn peak_positions(leaves: u64) -> impl Iterator<Item = u64> {
    let mut nodes = 0;
    (0..u64::BITS).rev().filter(move |bit| leaves >> bit & 1 == 1).map(move |bit| {
        // A perfect tree with 2^bit leaves.
        nodes += (2 << bit) - 1;
        nodes - 1
    })
}

/// Hash of a leaf (mmr/Leaf.h, CalcHash).
pub fn leaf_hash(position: u64, data: &[u8]) -> MwebHash {
    let mut length = Vec::with_capacity(9);
    put_len(&mut length, data.len());
    MwebHash(blake3(&[&position.to_le_bytes(), &length, data]))
}

/// Hash of a node over two others (mmr/MMRUtil.cpp, CalcParentHash).
pub fn parent_hash(position: u64, left: &MwebHash, right: &MwebHash) -> MwebHash {
    MwebHash(blake3(&[&position.to_le_bytes(), &left.0, &right.0]))
}

/// A range, as its peaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mmr {
    leaves: u64,
    /// From the left: one for every bit of `leaves`, the highest first.
    peaks: Vec<MwebHash>,
}

impl Mmr {
    /// A range without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The range with this many leaves, whose peaks `node` finds by position.
    pub fn load<E>(leaves: u64, node: impl FnMut(u64) -> Result<MwebHash, E>) -> Result<Self, E> {
        Ok(Self { leaves, peaks: peak_positions(leaves).map(node).collect::<Result<_, _>>()? })
    }

    /// Number of leaves.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u64 {
        leaf_position(self.leaves)
    }

    /// Adds a leaf with its parents and hands every new node with its position to `keep`. Returns the leaf's index.
    pub fn append(&mut self, data: &[u8], mut keep: impl FnMut(u64, MwebHash)) -> u64 {
        let leaf = self.leaves;
        let mut position = leaf_position(leaf);
        let mut hash = leaf_hash(position, data);
        keep(position, hash);
        // As in binary addition: every mountain as high as the new one is merged into it.
        for _ in 0..leaf.trailing_ones() {
            let left = self.peaks.pop().expect("because every bit of the size has its peak");
            position += 1;
            hash = parent_hash(position, &left, &hash);
            keep(position, hash);
        }
        self.peaks.push(hash);
        self.leaves += 1;
        leaf
    }

    /// The peaks, bagged from the right with the number of nodes (mmr/IMMR.cpp, Root); zero without leaves.
    pub fn root(&self) -> MwebHash {
        let bag = |right: MwebHash, left: &MwebHash| parent_hash(self.nodes(), left, &right);
        self.peaks.iter().rev().copied().reduce(|right, left| bag(right, &left)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
