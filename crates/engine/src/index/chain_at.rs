//! A chain of the tree, from the genesis block up to any entry, as the rules want to see it.

use litecast_primitives::{
    Height,
    view::{ChainHeader, HeaderView},
};

use super::{BlockIndex, Id};

/// The headers from the genesis block up to one entry.
#[derive(Debug, Clone, Copy)]
pub struct ChainAt<'a> {
    index: &'a BlockIndex,
    tip: Id,
}

impl<'a> ChainAt<'a> {
    /// Ends at `tip`.
    pub fn new(index: &'a BlockIndex, tip: Id) -> Self {
        Self { index, tip }
    }
}

impl HeaderView for ChainAt<'_> {
    fn tip_height(&self) -> Height {
        self.index.entry(self.tip).height
    }

    fn at(&self, height: Height) -> Option<ChainHeader> {
        let id = if self.index.is_active(self.tip) && height <= self.tip_height() {
            self.index.active(height)?
        } else {
            self.index.ancestor(self.tip, height)?
        };
        let entry = self.index.entry(id);
        Some(ChainHeader { hash: entry.hash, header: entry.header })
    }
}
