//! Reading blocks from files: `-loadblock` and `-reindex`
//! (v0.21.5.5 src/validation.cpp, LoadExternalBlockFile).

use std::{path::Path, sync::Arc};

use litecast_primitives::Block;
use litecast_store::{BlockScan, FilePos, scan_file};

use super::Writer;
use crate::error::EngineError;

/// Blocks whose parent has not been met yet; more than these are given up, so that a file cannot fill the memory.
const ORPHANS: usize = 4096;

impl Writer {
    /// Takes every block of a foreign file; answers how many were new.
    pub(super) fn import_file(&mut self, path: &Path) -> Result<u64, EngineError> {
        self.importing(true);
        let result = scan_file(path, self.shared.params.magic)
            .map_err(EngineError::from)
            .and_then(|scan| self.import_blocks(scan, None));
        self.importing(false);
        let imported = result?;
        self.activate_best_chain(None)?;
        Ok(imported)
    }

    /// Builds the index anew from our own block files.
    pub(super) fn reindex(&mut self) -> Result<(), EngineError> {
        self.importing(true);
        for file in 0.. {
            let Some(scan) = self.store().scan_block_file(file)? else { break };
            tracing::info!("Reindexing block file blk{file:05}.dat...");
            self.import_blocks(scan, Some(file))?;
            self.activate_best_chain(None)?;
            self.commit()?;
        }
        self.importing(false);
        tracing::info!("Reindexing finished");
        Ok(())
    }

    fn import_blocks(&mut self, mut scan: BlockScan, file: Option<u32>) -> Result<u64, EngineError> {
        let mut imported = 0;
        while let Some(found) = scan.next() {
            let found = found?;
            let Ok(block) = Block::from_bytes(found.bytes) else {
                scan.reject();
                continue;
            };
            let pos = match file {
                Some(file) => {
                    let offset = u32::try_from(found.offset).map_err(|_| {
                        EngineError::Inconsistent(format!("blk{file:05}.dat is too large for a block file"))
                    })?;
                    Some(FilePos { file, offset })
                }
                None => None,
            };
            imported += self.import_with_orphans(Arc::new(block), pos)?;
            if self.dirty.len() > 1000 {
                self.activate_best_chain(None)?;
                self.commit()?;
            }
        }
        Ok(imported)
    }

    /// Imports a block and every block that waited for it; keeps it for later when its parent is missing.
    fn import_with_orphans(&mut self, block: Arc<Block>, pos: Option<FilePos>) -> Result<u64, EngineError> {
        let is_genesis = block.hash() == self.shared.params.genesis_hash();
        if !is_genesis && self.shared.index.read().find(&block.header().prev).is_none() {
            if self.orphans.values().map(Vec::len).sum::<usize>() < ORPHANS {
                self.orphans.entry(block.header().prev).or_default().push((block, pos));
            }
            return Ok(0);
        }
        let mut imported = 0;
        let mut queue = vec![(block, pos)];
        while let Some((block, pos)) = queue.pop() {
            imported += u64::from(self.import_block(&block, pos)?);
            queue.extend(self.orphans.remove(&block.hash()).unwrap_or_default());
        }
        Ok(imported)
    }

    fn import_block(&mut self, block: &Arc<Block>, pos: Option<FilePos>) -> Result<bool, EngineError> {
        match pos {
            Some(pos) => self.store_block(block, pos),
            None => Ok(self.process_new_block(block, true)?.new),
        }
    }
}
