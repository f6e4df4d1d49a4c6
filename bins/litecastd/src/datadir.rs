//! The data directory while the node runs: one node at a time, of one kind and network.
//!
//! The lock is a POSIX record lock on `.lock`, as litecoind takes it, so the two keep each other out. The marker file says
//! whose data this is; a directory with litecoind's database is refused, since its files would be taken for ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use litecast_config::Chain;
use rustix::fs::FlockOperation;

/// Lock file, as litecoind names it.
const LOCK_FILE: &str = ".lock";
/// Marker file.
const MARKER_FILE: &str = "litecast.marker";
/// First words of the marker: program and layout version.
const MARKER_HEAD: &str = "litecast data, layout 1, network ";

/// Why the data directory cannot be used. The texts of the first two are litecoind's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    /// No permission, or a full disk.
    #[error("Cannot write to data directory '{0}'; check permissions.")]
    NotWritable(PathBuf),
    /// Another node is there.
    #[error("Cannot obtain a lock on data directory {0}. Litecast is probably already running.")]
    Locked(PathBuf),
    /// Another network's data, or another layout.
    #[error(
        "Data directory {dir} is marked \"{found}\", but this node needs \"{wanted}\". Choose another with -datadir."
    )]
    Marked {
        /// The folder.
        dir: PathBuf,
        /// Its marker.
        found: String,
        /// Ours.
        wanted: String,
    },
    /// litecoind's data.
    #[error(
        "Data directory {0} belongs to litecoind (it has its database). Choose another with -datadir; to take over the blocks, \
         add -loadblock=<each blk*.dat>, or copy the blk*.dat files to the new blocks folder and start with -reindex."
    )]
    Litecoind(PathBuf),
    /// The process id cannot be written.
    #[error("Unable to create the PID file '{0}': {1}")]
    Pid(PathBuf, io::Error),
    /// Reading or writing failed.
    #[error("Cannot use data directory file {0}: {1}")]
    Io(PathBuf, io::Error),
}

/// Held while the node runs; dropping it releases the directory.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Takes the network's folder `dir`, which exists.
    pub(crate) fn acquire(dir: &Path, chain: Chain) -> Result<Self, DataDirError> {
        let lock = lock(dir)?;
        check_marker(dir, chain)?;
        Ok(Self { _lock: lock })
    }

    /// Checks that the folder could be taken, without taking it: for an early message before going to the background.
    pub(crate) fn probe(dir: &Path, chain: Chain) -> Result<(), DataDirError> {
        Self::acquire(dir, chain).map(drop)
    }
}

fn lock(dir: &Path) -> Result<File, DataDirError> {
    let file = OpenOptions::new().append(true).create(true).open(dir.join(LOCK_FILE));
    let file = file.map_err(|_| DataDirError::NotWritable(dir.to_owned()))?;
    // A record lock goes when the process closes any handle of the file: nobody else may open it.
    rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| DataDirError::Locked(dir.to_owned()))?;
    Ok(file)
}

fn check_marker(dir: &Path, chain: Chain) -> Result<(), DataDirError> {
    let path = dir.join(MARKER_FILE);
    let wanted = format!("{MARKER_HEAD}{chain}");
    match fs::read_to_string(&path) {
        Ok(found) if found.trim_end() == wanted => Ok(()),
        Ok(found) => Err(DataDirError::Marked { dir: dir.to_owned(), found: found.trim_end().to_owned(), wanted }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DataDirError::Io(path, error)),
        // LevelDB, and so litecoind, keeps a file CURRENT.
        Err(_) if dir.join("chainstate").join("CURRENT").exists() => Err(DataDirError::Litecoind(dir.to_owned())),
        Err(_) => fs::write(&path, wanted + "\n").map_err(|_| DataDirError::NotWritable(dir.to_owned())),
    }
}

/// The file with the process id; removed when dropped.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes this process's id.
    pub(crate) fn create(path: &Path) -> Result<Self, DataDirError> {
        let write = || File::create(path)?.write_all(format!("{}\n", std::process::id()).as_bytes());
        write().map_err(|error| DataDirError::Pid(path.to_owned(), error))?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_keeps_networks_and_litecoind_apart() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::acquire(dir.path(), Chain::Regtest).unwrap());
        drop(DataDir::acquire(dir.path(), Chain::Regtest).unwrap());
        let error = DataDir::acquire(dir.path(), Chain::Main).unwrap_err();
        assert!(matches!(error, DataDirError::Marked { .. }), "{error}");

        let theirs = tempfile::tempdir().unwrap();
        fs::create_dir(theirs.path().join("chainstate")).unwrap();
        fs::write(theirs.path().join("chainstate/CURRENT"), "MANIFEST-000001\n").unwrap();
        let error = DataDir::acquire(theirs.path(), Chain::Main).unwrap_err();
        assert!(matches!(error, DataDirError::Litecoind(_)), "{error}");
    }

    /// A record lock does not exclude its own process, so another one is asked: python's fcntl.lockf is the same call.
    #[test]
    fn lock_excludes_other_processes() {
        let dir = tempfile::tempdir().unwrap();
        let try_lock = || {
            let script = "import fcntl,sys; f=open(sys.argv[1],'a'); fcntl.lockf(f, fcntl.LOCK_EX|fcntl.LOCK_NB)";
            std::process::Command::new("python3")
                .args(["-c", script])
                .arg(dir.path().join(LOCK_FILE))
                .stderr(std::process::Stdio::null())
                .status()
                .map(|status| status.success())
        };
        let Ok(free) = try_lock() else {
            eprintln!("skipped: no python3");
            return;
        };
        assert!(free);
        let held = DataDir::acquire(dir.path(), Chain::Regtest).unwrap();
        assert!(!try_lock().unwrap());
        drop(held);
        assert!(try_lock().unwrap());
    }

    #[test]
    fn pid_file_lives_as_long_as_its_value() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.pid");
        let pid = PidFile::create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        drop(pid);
        assert!(!path.exists());
        let error = PidFile::create(&dir.path().join("no/x.pid")).unwrap_err().to_string();
        assert!(error.starts_with("Unable to create the PID file '"), "{error}");
    }
}
