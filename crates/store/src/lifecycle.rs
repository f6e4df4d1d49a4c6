//! Opening: which folder, is it ours, where do the files end, and what is built anew.
//!
//! Tables are never emptied in place. They are renamed away, or a new folder replaces them in one rename, so that
//! a crash at any point leaves either the old tables or the new ones.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use litecast_primitives::{
    BlockHash,
    params::{Network, Params},
};

use crate::{
    BLOCK_CHUNK_SIZE, MAX_BLOCK_FILE_SIZE, Remedy, StoreError, UNDO_CHUNK_SIZE,
    files::{DataFile, Files, RealFiles},
    flat_files::{Kind, RECORD_HEADER, file_path},
    kv::{Change, FjallKv, Kv, Table},
    marker::{self, FileSizes},
    store::unreadable,
};

/// What is thrown away on opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wipe {
    /// Nothing.
    #[default]
    Nothing,
    /// Coins, extension block state and their best block (`-reindex-chainstate`).
    Chainstate,
    /// All tables (`-reindex`); the block files stay, their undo files are written over.
    Everything,
}

/// Sizes of block and undo files in bytes. The defaults are the reference's; tests take smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// A block file stays below this.
    pub file: u32,
    /// Reserved at once for blocks.
    pub block_chunk: u32,
    /// Reserved at once for undo data.
    pub undo_chunk: u32,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self { file: MAX_BLOCK_FILE_SIZE, block_chunk: BLOCK_CHUNK_SIZE, undo_chunk: UNDO_CHUNK_SIZE }
    }
}

/// Where the store lives and for which chain.
#[derive(Debug, Clone)]
pub struct Options {
    /// The chain directory, such as `<datadir>/regtest`.
    pub dir: PathBuf,
    /// The folder of block and undo files.
    pub blocks_dir: PathBuf,
    /// In front of every record in those files.
    pub magic: [u8; 4],
    /// Which network.
    pub network: Network,
    /// Its first block.
    pub genesis: BlockHash,
    /// Memory for blocks of the tables, in bytes; bounded to 4 to 256 MiB.
    pub cache_bytes: u64,
    /// What to throw away first.
    pub wipe: Wipe,
    /// Sizes of block and undo files.
    pub limits: FileLimits,
}

impl Options {
    /// The usual layout: blocks in `<dir>/blocks`, 128 MiB of cache, nothing wiped.
    pub fn new(dir: impl Into<PathBuf>, params: &Params) -> Self {
        let dir = dir.into();
        Self {
            blocks_dir: dir.join("blocks"),
            dir,
            magic: params.magic,
            network: params.network,
            genesis: params.genesis_hash(),
            cache_bytes: 128 << 20,
            wipe: Wipe::Nothing,
            limits: FileLimits::default(),
        }
    }

    /// The folder of the tables.
    pub fn tables_dir(&self) -> PathBuf {
        self.dir.join("tables")
    }
}

/// Entries copied per batch when tables are built anew.
const COPY_BATCH: usize = 50_000;

/// Opens the tables on disk, after doing what [`Options::wipe`] asks for.
pub(crate) fn open_tables(options: &Options) -> Result<FjallKv, StoreError> {
    let foreign = options.dir.join("chainstate").join("CURRENT");
    if foreign.try_exists().map_err(|e| StoreError::io(&foreign, "look for", e))? {
        return Err(StoreError::ForeignDirectory { path: foreign });
    }
    for dir in [&options.dir, &options.blocks_dir] {
        fs::create_dir_all(dir).map_err(|e| StoreError::io(dir, "create", e))?;
    }
    let tables = options.tables_dir();
    let folders = Folders { new: options.dir.join("tables.new"), old: options.dir.join("tables.old"), tables, options };
    folders.finish_interrupted()?;
    match options.wipe {
        Wipe::Nothing => {}
        Wipe::Everything => folders.retire()?,
        Wipe::Chainstate => folders.rebuild_without_coins()?,
    }
    let kv = folders.open(&folders.tables)?;
    folders.sync()?;
    Ok(kv)
}

/// The tables' folder and its shadows while it is replaced.
struct Folders<'a> {
    options: &'a Options,
    tables: PathBuf,
    /// Being built.
    new: PathBuf,
    /// Being removed.
    old: PathBuf,
}

impl Folders<'_> {
    fn open(&self, path: &Path) -> Result<FjallKv, StoreError> {
        FjallKv::open(path, self.options.cache_bytes).map_err(|e| StoreError::kv(path, "open", e))
    }

    /// Completes a replacement that a crash interrupted. Complete is what was renamed last: the old tables away.
    fn finish_interrupted(&self) -> Result<(), StoreError> {
        if !exists(&self.tables)? && exists(&self.old)? && exists(&self.new)? {
            rename(&self.new, &self.tables)?;
        }
        remove(&self.new)?;
        remove(&self.old)
    }

    /// Removes the tables. Renamed first: half-removed tables must never be opened.
    fn retire(&self) -> Result<(), StoreError> {
        if exists(&self.tables)? {
            rename(&self.tables, &self.old)?;
            self.sync()?;
        }
        remove(&self.old)
    }

    fn rebuild_without_coins(&self) -> Result<(), StoreError> {
        if !exists(&self.tables)? {
            return Ok(());
        }
        {
            let from = self.open(&self.tables)?;
            check_marker(self.options, &from, &self.tables)?;
            let to = self.open(&self.new)?;
            copy_without_coins(&from, &to, &self.tables)?;
        }
        self.sync()?;
        rename(&self.tables, &self.old)?;
        rename(&self.new, &self.tables)?;
        self.sync()?;
        remove(&self.old)
    }

    /// Makes the names of the tables' and the blocks' folder durable.
    fn sync(&self) -> Result<(), StoreError> {
        for dir in [Some(&*self.options.dir), self.options.blocks_dir.parent()].into_iter().flatten() {
            // The parent of a relative name is the empty path.
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            RealFiles.sync_dir(dir).map_err(|e| StoreError::io(dir, "sync", e))?;
        }
        Ok(())
    }
}

fn copy_without_coins(from: &dyn Kv, to: &dyn Kv, path: &Path) -> Result<(), StoreError> {
    let snapshot = from.snapshot();
    for table in [Table::Index, Table::TxIndex, Table::Meta, Table::State] {
        let mut changes = Vec::new();
        for entry in snapshot.iter(table) {
            let (key, value) = entry.map_err(|e| StoreError::kv(path, "read", e))?;
            if table == Table::State && key == marker::COINS_BEST {
                continue;
            }
            changes.push(Change { table, key: key.to_vec(), value: Some(value.to_vec()) });
            if changes.len() == COPY_BATCH {
                to.write(std::mem::take(&mut changes)).map_err(|e| StoreError::kv(path, "rebuild", e))?;
            }
        }
        to.write(changes).map_err(|e| StoreError::kv(path, "rebuild", e))?;
    }
    Ok(())
}

/// Checks or writes the marker and finds the end of every block and undo file.
pub(crate) fn prepare(
    options: &Options,
    files: &dyn Files,
    kv: &dyn Kv,
) -> Result<BTreeMap<u32, FileSizes>, StoreError> {
    let tables = options.tables_dir();
    if check_marker(options, kv, &tables)? {
        return known_sizes(options, files, kv, &tables);
    }
    let sizes = existing_sizes(options, files)?;
    if let Some((file, _)) = sizes.first_key_value()
        && options.wipe != Wipe::Everything
    {
        let path = file_path(&options.blocks_dir, Kind::Block, *file);
        return Err(StoreError::BlocksWithoutIndex { path });
    }
    let set = |key: &[u8], value: Vec<u8>| Change { table: Table::State, key: key.to_vec(), value: Some(value) };
    let mut changes: Vec<Change> =
        sizes.iter().map(|(file, sizes)| set(&marker::file_key(*file), sizes.encode())).collect();
    changes.push(set(marker::FORMAT_KEY, marker::FORMAT.to_le_bytes().to_vec()));
    changes.push(set(marker::NETWORK_KEY, network_marker(options)));
    kv.write(changes).map_err(|e| StoreError::kv(&tables, "write to", e))?;
    Ok(sizes)
}

/// Refuses another format and another network; `false` when the tables are new.
fn check_marker(options: &Options, kv: &dyn Kv, tables: &Path) -> Result<bool, StoreError> {
    let get = |key| kv.get(Table::State, key).map_err(|e| StoreError::kv(tables, "read", e));
    let Some(format) = get(marker::FORMAT_KEY)? else { return Ok(false) };
    let found = u32::from_le_bytes(format[..].try_into().map_err(|_| unreadable(Table::State))?);
    if found != marker::FORMAT {
        return Err(StoreError::WrongFormat { found, wanted: marker::FORMAT });
    }
    let network = get(marker::NETWORK_KEY)?.ok_or_else(|| unreadable(Table::State))?;
    marker::check_network(&network, &network_marker(options))?;
    Ok(true)
}

fn network_marker(options: &Options) -> Vec<u8> {
    marker::encode_network(options.network, options.magic, &options.genesis)
}

/// Sizes as of the last commit. A file that is shorter has lost blocks that the index counts on.
fn known_sizes(
    options: &Options,
    files: &dyn Files,
    kv: &dyn Kv,
    tables: &Path,
) -> Result<BTreeMap<u32, FileSizes>, StoreError> {
    let mut all = BTreeMap::new();
    for entry in kv.snapshot().iter(Table::State) {
        let (key, value) = entry.map_err(|e| StoreError::kv(tables, "read", e))?;
        let Some(file) = marker::file_of_key(&key) else { continue };
        let sizes = FileSizes::decode(value).map_err(|_| unreadable(Table::State))?;
        for (kind, size) in [(Kind::Block, sizes.block), (Kind::Undo, sizes.undo)] {
            let path = file_path(&options.blocks_dir, kind, file);
            let found = files.length(&path).map_err(|e| StoreError::io(&path, "look at", e))?.unwrap_or(0);
            if found < size.into() {
                let what = format!("{} is damaged: it has {found} of {size} bytes", path.display());
                return Err(StoreError::corrupt(what, Remedy::Reindex));
            }
        }
        all.insert(file, sizes);
    }
    Ok(all)
}

/// Sizes of block files that no table knows. All but the last are full and stay as they are; the last one's end
/// is found by walking over its records. Undo files begin anew.
fn existing_sizes(options: &Options, files: &dyn Files) -> Result<BTreeMap<u32, FileSizes>, StoreError> {
    let mut all = BTreeMap::new();
    let mut last = None;
    for file in 0.. {
        let path = file_path(&options.blocks_dir, Kind::Block, file);
        let Some(length) = files.length(&path).map_err(|e| StoreError::io(&path, "look at", e))? else { break };
        if length > 0 {
            all.insert(file, FileSizes { block: u32::try_from(length).unwrap_or(u32::MAX), undo: 0 });
            last = Some((file, path));
        }
    }
    if let Some((file, path)) = last {
        let end = files.open_read(&path).and_then(|open| end_of_records(&*open, options.magic));
        let end = end.map_err(|e| StoreError::io(&path, "read", e))?;
        if let Ok(block) = u32::try_from(end) {
            all.insert(file, FileSizes { block, undo: 0 });
        }
    }
    Ok(all)
}

/// Offset behind the last record when only zeros follow; else the file's length, because nobody knows what follows.
fn end_of_records(file: &dyn DataFile, magic: [u8; 4]) -> io::Result<u64> {
    let length = file.length()?;
    let mut end = 0;
    let mut head = [0; RECORD_HEADER as usize];
    while end + u64::from(RECORD_HEADER) <= length {
        file.read_exact_at(&mut head, end)?;
        let [m0, m1, m2, m3, size @ ..] = head;
        let next = end + u64::from(RECORD_HEADER) + u64::from(u32::from_le_bytes(size));
        if [m0, m1, m2, m3] != magic || next > length {
            break;
        }
        end = next;
    }
    let mut chunk = vec![0; 1 << 16];
    let mut at = end;
    while at < length {
        let part = usize::try_from(length - at).map_or(chunk.len(), |left| left.min(chunk.len()));
        file.read_exact_at(&mut chunk[..part], at)?;
        if chunk[..part].iter().any(|byte| *byte != 0) {
            return Ok(length);
        }
        at += part as u64;
    }
    Ok(end)
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|e| StoreError::io(path, "look for", e))
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|e| StoreError::io(from, "rename", e))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, "remove", e)),
        _ => Ok(()),
    }
}
