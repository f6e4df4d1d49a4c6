//! The filters of blocks, by BIP157's questions (v0.21.5.5 src/index/blockfilterindex.cpp, Lookup...).

use bytes::Bytes;
use litecast_primitives::{BlockHash, Height};

use super::Reader;
use crate::{
    error::EngineError,
    filters::{FilterCommitment, FilterProgress, read_commitment, read_filter},
};

/// Blocks between two checkpoints (CFCHECKPT_INTERVAL).
const CHECKPOINT_INTERVAL: usize = 1000;

/// Consecutive filters, as a light client checks them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterHashes {
    /// Header of the filter below the first.
    pub below: [u8; 32],
    /// Their hashes.
    pub hashes: Vec<[u8; 32]>,
}

impl Reader {
    /// How far the index of filters is; `None` where there is none.
    pub fn block_filter_progress(&self) -> Option<FilterProgress> {
        self.0.filters.as_ref().map(|progress| *progress.lock())
    }

    /// The basic filter of a block as it is sent; `None` if there is none.
    pub fn block_filter(&self, hash: &BlockHash) -> Result<Option<Bytes>, EngineError> {
        let Some(entry) = self.entry(hash).filter(|_| self.0.filters.is_some()) else { return Ok(None) };
        read_filter(&self.0.store, &entry)
    }

    /// What commits to a block's filter.
    pub fn filter_commitment(&self, hash: &BlockHash) -> Result<Option<FilterCommitment>, EngineError> {
        Ok(self.filter_commitments(hash, |top| top..=top, 1)?.and_then(|found| found.first().copied()))
    }

    /// The filters from height `first` up to a block; `None` if one of them is not there.
    pub fn filter_hashes(&self, first: Height, stop: &BlockHash) -> Result<Option<FilterHashes>, EngineError> {
        let from = first.saturating_sub(1);
        let Some(found) = self.filter_commitments(stop, |top| from..=top, 1)? else { return Ok(None) };
        let (below, rest) = match found.split_first() {
            Some((below, rest)) if first > 0 => (below.header, rest),
            _ => ([0; 32], &found[..]),
        };
        Ok(Some(FilterHashes { below, hashes: rest.iter().map(|commitment| commitment.hash).collect() }))
    }

    /// The header of every thousandth filter up to a block; `None` if one of them is not there.
    pub fn filter_checkpoints(&self, stop: &BlockHash) -> Result<Option<Vec<[u8; 32]>>, EngineError> {
        let found = self.filter_commitments(stop, |top| 0..=top, CHECKPOINT_INTERVAL)?;
        // The genesis block is no checkpoint.
        Ok(found.map(|found| found.iter().skip(1).map(|commitment| commitment.header).collect()))
    }

    /// On the chain of a block, of heights in some steps.
    fn filter_commitments(
        &self,
        stop: &BlockHash,
        heights: impl FnOnce(Height) -> std::ops::RangeInclusive<Height>,
        step: usize,
    ) -> Result<Option<Vec<FilterCommitment>>, EngineError> {
        if self.0.filters.is_none() {
            return Ok(None);
        }
        let blocks: Vec<(Height, BlockHash)> = {
            let index = self.index();
            let Some(stop) = index.find(stop) else { return Ok(None) };
            let at = |height| Some((height, index.entry(index.ancestor(stop, height)?).hash));
            heights(index.entry(stop).height).step_by(step).filter_map(at).collect()
        };
        blocks.into_iter().map(|(height, hash)| read_commitment(&self.0.store, height, hash)).collect()
    }
}
