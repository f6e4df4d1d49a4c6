//! What can go wrong with a disk. Nothing here is a verdict on a block: the node stops, the peer is not to blame.

use std::{fmt, io, path::Path, path::PathBuf, sync::Arc};

use crate::kv::KvError;

/// What the operator can do about damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Build the tables anew from the block files.
    Reindex,
    /// Build the coins anew from the blocks; the block index is intact.
    ReindexChainstate,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reindex => "restart with -reindex",
            Self::ReindexChainstate => "restart with -reindex-chainstate",
        })
    }
}

/// Why the disk could not be used. Cheap to clone, because a poisoned store repeats its first error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {op} {}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried, as a verb.
        op: &'static str,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// No space, or no quota, left.
    #[error("Disk space is too low! Cannot {op} {}: free some space, then restart", path.display())]
    DiskFull {
        /// File or folder.
        path: PathBuf,
        /// What was tried, as a verb.
        op: &'static str,
    },
    /// Bytes that were written are not there any more.
    #[error("{what}; {remedy}")]
    Corrupt {
        /// Which bytes: names the file and the offset, or the table.
        what: String,
        /// What repairs it.
        remedy: Remedy,
    },
    /// The folder belongs to another chain.
    #[error("the data directory holds {found}, but the node runs {wanted}")]
    WrongNetwork {
        /// The chain on disk.
        found: String,
        /// The chain that was asked for.
        wanted: String,
    },
    /// The folder was written by another version of this format.
    #[error(
        "the tables have format {found}, this version reads format {wanted}; use the version that wrote them, or restart with -reindex"
    )]
    WrongFormat {
        /// The version on disk.
        found: u32,
        /// The version of this crate.
        wanted: u32,
    },
    /// The folder is a litecoind's: sharing it would destroy its undo files.
    #[error("{} is the database of a litecoind; use another -datadir (and give it a copy of the blocks folder with -reindex)", path.display())]
    ForeignDirectory {
        /// What gave it away.
        path: PathBuf,
    },
    /// There are block files but no tables; appending would overwrite them.
    #[error("{} holds blocks that no index knows; restart with -reindex to use them", path.display())]
    BlocksWithoutIndex {
        /// The first block file.
        path: PathBuf,
    },
    /// Another process uses the tables.
    #[error("the tables in {} are in use by another process", path.display())]
    Locked {
        /// The folder of the tables.
        path: PathBuf,
    },
    /// A record that no block file can take.
    #[error("a record of {bytes} bytes does not fit a block file")]
    RecordTooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl StoreError {
    pub(crate) fn io(path: &Path, op: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, op },
            _ => Self::Io { path, op, source: Arc::new(source) },
        }
    }

    pub(crate) fn kv(path: &Path, op: &'static str, error: KvError) -> Self {
        match error {
            KvError::Io(source) => Self::io(path, op, source),
            // One damaged file keeps all tables from opening, the index included.
            KvError::Corrupt(what) => {
                Self::Corrupt { what: format!("cannot {op} {}: {what}", path.display()), remedy: Remedy::Reindex }
            }
            KvError::Locked => Self::Locked { path: path.to_path_buf() },
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>, remedy: Remedy) -> Self {
        Self::Corrupt { what: what.into(), remedy }
    }
}
