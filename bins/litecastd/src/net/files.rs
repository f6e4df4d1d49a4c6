//! What the network keeps on disk between runs: `peers.dat`, `banlist.dat`, `anchors.dat`.
//!
//! The machine makes and reads the bytes; this replaces whole files in one go, on a thread of its own and in order. A file
//! that cannot be read is a warning and an empty list, as in v0.21.5.5 src/addrdb.cpp; one that cannot be written is an error
//! in the log.

use std::{fs, io, path::PathBuf, thread};

use bytes::Bytes;
use litecast_store::replace_file;
use tokio::sync::{mpsc, oneshot};

pub(super) const PEERS: &str = "peers.dat";
pub(super) const BANS: &str = "banlist.dat";
pub(super) const ANCHORS: &str = "anchors.dat";
/// Files that may wait to be written.
const QUEUE: usize = 16;

struct Job {
    name: &'static str,
    bytes: Vec<u8>,
    done: oneshot::Sender<()>,
}

/// The network's folder.
pub(super) struct Files {
    dir: PathBuf,
    jobs: mpsc::Sender<Job>,
}

impl Files {
    /// In the folder of the chain, which exists.
    pub(super) fn new(dir: PathBuf) -> io::Result<Self> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(QUEUE);
        let folder = dir.clone();
        thread::Builder::new().name("net-files".into()).spawn(move || {
            while let Some(Job { name, bytes, done }) = waiting.blocking_recv() {
                if let Err(error) = replace_file(&folder.join(name), &bytes) {
                    tracing::error!("writing {name}: {error}");
                }
                let _ = done.send(());
            }
        })?;
        Ok(Self { dir, jobs })
    }

    /// The content of a file; `None` if there is none or it cannot be read.
    pub(super) fn read(&self, name: &str) -> Option<Bytes> {
        match fs::read(self.dir.join(name)) {
            Ok(bytes) => Some(bytes.into()),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("reading {name}: {error}");
                }
                None
            }
        }
    }

    /// Deletes a file, if it is there.
    pub(super) fn remove(&self, name: &str) {
        match fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!("deleting {name}: {error}"),
            _ => {}
        }
    }

    /// Writes a file; the receiver hears when that is over, well or not.
    pub(super) async fn write(&self, name: &'static str, bytes: Vec<u8>) -> oneshot::Receiver<()> {
        let (done, written) = oneshot::channel();
        if self.jobs.send(Job { name, bytes, done }).await.is_err() {
            tracing::error!("writing {name}: the thread for it has ended");
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_replaced_whole_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().to_owned()).unwrap();
        assert_eq!(files.read(PEERS), None);
        let first = files.write(PEERS, vec![1; 100_000]).await;
        let second = files.write(PEERS, vec![2; 10]).await;
        second.await.unwrap();
        first.await.unwrap();
        assert_eq!(files.read(PEERS).unwrap()[..], [2; 10]);
        // Nothing else is left in the folder.
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [PEERS]);
        files.remove(PEERS);
        files.remove(PEERS);
        assert_eq!(files.read(PEERS), None);
    }

    #[tokio::test]
    async fn a_failed_write_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().to_owned()).unwrap();
        files.write(BANS, vec![1]).await.await.unwrap();
        // A folder stands where the new file would be made.
        fs::create_dir(dir.path().join("banlist.dat.new")).unwrap();
        files.write(BANS, vec![2]).await.await.unwrap();
        assert_eq!(files.read(BANS).unwrap()[..], [1]);
    }
}
