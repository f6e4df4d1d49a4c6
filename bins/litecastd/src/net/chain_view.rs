//! The engine's chain as the protocol machine wants to see it.

use litecast_engine::{BlockIndex, Entry, Id, Reader, status};
use litecast_p2p::{BlockEntry, Chain};
use litecast_primitives::{BlockHash, Height};

/// Looks at the engine through its reader; every question is a short look of its own.
pub(super) struct ChainView(pub(super) Reader);

fn entry(entry: &Entry) -> BlockEntry {
    BlockEntry {
        hash: entry.hash,
        height: entry.height,
        header: entry.header,
        chain_work: entry.work,
        have_data: entry.have_data(),
        have_chain_data: entry.have_chain_data(),
        valid_scripts: !entry.failed() && entry.status & status::VALID_MASK >= status::VALID_SCRIPTS,
        failed: entry.failed(),
    }
}

impl ChainView {
    fn look(&self, find: impl FnOnce(&BlockIndex) -> Option<Id>) -> Option<BlockEntry> {
        let index = self.0.index();
        find(&index).map(|id| entry(index.entry(id)))
    }
}

impl Chain for ChainView {
    fn tip(&self) -> BlockEntry {
        self.look(BlockIndex::tip).expect("because the genesis block is connected before the network starts")
    }

    fn best_header(&self) -> BlockEntry {
        self.look(BlockIndex::best_header).expect("because the genesis header is always known")
    }

    fn entry(&self, hash: &BlockHash) -> Option<BlockEntry> {
        self.look(|index| index.find(hash))
    }

    fn active(&self, height: Height) -> Option<BlockEntry> {
        self.look(|index| index.active(height))
    }

    fn ancestor(&self, of: &BlockHash, height: Height) -> Option<BlockEntry> {
        self.look(|index| index.ancestor(index.find(of)?, height))
    }

    fn is_mweb_block(&self, block: &BlockEntry) -> bool {
        self.0.is_mweb_block(&block.hash)
    }

    fn is_initial_download(&self) -> bool {
        self.0.is_initial_download()
    }

    fn is_importing(&self) -> bool {
        self.0.is_importing()
    }
}
