//! What the protocol needs to know of the chain: a read-only view, the same during one step.
//!
//! The daemon implements [`Chain`] over the engine's snapshot, the simulator over a toy. A header is *known* when
//! its entry exists, which means that it and all its ancestors passed the header rules.

use litecast_primitives::{BlockHash, BlockHeader, Height, U256};

use crate::{
    compact::{PoolMatches, WantedTransactions},
    pool::Pool,
};

/// A known header with its place in the tree (what the reference keeps in CBlockIndex).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockEntry {
    /// Identity.
    pub hash: BlockHash,
    /// Distance from the genesis block.
    pub height: Height,
    /// The 80 bytes.
    pub header: BlockHeader,
    /// Expected hashes from the genesis block up to here.
    pub chain_work: U256,
    /// The block's bytes are on disk (BLOCK_HAVE_DATA).
    pub have_data: bool,
    /// The bytes of this block and of all its ancestors have been here (HaveTxsDownloaded).
    pub have_chain_data: bool,
    /// The block was connected at least once (BLOCK_VALID_SCRIPTS).
    pub valid_scripts: bool,
    /// The block or one of its ancestors failed (BLOCK_FAILED_MASK).
    pub failed: bool,
}

/// The chain, and the mempool on top of it, as one step of the machine sees them.
pub trait Chain: Pool {
    /// Tip of the active chain; the genesis block at least.
    fn tip(&self) -> BlockEntry;

    /// The known header with the most work (pindexBestHeader).
    fn best_header(&self) -> BlockEntry;

    /// A known header.
    fn entry(&self, hash: &BlockHash) -> Option<BlockEntry>;

    /// The block of the active chain at a height.
    fn active(&self, height: Height) -> Option<BlockEntry>;

    /// The ancestor of a known header at a height, the header itself at its own height; `None` above it or when the
    /// header is unknown. Should be no slower than logarithmic.
    fn ancestor(&self, of: &BlockHash, height: Height) -> Option<BlockEntry>;

    /// Whether MWEB rules apply to this known block (IsMWEBEnabled of its parent). Asked for peers without MWEB only.
    fn is_mweb_block(&self, block: &BlockEntry) -> bool;

    /// Transactions of the mempool that a compact block may be made of; what left it or was never let in may be among
    /// them, though the machine keeps some of these itself. Asked once for each compact block that is tried.
    fn pool_matches(&self, wanted: &WantedTransactions) -> PoolMatches;

    /// The node is still catching up (IsInitialBlockDownload).
    fn is_initial_download(&self) -> bool;

    /// Blocks are being imported or reindexed: peers' headers and blocks are not wanted.
    fn is_importing(&self) -> bool {
        false
    }

    /// Whether a known block is part of the active chain.
    fn is_active(&self, block: &BlockEntry) -> bool {
        self.active(block.height).is_some_and(|a| a.hash == block.hash)
    }

    /// Hashes from a known header down to the genesis block, ever sparser (v0.21.5.5 src/chain.cpp, GetLocator).
    fn locator(&self, from: &BlockHash) -> Vec<BlockHash> {
        let mut have = Vec::with_capacity(32);
        let mut step: Height = 1;
        let mut at = self.entry(from);
        while let Some(entry) = at {
            have.push(entry.hash);
            if entry.height == 0 {
                break;
            }
            let height = entry.height.saturating_sub(step);
            at = if self.is_active(&entry) { self.active(height) } else { self.ancestor(&entry.hash, height) };
            if have.len() > 10 {
                step = step.saturating_mul(2);
            }
        }
        have
    }

    /// The last block of the active chain that a locator knows of (v0.21.5.5 src/validation.cpp,
    /// FindForkInGlobalIndex).
    fn find_fork(&self, locator: &[BlockHash]) -> BlockEntry {
        let tip = self.tip();
        for hash in locator {
            let Some(entry) = self.entry(hash) else { continue };
            if self.is_active(&entry) {
                return entry;
            }
            if self.ancestor(hash, tip.height).is_some_and(|a| a.hash == tip.hash) {
                return tip;
            }
        }
        self.active(0).unwrap_or(tip)
    }

    /// The last block that two known chains share (LastCommonAncestor).
    fn last_common_ancestor(&self, a: &BlockHash, b: &BlockHash) -> Option<BlockEntry> {
        let (a, b) = (self.entry(a)?, self.entry(b)?);
        // Sharing is monotonic in the height: bisect instead of walking.
        let (mut shared, mut parted) = (0, a.height.min(b.height) + 1);
        while shared + 1 < parted {
            let middle = shared + (parted - shared) / 2;
            if self.ancestor(&a.hash, middle)?.hash == self.ancestor(&b.hash, middle)?.hash {
                shared = middle;
            } else {
                parted = middle;
            }
        }
        self.ancestor(&a.hash, shared)
    }
}
