//! Keeping the filters of blocks: made when a block is connected, written with the same commit. Where the index lags, because
//! it was off for a while, the writer catches up when nobody asks it for anything.

use std::sync::Arc;

use litecast_consensus::BlockUndo;
use litecast_primitives::{Block, BlockFilter};
use litecast_store::{Batch, Store};
use parking_lot::Mutex;
use rayon::prelude::*;

use super::Writer;
use crate::{
    error::EngineError,
    filters::{self, FilterProgress, Made},
    index::{BlockIndex, Entry, Id},
    reader::Shared,
    undo_codec,
};

/// Blocks that are caught up with before the writer looks at its queue again.
const CATCH_UP: usize = 32;
/// Filters that wait for a commit at most; with more the index falls behind and catches up later.
const MAX_WAITING: usize = 1024;

/// The writer's side of the index.
#[derive(Debug)]
pub(super) struct Filters {
    progress: Arc<Mutex<FilterProgress>>,
    /// The last block that was indexed; it may have left the chain since.
    best: Option<Id>,
    /// Header of its filter.
    header: [u8; 32],
    waiting: Vec<Made>,
}

impl Filters {
    /// Goes on where the store's records end, on the chain of `tip`.
    pub(super) fn load(
        progress: &Arc<Mutex<FilterProgress>>,
        store: &Store,
        index: &BlockIndex,
        tip: Option<Id>,
    ) -> Result<Self, EngineError> {
        let best = tip.map(|tip| filters::find_best(store, index, tip)).transpose()?.flatten();
        let mut loaded = Self { progress: Arc::clone(progress), best: None, header: [0; 32], waiting: Vec::new() };
        if let Some(id) = best {
            let entry = index.entry(id);
            let commitment = filters::read_commitment(store, entry.height, entry.hash)?;
            loaded.advance(id, entry, commitment.map_or([0; 32], |commitment| commitment.header));
        }
        Ok(loaded)
    }

    fn advance(&mut self, id: Id, entry: &Entry, header: [u8; 32]) {
        (self.best, self.header) = (Some(id), header);
        self.progress.lock().best = Some((entry.height, entry.hash));
    }

    /// Whether a block's filter has been made, as far as `best` tells.
    fn has(&self, index: &BlockIndex, id: Id) -> bool {
        self.best.is_some_and(|best| index.ancestor(best, index.entry(id).height) == Some(id))
    }

    /// The header of an indexed block's filter.
    fn header_of(&self, store: &Store, index: &BlockIndex, id: Id) -> Result<[u8; 32], EngineError> {
        if self.best == Some(id) {
            return Ok(self.header);
        }
        let entry = index.entry(id);
        let waiting = self.waiting.iter().rev().find(|made| made.is_of(&entry.hash)).map(|made| made.commitment);
        let found =
            waiting.map_or_else(|| filters::read_commitment(store, entry.height, entry.hash), |c| Ok(Some(c)))?;
        let missing = || EngineError::Inconsistent(format!("The filter of block {} is missing", entry.hash));
        found.map(|commitment| commitment.header).ok_or_else(missing)
    }

    /// The header below a block, if its filter can be made next.
    fn below(&self, store: &Store, index: &BlockIndex, id: Id) -> Result<Option<[u8; 32]>, EngineError> {
        match index.entry(id).parent {
            Some(parent) if self.has(index, parent) => self.header_of(store, index, parent).map(Some),
            Some(_) => Ok(None),
            None => Ok(Some([0; 32])),
        }
    }

    fn push(&mut self, index: &BlockIndex, id: Id, filter: BlockFilter, below: &[u8; 32]) {
        let entry = index.entry(id);
        let made = Made::new(entry, filter, below);
        self.advance(id, entry, made.commitment.header);
        self.waiting.push(made);
    }
}

fn make(block: &Block, undo: &BlockUndo) -> BlockFilter {
    BlockFilter::basic(block, undo.spent.iter().flatten().map(|coin| &coin.output.script_pubkey[..]))
}

impl Writer {
    /// A block is about to become the tip.
    pub(super) fn filter_connected(&mut self, id: Id, block: &Block, undo: &BlockUndo) -> Result<(), EngineError> {
        let Some(filters) = &mut self.filters else { return Ok(()) };
        let index = self.shared.index.read();
        if filters.waiting.len() >= MAX_WAITING || filters.has(&index, id) {
            return Ok(());
        }
        if let Some(below) = filters.below(&self.shared.store, &index, id)? {
            filters.push(&index, id, make(block, undo), &below);
        }
        Ok(())
    }

    /// Adds what waits to a batch.
    pub(super) fn fill_filters(&mut self, batch: &mut Batch) {
        let Some(filters) = &mut self.filters else { return };
        filters.waiting.drain(..).for_each(|made| made.put(batch));
        let index = self.shared.index.read();
        if index.tip().is_some_and(|tip| filters.has(&index, tip)) {
            filters.progress.lock().synced = true;
        }
    }

    /// Blocks of the active chain without a filter, the lowest first, as many as are made at once.
    fn unfiltered(&self) -> Vec<Id> {
        let Some(filters) = &self.filters else { return Vec::new() };
        let index = self.shared.index.read();
        let first = filters.best.map_or(Some(0), |best| {
            let fork = index.fork_with_active(best)?;
            Some(index.entry(fork).height + 1)
        });
        let heights = (0u32..).map_while(|n| index.active(first?.checked_add(n)?));
        heights.take(CATCH_UP).collect()
    }

    pub(super) fn filters_lag(&self) -> bool {
        !self.unfiltered().is_empty()
    }

    /// Makes some of the filters that are missing, and writes them.
    pub(super) fn catch_up_filters(&mut self) -> Result<(), EngineError> {
        let ids = self.unfiltered();
        let shared = Arc::clone(&self.shared);
        let made: Vec<BlockFilter> = self
            .scripts
            .pool()
            .install(|| ids.par_iter().map(|id| make_again(&shared, *id)).collect::<Result<_, EngineError>>())?;
        let index = shared.index.read();
        let Some(filters) = &mut self.filters else { return Ok(()) };
        for (id, filter) in ids.into_iter().zip(made) {
            let Some(below) = filters.below(&shared.store, &index, id)? else { break };
            filters.push(&index, id, filter, &below);
        }
        drop(index);
        let mut batch = Batch::new();
        self.fill_filters(&mut batch);
        self.write(batch)
    }
}

/// From what is on disk.
fn make_again(shared: &Shared, id: Id) -> Result<BlockFilter, EngineError> {
    let entry = shared.index.read().entry(id).clone();
    let damaged = |what: &str| EngineError::Inconsistent(format!("The data of block {} is {what}", entry.hash));
    let block = shared.read_block(&entry)?.ok_or_else(|| damaged("missing"))?;
    if entry.height == 0 {
        return Ok(make(&block, &BlockUndo::default()));
    }
    let bytes = shared.store.read_undo(entry.undo.ok_or_else(|| damaged("missing"))?, &entry.header.prev)?;
    let undo = undo_codec::decode(bytes).map_err(|error| damaged(&format!("damaged ({error})")))?;
    Ok(make(&block, &undo))
}
