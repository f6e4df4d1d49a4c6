//! The key-value seam: what the store asks of a database, and nothing more.
//!
//! Two implementations: [`FjallKv`] on disk, [`MemoryKv`] as model and test double.

mod fjall;
mod memory;

use std::{fmt, io};

use bytes::Bytes;

pub use fjall::FjallKv;
pub use memory::MemoryKv;

/// A table: keys are ordered bytewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Unspent outputs.
    Coins,
    /// Block headers and where their data lies.
    Index,
    /// The extension block's state; the engine's encoding.
    Mweb,
    /// Where transactions lie, when an index of them is kept; the engine's encoding.
    TxIndex,
    /// Filters of blocks, when they are kept; the engine's encoding.
    BlockFilters,
    /// Whatever else the engine keeps.
    Meta,
    /// What the store itself keeps: format, network, best blocks, file sizes.
    State,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] =
        [Self::Coins, Self::Index, Self::Mweb, Self::TxIndex, Self::BlockFilters, Self::Meta, Self::State];

    /// The name on disk; never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coins => "coins",
            Self::Index => "index",
            Self::Mweb => "mweb",
            Self::TxIndex => "txindex",
            Self::BlockFilters => "blockfilters",
            Self::Meta => "meta",
            Self::State => "state",
        }
    }
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In which table.
    pub table: Table,
    /// Which key.
    pub key: Vec<u8>,
    /// The new value; `None` deletes.
    pub value: Option<Vec<u8>>,
}

/// Why a database failed.
#[derive(Debug)]
pub enum KvError {
    /// The operating system refused.
    Io(io::Error),
    /// The files are damaged.
    Corrupt(String),
    /// Another process has them open.
    Locked,
}

impl fmt::Display for KvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(e) => e.fmt(f),
            Self::Corrupt(what) => f.write_str(what),
            Self::Locked => f.write_str("in use by another process"),
        }
    }
}

impl std::error::Error for KvError {}

/// Key and value in key order.
pub type Entries = Box<dyn Iterator<Item = Result<(Bytes, Bytes), KvError>> + Send>;

/// One moment of all tables.
pub trait KvSnapshot: Send {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError>;
    /// A whole table in key order.
    fn iter(&self, table: Table) -> Entries;
}

/// An ordered key-value database with several tables.
pub trait Kv: Send + Sync {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, KvError>;
    /// This moment, unmoved by later writes.
    fn snapshot(&self) -> Box<dyn KvSnapshot>;
    /// Applies all changes or none; durable on return. Every key occurs once, in order of table and key.
    fn write(&self, changes: Vec<Change>) -> Result<(), KvError>;
}
