//! Leafset: one bit for every output there ever was, set while it is unspent
//! (v0.21.5.5 src/libmw/src/mmr/ILeafSet.cpp).
//!
//! Bits count from the most significant one of the first byte. For the store the bitmap is cut into pages of
//! [`PAGE_SIZE`] bytes; a [`Leafset`] remembers which of them changed.

use std::collections::BTreeSet;

use litecast_primitives::hash::MwebHash;

use crate::blake3;

/// Bytes of a page: 4096 outputs.
pub const PAGE_SIZE: usize = 512;
/// A part of the bitmap.
pub type Page = [u8; PAGE_SIZE];

/// Pages that hold this many leaves.
pub fn page_count(leaves: u64) -> u64 {
    leaves.div_ceil(PAGE_SIZE as u64 * 8)
}

/// The bitmap of a range of outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leafset {
    leaves: u64,
    /// Whole pages; bits from `leaves` on are zero.
    bytes: Vec<u8>,
    changed: BTreeSet<u64>,
}

impl Leafset {
    /// The bitmap of no output.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bitmap of this many outputs, whose pages `page` finds by index.
    pub fn load<E>(leaves: u64, mut page: impl FnMut(u64) -> Result<Page, E>) -> Result<Self, E> {
        let mut set = Self { leaves, ..Self::default() };
        for index in 0..page_count(leaves) {
            set.bytes.extend_from_slice(&page(index)?);
        }
        Ok(set)
    }

    /// Number of outputs, spent ones included.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Whether an output is unspent.
    pub fn contains(&self, leaf: u64) -> bool {
        leaf < self.leaves && self.bytes[byte_of(leaf)] & bit_of(leaf) != 0
    }

    /// Adds an unspent output at the end.
    pub fn push(&mut self) {
        let leaf = self.leaves;
        self.leaves += 1;
        if byte_of(leaf) >= self.bytes.len() {
            self.bytes.resize(self.bytes.len() + PAGE_SIZE, 0);
        }
        self.write(leaf, true);
    }

    /// Marks an output as spent, or as unspent again. An output that is not there is let be.
    pub fn set(&mut self, leaf: u64, unspent: bool) {
        if leaf < self.leaves {
            self.write(leaf, unspent);
        }
    }

    /// Forgets all outputs from this one on.
    pub fn truncate(&mut self, leaves: u64) {
        for leaf in leaves..self.leaves {
            self.write(leaf, false);
        }
        self.leaves = leaves.min(self.leaves);
    }

    fn write(&mut self, leaf: u64, unspent: bool) {
        let byte = &mut self.bytes[byte_of(leaf)];
        *byte = if unspent { *byte | bit_of(leaf) } else { *byte & !bit_of(leaf) };
        self.changed.insert(leaf / (PAGE_SIZE as u64 * 8));
    }

    /// The bitmap, as short as it can be.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..byte_of(self.leaves + 7)]
    }

    /// Hash of the bitmap (ILeafSet.cpp, Root).
    pub fn root(&self) -> MwebHash {
        MwebHash(blake3(&[self.bytes()]))
    }

    /// The pages that changed since the bitmap was made or loaded; those behind the last output are empty.
    pub fn changed_pages(&self) -> impl Iterator<Item = (u64, Page)> + '_ {
        self.changed.iter().map(|&index| {
            let start = byte_of(index * PAGE_SIZE as u64 * 8);
            (index, self.bytes[start..start + PAGE_SIZE].try_into().expect("because the bytes are whole pages"))
        })
    }
}

fn byte_of(leaf: u64) -> usize {
    usize::try_from(leaf / 8).expect("because the bitmap is in memory")
}

const fn bit_of(leaf: u64) -> u8 {
    0x80 >> (leaf % 8)
}

#[cfg(test)]
mod tests;
