//! The engine's chain as the protocol machine wants to see it, and what is read from disk for its peers.

use std::sync::Arc;

use bytes::Bytes;
use litecast_engine::{BlockIndex, EngineError, Entry, Id, Reader, status};
use litecast_p2p::{
    Archive, BlockEntry, Chain,
    compact::{PoolMatches, WantedTransactions},
    message::{FilterHashes, GetMwebUtxos, MwebSegment},
};
use litecast_primitives::{Block, BlockHash, Height};

/// Looks at the engine through its reader; every question is a short look of its own.
#[derive(Clone)]
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

    fn pool_matches(&self, wanted: &WantedTransactions) -> PoolMatches {
        self.matches(wanted)
    }

    fn is_initial_download(&self) -> bool {
        self.0.is_initial_download()
    }

    fn is_importing(&self) -> bool {
        self.0.is_importing()
    }
}

impl Archive for ChainView {
    fn block(&self, hash: &BlockHash) -> Option<Arc<Block>> {
        let entry = self.0.entry(hash)?;
        self.0.block(&entry).unwrap_or_else(|error| {
            tracing::error!("reading block {hash} for a peer: {error}");
            None
        })
    }

    fn mweb_leafset(&self, hash: &BlockHash) -> Option<Bytes> {
        found("a leafset", self.0.mweb_leafset(hash))
    }

    fn mweb_utxos(&self, request: &GetMwebUtxos) -> Option<MwebSegment> {
        let (first, count) = (request.start, request.count.into());
        let segment = found("MWEB outputs", self.0.mweb_segment(&request.block, first, count))?;
        let outputs = segment.utxos.into_iter().map(|utxo| (utxo.leaf, utxo.output)).collect();
        Some(MwebSegment { outputs, proof_hashes: segment.proof_hashes })
    }

    fn block_filter(&self, hash: &BlockHash) -> Option<Bytes> {
        found("a filter", self.0.block_filter(hash))
    }

    fn filter_hashes(&self, start: Height, stop: &BlockHash) -> Option<FilterHashes> {
        let found = found("filters", self.0.filter_hashes(start, stop))?;
        Some(FilterHashes { below: found.below, hashes: found.hashes })
    }

    fn filter_checkpoints(&self, stop: &BlockHash) -> Option<Vec<[u8; 32]>> {
        found("filters", self.0.filter_checkpoints(stop))
    }
}

/// `None` where there is nothing, and where the disk failed: then the log says so.
fn found<T>(what: &str, result: Result<Option<T>, EngineError>) -> Option<T> {
    result.unwrap_or_else(|error| {
        tracing::error!("reading {what} for a peer: {error}");
        None
    })
}
