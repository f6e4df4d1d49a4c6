//! A disk that forgets: files and tables in memory, with faults on demand.
//!
//! Every operation that changes something has a number. One of them can fail, or be the last before the power goes.
//! What was not synced by then survives in full, in part, or not at all, as a seed decides; a file whose folder was
//! not synced may be gone. The tables are durable after each write; the write that the power interrupts may or may
//! not have happened. The engine's tests use this as well.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::{
    files::{DataFile, Files},
    kv::{Change, Kv, KvError, KvSnapshot, MemoryKv, Table},
};

/// What happens to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, after half of its work; the disk works on.
    Error(io::ErrorKind),
    /// The power goes, after half of its work; everything fails from then on.
    PowerLoss,
}

/// A disk in memory. Clones share it.
#[derive(Clone, Default)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
    tables: Arc<MemoryKv>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, SimulatedFile>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    powerless: bool,
    /// The write of tables that the power interrupted.
    in_flight: Option<Vec<Change>>,
}

#[derive(Clone, Default)]
struct SimulatedFile {
    now: Content,
    durable: Content,
    pending: Vec<Pending>,
    /// The folder knows of the file.
    named: bool,
}

/// Bytes, and zeros up to the length: reserved space costs nothing.
#[derive(Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    length: u64,
}

#[derive(Clone)]
enum Pending {
    Write { offset: u64, bytes: Vec<u8> },
    Grow(u64),
    Truncate(u64),
}

impl Content {
    fn apply(&mut self, change: &Pending) {
        match change {
            Pending::Write { offset, bytes } => {
                let start = index(*offset);
                let end = start + bytes.len();
                if self.bytes.len() < end {
                    self.bytes.resize(end, 0);
                }
                self.bytes[start..end].copy_from_slice(bytes);
                self.length = self.length.max(end as u64);
            }
            Pending::Grow(length) => self.length = self.length.max(*length),
            Pending::Truncate(length) => {
                self.bytes.truncate(index(*length));
                self.length = *length;
            }
        }
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        if offset + buffer.len() as u64 > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let known = self.bytes.get(index(offset).min(self.bytes.len())..).unwrap_or_default();
        let part = known.len().min(buffer.len());
        buffer[..part].copy_from_slice(&known[..part]);
        buffer[part..].fill(0);
        Ok(())
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("because simulated files are small")
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// Lets the operation with this number (the first is 0) go wrong.
    pub fn fault_at(&self, operation: u64, fault: Fault) {
        self.state.lock().fault = Some((operation, fault));
    }

    /// What a new start finds on the disk when the power goes now; `seed` decides about what was not synced.
    pub fn after_power_loss(&self, seed: u64) -> Self {
        let state = self.state.lock();
        let mut dice = Dice(seed);
        let mut files = BTreeMap::new();
        for (path, file) in &state.files {
            if !file.named && dice.below(2) == 0 {
                continue;
            }
            let mut content = file.durable.clone();
            for change in &file.pending {
                match (dice.below(3), change) {
                    (0, _) => {}
                    (1, Pending::Write { offset, bytes }) => {
                        let kept = dice.below(bytes.len() as u64 + 1);
                        content.apply(&Pending::Write { offset: *offset, bytes: bytes[..index(kept)].to_vec() });
                    }
                    _ => content.apply(change),
                }
            }
            files.insert(
                path.clone(),
                SimulatedFile { now: content.clone(), durable: content, pending: Vec::new(), named: true },
            );
        }
        let tables = self.tables.fork();
        if let Some(changes) = &state.in_flight
            && dice.below(2) == 0
        {
            tables.write(changes.clone()).expect("because a write to memory does not fail");
        }
        Self { state: Arc::new(Mutex::new(State { files, ..State::default() })), tables: Arc::new(tables) }
    }

    /// Changes a byte of a file, as a bad sector does.
    pub fn flip(&self, path: &Path, offset: u64) {
        let mut state = self.state.lock();
        let file = state.files.get_mut(path).expect("because the test names a file that exists");
        file.now.bytes[index(offset)] ^= 1;
        file.durable = file.now.clone();
    }

    /// Cuts a file, as a careless copy does.
    pub fn cut(&self, path: &Path, length: u64) {
        let mut state = self.state.lock();
        let file = state.files.get_mut(path).expect("because the test names a file that exists");
        file.now.apply(&Pending::Truncate(length));
        file.durable = file.now.clone();
    }
}

/// Counts an operation; `Some` when it must fail.
fn strike(state: &mut State) -> Option<io::Error> {
    if state.powerless {
        return Some(io::Error::other("the power is gone"));
    }
    let number = state.operations;
    state.operations += 1;
    match state.fault {
        Some((at, Fault::Error(kind))) if at == number => Some(kind.into()),
        Some((at, Fault::PowerLoss)) if at == number => {
            state.powerless = true;
            Some(io::Error::other("the power went"))
        }
        _ => None,
    }
}

struct OpenFile {
    disk: SimulatedDisk,
    path: PathBuf,
}

impl OpenFile {
    fn change(&self, change: Pending) -> io::Result<()> {
        let mut guard = self.disk.state.lock();
        let state = &mut *guard;
        let error = strike(state);
        let file = state.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        let change = match (&error, change) {
            (Some(_), Pending::Write { offset, bytes }) => {
                Pending::Write { offset, bytes: bytes[..bytes.len() / 2].to_vec() }
            }
            (Some(_), _) => Pending::Grow(0),
            (None, change) => change,
        };
        file.now.apply(&change);
        file.pending.push(change);
        error.map_or(Ok(()), Err)
    }
}

impl DataFile for OpenFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state.lock().files.get(&self.path).ok_or(io::ErrorKind::NotFound)?.now.length)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.state.lock().files.get(&self.path).ok_or(io::ErrorKind::NotFound)?.now.read(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.change(Pending::Write { offset, bytes: bytes.to_vec() })
    }

    fn allocate(&self, offset: u64, length: u64) -> io::Result<()> {
        self.change(Pending::Grow(offset + length))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.change(Pending::Truncate(length))
    }

    fn sync(&self) -> io::Result<()> {
        let mut guard = self.disk.state.lock();
        let state = &mut *guard;
        if let Some(error) = strike(state) {
            return Err(error);
        }
        let file = state.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        file.pending.clear();
        file.durable = file.now.clone();
        Ok(())
    }
}

impl Files for SimulatedDisk {
    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        Ok(self.state.lock().files.get(path).map(|file| file.now.length))
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DataFile>> {
        self.state.lock().files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(OpenFile { disk: self.clone(), path: path.to_path_buf() }))
    }

    fn open_write(&self, path: &Path) -> io::Result<Arc<dyn DataFile>> {
        let mut guard = self.state.lock();
        if !guard.files.contains_key(path) {
            if let Some(error) = strike(&mut guard) {
                return Err(error);
            }
            guard.files.insert(path.to_path_buf(), SimulatedFile::default());
        }
        drop(guard);
        Ok(Arc::new(OpenFile { disk: self.clone(), path: path.to_path_buf() }))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut guard = self.state.lock();
        if let Some(error) = strike(&mut guard) {
            return Err(error);
        }
        for (name, file) in &mut guard.files {
            file.named |= name.parent() == Some(path);
        }
        Ok(())
    }
}

impl Kv for SimulatedDisk {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        self.tables.get(table, key)
    }

    fn snapshot(&self) -> Box<dyn KvSnapshot> {
        self.tables.snapshot()
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), KvError> {
        let mut state = self.state.lock();
        if let Some(error) = strike(&mut state) {
            if state.powerless {
                state.in_flight = Some(changes);
            }
            return Err(KvError::Io(error));
        }
        self.tables.write(changes)
    }
}

impl std::fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedDisk").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

/// Numbers that look random (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
