//! Block files (`blkNNNNN.dat`) and undo files (`revNNNNN.dat`) in the reference's format
//! (v0.21.5.5 src/validation.cpp, src/flatfile.cpp).
//!
//! A block record is magic, length, block. An undo record is magic, length, undo data, and a checksum: the double
//! SHA-256 of the previous block's hash and the undo data. Undo data lies in the file with its block's number. Files
//! only grow until the next one is begun; where they end is known from the tables, never from their length, because
//! they are reserved ahead and because a crash leaves garbage. One writer at a time by convention (a mutex holds
//! it); readers open the files anew and wait for nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use litecast_primitives::{BlockHash, codec::DecodeError, codec::Reader, codec::put_varint, hash::sha256};
use parking_lot::Mutex;

use crate::{
    Remedy, StoreError,
    files::{DataFile, Files},
    lifecycle::FileLimits,
    marker::FileSizes,
};

/// A block file is full before it reaches this size in bytes (v0.21.5.5 src/validation.h, MAX_BLOCKFILE_SIZE).
pub const MAX_BLOCK_FILE_SIZE: u32 = 0x800_0000;
/// Block files are reserved in steps of this size in bytes (v0.21.5.5 src/validation.cpp, BLOCKFILE_CHUNK_SIZE).
pub const BLOCK_CHUNK_SIZE: u32 = 0x100_0000;
/// Undo files are reserved in steps of this size in bytes (v0.21.5.5 src/validation.cpp, UNDOFILE_CHUNK_SIZE).
pub const UNDO_CHUNK_SIZE: u32 = 0x10_0000;

/// Magic and length in front of every record.
pub(crate) const RECORD_HEADER: u32 = 8;
const CHECKSUM: u32 = 32;
/// Write handles that are kept; undo data reaches back a few files at most.
const OPEN_FILES: usize = 8;

/// Where data lies in the file with this number: its first byte, behind magic and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePos {
    /// Number of the file.
    pub file: u32,
    /// Offset of the data in bytes.
    pub offset: u32,
}

impl FilePos {
    /// Appends two VARINTs.
    pub fn encode(self, out: &mut Vec<u8>) {
        put_varint(out, self.file.into());
        put_varint(out, self.offset.into());
    }

    /// Reads two VARINTs.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let mut number = || u32::try_from(r.varint(u32::MAX.into())?).map_err(|_| DecodeError::VarIntTooLarge);
        Ok(Self { file: number()?, offset: number()? })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Block,
    Undo,
}

/// The path of a block or undo file.
pub(crate) fn file_path(dir: &Path, kind: Kind, file: u32) -> PathBuf {
    let prefix = match kind {
        Kind::Block => "blk",
        Kind::Undo => "rev",
    };
    dir.join(format!("{prefix}{file:05}.dat"))
}

pub(crate) struct FlatFiles {
    dir: PathBuf,
    magic: [u8; 4],
    limits: FileLimits,
    files: Arc<dyn Files>,
    writer: Mutex<Writer>,
    /// Held during a sync: who finds nothing to sync must know that nobody else is still at it.
    syncing: Mutex<()>,
}

struct Writer {
    sizes: BTreeMap<u32, FileSizes>,
    current: u32,
    open: BTreeMap<(Kind, u32), Arc<dyn DataFile>>,
    unsynced: BTreeMap<(Kind, u32), Arc<dyn DataFile>>,
    /// A file was created since the folder was synced.
    unsynced_dir: bool,
    /// Files whose sizes the tables do not know yet.
    grown: BTreeSet<u32>,
}

impl FlatFiles {
    /// Continues behind the given sizes.
    pub(crate) fn new(
        dir: PathBuf,
        magic: [u8; 4],
        limits: FileLimits,
        files: Arc<dyn Files>,
        sizes: BTreeMap<u32, FileSizes>,
    ) -> Self {
        let current = sizes.last_key_value().map_or(0, |(file, _)| *file);
        let writer = Writer {
            sizes,
            current,
            open: BTreeMap::new(),
            unsynced: BTreeMap::new(),
            unsynced_dir: false,
            grown: BTreeSet::new(),
        };
        Self { dir, magic, limits, files, writer: Mutex::new(writer), syncing: Mutex::new(()) }
    }

    pub(crate) fn path(&self, kind: Kind, file: u32) -> PathBuf {
        file_path(&self.dir, kind, file)
    }

    pub(crate) fn append_block(&self, block: &[u8]) -> Result<FilePos, StoreError> {
        let too_large = StoreError::RecordTooLarge { bytes: block.len() };
        let length = u32::try_from(block.len()).map_err(|_| too_large.clone())?;
        let added = length.checked_add(RECORD_HEADER).ok_or_else(|| too_large.clone())?;
        if added >= self.limits.file {
            return Err(too_large);
        }
        let mut writer = self.writer.lock();
        // v0.21.5.5 src/validation.cpp, FindBlockPos
        let mut file = writer.current;
        while u64::from(writer.size(file).block) + u64::from(added) >= u64::from(self.limits.file) {
            file += 1;
        }
        if file != writer.current {
            self.leave(&mut writer)?;
            writer.current = file;
        }
        let start = writer.size(file).block;
        let at = Place { kind: Kind::Block, file, start };
        self.reserve(&mut writer, at, added, self.limits.block_chunk)?;
        self.write(&mut writer, at, &[&self.record_header(length), block])?;
        writer.sizes.entry(file).or_default().block = start + added;
        writer.grown.insert(file);
        Ok(FilePos { file, offset: start + RECORD_HEADER })
    }

    pub(crate) fn append_undo(&self, file: u32, undo: &[u8], seed: &BlockHash) -> Result<FilePos, StoreError> {
        let too_large = StoreError::RecordTooLarge { bytes: undo.len() };
        let length = u32::try_from(undo.len()).map_err(|_| too_large.clone())?;
        let added = length.checked_add(RECORD_HEADER + CHECKSUM).ok_or_else(|| too_large.clone())?;
        let mut writer = self.writer.lock();
        let start = writer.size(file).undo;
        let end = start.checked_add(added).ok_or(too_large)?;
        let at = Place { kind: Kind::Undo, file, start };
        // Undo data for a file that is full already comes late and little: it would never be trimmed again.
        if file >= writer.current {
            self.reserve(&mut writer, at, added, self.limits.undo_chunk)?;
        }
        self.write(&mut writer, at, &[&self.record_header(length), undo, &checksum(seed, undo)])?;
        writer.sizes.entry(file).or_default().undo = end;
        writer.grown.insert(file);
        Ok(FilePos { file, offset: start + RECORD_HEADER })
    }

    /// Makes everything appended so far durable. The writer may go on meanwhile.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.syncing.lock();
        let (unsynced, dir) = {
            let mut writer = self.writer.lock();
            (std::mem::take(&mut writer.unsynced), std::mem::take(&mut writer.unsynced_dir))
        };
        for ((kind, file), handle) in unsynced {
            handle.sync().map_err(|e| StoreError::io(&self.path(kind, file), "sync", e))?;
        }
        if dir {
            self.files.sync_dir(&self.dir).map_err(|e| StoreError::io(&self.dir, "sync", e))?;
        }
        Ok(())
    }

    /// Sizes that the tables do not know yet; they count as known from now on.
    pub(crate) fn take_grown(&self) -> Vec<(u32, FileSizes)> {
        let mut writer = self.writer.lock();
        let grown = std::mem::take(&mut writer.grown);
        grown.into_iter().map(|file| (file, writer.size(file))).collect()
    }

    pub(crate) fn read_block(&self, pos: FilePos) -> Result<Bytes, StoreError> {
        self.read(Kind::Block, pos, 0)
    }

    pub(crate) fn read_undo(&self, pos: FilePos, seed: &BlockHash) -> Result<Bytes, StoreError> {
        let mut record = self.read(Kind::Undo, pos, CHECKSUM)?;
        let found = record.split_off(record.len() - CHECKSUM as usize);
        if found[..] == checksum(seed, &record)[..] {
            Ok(record)
        } else {
            Err(self.damaged(Kind::Undo, pos, "the checksum is wrong"))
        }
    }

    /// The data at a position and `behind` bytes more.
    fn read(&self, kind: Kind, pos: FilePos, behind: u32) -> Result<Bytes, StoreError> {
        let path = self.path(kind, pos.file);
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => self.damaged(kind, pos, "the file is missing"),
            io::ErrorKind::UnexpectedEof => self.damaged(kind, pos, "the file is too short"),
            _ => StoreError::io(&path, "read", e),
        };
        let start =
            pos.offset.checked_sub(RECORD_HEADER).ok_or_else(|| self.damaged(kind, pos, "no record is there"))?;
        let file = self.files.open_read(&path).map_err(failed)?;
        let mut head = [0; RECORD_HEADER as usize];
        file.read_exact_at(&mut head, start.into()).map_err(failed)?;
        let [magic @ .., l0, l1, l2, l3] = head;
        if magic != self.magic {
            return Err(self.damaged(kind, pos, "no record is there"));
        }
        // The length is believed only as far as the file reaches.
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3])) + u64::from(behind);
        if length > file.length().map_err(failed)?.saturating_sub(pos.offset.into()) {
            return Err(self.damaged(kind, pos, "the file is too short"));
        }
        let length = usize::try_from(length).map_err(|_| self.damaged(kind, pos, "the record is too long"))?;
        let mut data = vec![0; length];
        file.read_exact_at(&mut data, pos.offset.into()).map_err(failed)?;
        Ok(data.into())
    }

    fn damaged(&self, kind: Kind, pos: FilePos, why: &str) -> StoreError {
        StoreError::corrupt(
            format!("{} is damaged at offset {}: {why}", self.path(kind, pos.file).display(), pos.offset),
            Remedy::Reindex,
        )
    }

    fn record_header(&self, length: u32) -> [u8; RECORD_HEADER as usize] {
        let mut header = [0; RECORD_HEADER as usize];
        header[..4].copy_from_slice(&self.magic);
        header[4..].copy_from_slice(&length.to_le_bytes());
        header
    }

    fn open(&self, writer: &mut Writer, kind: Kind, file: u32) -> Result<Arc<dyn DataFile>, StoreError> {
        if let Some(handle) = writer.open.get(&(kind, file)) {
            return Ok(Arc::clone(handle));
        }
        let path = self.path(kind, file);
        let failed = |e| StoreError::io(&path, "open", e);
        writer.unsynced_dir |= self.files.length(&path).map_err(failed)?.is_none();
        let handle = self.files.open_write(&path).map_err(failed)?;
        while writer.open.len() >= OPEN_FILES {
            writer.open.pop_first();
        }
        writer.open.insert((kind, file), Arc::clone(&handle));
        Ok(handle)
    }

    /// Reserves whole chunks ahead when a record crosses into a new one (v0.21.5.5 src/flatfile.cpp, Allocate).
    fn reserve(&self, writer: &mut Writer, at: Place, added: u32, chunk: u32) -> Result<(), StoreError> {
        let (start, added, chunk) = (u64::from(at.start), u64::from(added), u64::from(chunk));
        let end = (start + added).next_multiple_of(chunk);
        if end == start.next_multiple_of(chunk) {
            return Ok(());
        }
        let file = self.open(writer, at.kind, at.file)?;
        file.allocate(start, end - start).map_err(|e| StoreError::io(&self.path(at.kind, at.file), "extend", e))?;
        writer.unsynced.insert((at.kind, at.file), file);
        Ok(())
    }

    fn write(&self, writer: &mut Writer, at: Place, parts: &[&[u8]]) -> Result<(), StoreError> {
        let file = self.open(writer, at.kind, at.file)?;
        writer.unsynced.insert((at.kind, at.file), Arc::clone(&file));
        let mut offset = u64::from(at.start);
        for part in parts {
            file.write_all_at(part, offset).map_err(|e| StoreError::io(&self.path(at.kind, at.file), "write to", e))?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    /// Gives back what was reserved in the files with the current number.
    fn leave(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let file = writer.current;
        let sizes = writer.size(file);
        for (kind, size) in [(Kind::Block, sizes.block), (Kind::Undo, sizes.undo)] {
            if size == 0 {
                continue;
            }
            let handle = self.open(writer, kind, file)?;
            handle.truncate(size.into()).map_err(|e| StoreError::io(&self.path(kind, file), "trim", e))?;
            writer.unsynced.insert((kind, file), handle);
        }
        tracing::debug!(file, bytes = sizes.block, "leaving block file");
        Ok(())
    }
}

impl Writer {
    fn size(&self, file: u32) -> FileSizes {
        self.sizes.get(&file).copied().unwrap_or_default()
    }
}

/// Where a record begins: at its magic.
#[derive(Clone, Copy)]
struct Place {
    kind: Kind,
    file: u32,
    start: u32,
}

fn checksum(seed: &BlockHash, undo: &[u8]) -> [u8; 32] {
    // Hashing in two steps would need no copy, but undo data is small beside its block.
    sha256(&sha256(&[seed.as_bytes(), undo].concat()))
}
