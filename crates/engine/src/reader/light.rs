//! What light clients ask: the inside of the extension block as of a recent block
//! (v0.21.5.5 src/net_processing.cpp, ProcessGetMWEBLeafset and ProcessGetMWEBUTXOs).

use bytes::Bytes;
use litecast_mweb::{LeafStore, Leafset, Overlay, Utxo, disconnect_block, leafset::Page, segment::Segment};
use litecast_primitives::{BlockHash, hash::MwebHash, mweb::Header, view::ViewError};

use super::Reader;
use crate::{error::EngineError, index::BlockIndex, inside::InsideCache, undo_codec};

/// Unspent outputs in a row, with what proves them against the output root of their block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MwebSegment {
    /// The outputs, by rising leaf index.
    pub utxos: Vec<Utxo>,
    /// Hashes that lead to the root, as they are sent.
    pub proof_hashes: Vec<MwebHash>,
}

impl Reader {
    /// The bitmap of unspent outputs as a block of the active chain left it. `None` if the block is not there or carries
    /// no extension block. Costs a rewind of every block above it.
    pub fn mweb_leafset(&self, hash: &BlockHash) -> Result<Option<Bytes>, EngineError> {
        self.inside_at(hash, |past| Ok(Some(Bytes::copy_from_slice(past.leafset()?.bytes()))))
    }

    /// At most `count` unspent outputs from the leaf `first` on, as a block of the active chain left them. `None` as for
    /// [`Reader::mweb_leafset`], or if the first output is spent. Costs the same.
    pub fn mweb_segment(&self, hash: &BlockHash, first: u64, count: usize) -> Result<Option<MwebSegment>, EngineError> {
        self.inside_at(hash, |past| {
            let leafset = past.leafset()?;
            let Some(segment) = Segment::assemble(&leafset, first, count, |position| past.node(position))? else {
                return Ok(None);
            };
            let mut utxos = Vec::with_capacity(segment.leaves.len());
            for leaf in &segment.leaves {
                let Some(utxo) = past.utxo(*leaf)? else { return Ok(None) };
                utxos.push(utxo);
            }
            Ok(Some(MwebSegment { utxos, proof_hashes: segment.proof_hashes().copied().collect() }))
        })
    }

    fn inside_at<T>(
        &self,
        hash: &BlockHash,
        read: impl FnOnce(&Past<'_>) -> Result<Option<T>, ViewError>,
    ) -> Result<Option<T>, EngineError> {
        // Held while reading: index and inside change together.
        let index = self.index();
        let inside = self.0.inside.read();
        let Some(past) = self.rewind(&index, &inside, hash)? else { return Ok(None) };
        read(&past).map_err(|error| EngineError::Inconsistent(error.to_string()))
    }

    fn rewind<'a>(
        &self,
        index: &'a BlockIndex,
        inside: &'a InsideCache,
        hash: &BlockHash,
    ) -> Result<Option<Past<'a>>, EngineError> {
        let wanted = index.find(hash).filter(|id| index.is_active(*id)).map(|id| index.entry(id));
        let Some((wanted, header)) = wanted.and_then(|entry| Some((entry, &entry.mweb.as_deref()?.header))) else {
            return Ok(None);
        };
        let mut overlay = Overlay::new(inside);
        let tip = index.tip().map_or(wanted.height, |tip| index.entry(tip).height);
        for height in (wanted.height + 1..=tip).rev() {
            let Some(entry) = index.active(height).map(|id| index.entry(id)) else { return Ok(None) };
            let (Some(mweb), Some(undo)) = (entry.mweb.as_deref(), entry.undo) else { return Ok(None) };
            let bytes = self.0.store.read_undo(undo, &entry.header.prev)?;
            let damaged =
                |what: String| EngineError::Inconsistent(format!("Undo data of block {}: {what}", entry.hash));
            let undo = undo_codec::decode(bytes).map_err(|error| damaged(error.to_string()))?;
            let Some(undo) = undo.mweb else { return Ok(None) };
            let delta = disconnect_block(&mweb.header, &undo, &overlay).map_err(|error| damaged(error.to_string()))?;
            overlay.apply(delta);
        }
        Ok(Some(Past { overlay, inside, header }))
    }
}

/// The inside as some block left it.
struct Past<'a> {
    overlay: Overlay<'a>,
    inside: &'a InsideCache,
    header: &'a Header,
}

#[derive(Debug, thiserror::Error)]
#[error("the table mweb lacks {0}")]
struct Hole(&'static str);

impl Past<'_> {
    fn leafset(&self) -> Result<Leafset, ViewError> {
        let page = |index| -> Result<Page, ViewError> {
            self.overlay.page(index)?.ok_or_else(|| ViewError(Box::new(Hole("a page of the leafset"))))
        };
        Leafset::load(self.header.output_mmr_size, page)
    }

    fn node(&self, position: u64) -> Result<MwebHash, ViewError> {
        self.overlay.node(position)?.ok_or_else(|| ViewError(Box::new(Hole("a node of the output range"))))
    }

    fn utxo(&self, leaf: u64) -> Result<Option<Utxo>, ViewError> {
        // Outputs keep their ids while blocks above are taken off.
        match self.inside.leaf(leaf)? {
            Some(id) => self.overlay.utxo(&id),
            None => Ok(None),
        }
    }
}
