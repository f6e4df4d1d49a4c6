//! One known header: where it stands, how far it was checked, where its data lies.

use litecast_consensus::PrevMweb;
use litecast_primitives::{BlockHash, BlockHeader, Height, U256};
use litecast_store::{FilePos, IndexRecord, MwebIndex};

use super::Id;

/// Bits and levels of [`Entry::status`]; the reference's BlockStatus (v0.21.5.5 src/chain.h).
pub mod status {
    /// Parents are known, header rules hold.
    pub const VALID_TREE: u32 = 2;
    /// Content rules hold that need no coins.
    pub const VALID_TRANSACTIONS: u32 = 3;
    /// The block was connected at least once.
    pub const VALID_SCRIPTS: u32 = 5;
    /// The bits of the level.
    pub const VALID_MASK: u32 = 7;
    /// The block is on disk.
    pub const HAVE_DATA: u32 = 8;
    /// Its undo data is on disk.
    pub const HAVE_UNDO: u32 = 16;
    /// It broke a rule.
    pub const FAILED_VALID: u32 = 32;
    /// It descends from one that broke a rule.
    pub const FAILED_CHILD: u32 = 64;
    /// Either.
    pub const FAILED_MASK: u32 = FAILED_VALID | FAILED_CHILD;
    /// It was checked with the witness rules.
    pub const OPT_WITNESS: u32 = 128;
}

/// A known header.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its hash.
    pub hash: BlockHash,
    /// Its 80 bytes.
    pub header: BlockHeader,
    /// Distance from the genesis block.
    pub height: Height,
    /// The header below.
    pub parent: Option<Id>,
    pub(super) skip: Option<Id>,
    /// Work of the chain up to here.
    pub work: U256,
    /// Highest time of the chain up to here.
    pub time_max: u32,
    /// Level and bits, see [`status`].
    pub status: u32,
    /// Transactions in the block; 0 until it was seen.
    pub tx_count: u32,
    /// Transactions in the chain up to here; 0 until all blocks were seen.
    pub chain_tx: u64,
    /// Where the block lies.
    pub block: Option<FilePos>,
    /// Where its undo data lies.
    pub undo: Option<FilePos>,
    /// What it left in the extension block.
    pub mweb: Option<Box<MwebIndex>>,
    /// Order in which blocks became connectable; lower wins between equal work.
    pub(crate) sequence: i32,
}

impl Entry {
    /// This block and all below have been on disk (HaveTxsDownloaded).
    pub fn have_chain_data(&self) -> bool {
        self.chain_tx != 0
    }

    /// The block is on disk.
    pub fn have_data(&self) -> bool {
        self.status & status::HAVE_DATA != 0
    }

    /// It or an ancestor broke a rule.
    pub fn failed(&self) -> bool {
        self.status & status::FAILED_MASK != 0
    }

    /// What a block on top of this one has to know of the extension block.
    pub(crate) fn prev_mweb(&self) -> PrevMweb<'_> {
        self.mweb.as_deref().map_or_else(PrevMweb::default, |mweb| PrevMweb {
            hogex: mweb.hogex,
            amount: mweb.amount,
            header: Some(&mweb.header),
        })
    }

    /// Raises the level of validity; a failed block stays where it is.
    pub(crate) fn raise_validity(&mut self, level: u32) {
        if !self.failed() && self.status & status::VALID_MASK < level {
            self.status = self.status & !status::VALID_MASK | level;
        }
    }

    /// What the store keeps of it.
    pub(crate) fn record(&self) -> IndexRecord {
        IndexRecord {
            header: self.header,
            height: self.height,
            status: self.status,
            tx_count: self.tx_count,
            block: self.block,
            undo: self.undo,
            mweb: self.mweb.as_deref().cloned(),
        }
    }
}
