//! Finding blocks in a block file without an index, for `-reindex` and `-loadblock`.
//!
//! Anything may lie between blocks: the reserved end, a torn record, another program's bytes. The scan looks for the
//! magic with a plausible length behind it (v0.21.5.5 src/validation.cpp, LoadExternalBlockFile). Whether the bytes
//! are a block is for the caller to find out; [`BlockScan::reject`] resumes right behind the false magic. Memory is
//! bounded by two records, time is linear in the file.

use std::{fs::File, io::Read, path::Path, path::PathBuf};

use bytes::Bytes;
use litecast_primitives::{BlockHeader, mweb};

use crate::{StoreError, flat_files::RECORD_HEADER};

/// Longest record that is believed, in bytes (v0.21.5.5 src/consensus/consensus.h,
/// MAX_BLOCK_SERIALIZED_SIZE_WITH_MWEB).
pub const MAX_SCANNED_BLOCK: usize = 4_000_000 + mweb::MAX_BLOCK_BYTES;

const HEADER: usize = RECORD_HEADER as usize;

/// Bytes that may be a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedBlock {
    /// Offset of the bytes in the file, as [`crate::FilePos`] counts.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// Walks over a block file.
pub struct BlockScan {
    input: Box<dyn Read + Send>,
    path: PathBuf,
    magic: [u8; 4],
    /// A part of the file, `start` is its first byte that is not behind us, `offset` the file's offset of `window[0]`.
    window: Vec<u8>,
    start: usize,
    offset: u64,
    ended: bool,
    /// Start (in the window) of the record that was returned last.
    last: Option<usize>,
}

/// Opens a file to look for blocks of the network with this magic.
pub fn scan_file(path: &Path, magic: [u8; 4]) -> Result<BlockScan, StoreError> {
    let file = File::open(path).map_err(|e| StoreError::io(path, "open", e))?;
    Ok(BlockScan::new(Box::new(file), path.to_path_buf(), magic))
}

impl BlockScan {
    /// Looks for blocks in any input; the path is for messages.
    pub fn new(input: Box<dyn Read + Send>, path: PathBuf, magic: [u8; 4]) -> Self {
        Self { input, path, magic, window: Vec::new(), start: 0, offset: 0, ended: false, last: None }
    }

    /// The bytes returned last were no block: search on inside of them.
    pub fn reject(&mut self) {
        if let Some(start) = self.last.take() {
            self.start = start + 1;
        }
    }

    /// Makes at least a record and its header available behind `start`, unless the file ends before.
    fn fill(&mut self) -> Result<(), StoreError> {
        const WANTED: usize = HEADER + MAX_SCANNED_BLOCK;
        if self.ended || self.window.len() - self.start >= WANTED {
            return Ok(());
        }
        self.window.drain(..self.start);
        self.offset += self.start as u64;
        self.start = 0;
        // Reading as much again as must stay keeps the moving of what stays linear.
        let missing = (2 * WANTED - self.window.len()) as u64;
        let read = (&mut self.input)
            .take(missing)
            .read_to_end(&mut self.window)
            .map_err(|e| StoreError::io(&self.path, "read", e))?;
        self.ended = (read as u64) < missing;
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<ScannedBlock>, StoreError> {
        self.last = None;
        loop {
            self.fill()?;
            let rest = &self.window[self.start..];
            let Some(found) = rest.windows(4).position(|w| w == self.magic) else {
                if self.ended {
                    return Ok(None);
                }
                // The magic may begin in the last three bytes.
                self.start = self.window.len() - 3;
                continue;
            };
            self.start += found;
            self.fill()?;
            let rest = &self.window[self.start..];
            let Some((header, data)) = rest.split_first_chunk::<HEADER>() else { return Ok(None) };
            let [_, _, _, _, l0, l1, l2, l3] = *header;
            let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            if (BlockHeader::SIZE..=MAX_SCANNED_BLOCK).contains(&length)
                && let Some(bytes) = data.get(..length)
            {
                // A copy, so that a kept block does not keep the window.
                let block = ScannedBlock {
                    offset: self.offset + (self.start + HEADER) as u64,
                    bytes: Bytes::copy_from_slice(bytes),
                };
                self.last = Some(self.start);
                self.start += HEADER + length;
                return Ok(Some(block));
            }
            self.start += 1;
        }
    }
}

impl Iterator for BlockScan {
    type Item = Result<ScannedBlock, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            // What could not be read once is not asked for again and again.
            self.ended = true;
            self.start = self.window.len();
        }
        next.transpose()
    }
}

impl std::fmt::Debug for BlockScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockScan").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
