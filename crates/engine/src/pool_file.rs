//! The mempool between two runs: `mempool.dat` (v0.21.5.5 src/validation.cpp, LoadMempool and DumpMempool).
//!
//! The file is read and written by the caller's thread; the writer takes the transactions in parts, so that blocks need not
//! wait for all of them.

use std::{io, path::Path, sync::atomic::Ordering};

use litecast_mempool::persist::{Loaded, SavedPool, encode};
use litecast_primitives::codec::Reader as Bytes;
use litecast_store::replace_file;

use crate::{command::Command, error::EngineError, handle::Handle, reader::Reader};

/// Saved transactions in one command.
const LOADED_AT_ONCE: usize = 32;

impl Handle {
    /// Gives the mempool what was saved before a restart; a file that is missing or damaged is a line in the log. Ends early,
    /// and does not count as loaded, when `go_on` says so.
    pub fn load_mempool(&self, file: &Path, go_on: impl Fn() -> bool) -> Result<(), EngineError> {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::info!("Failed to open mempool file from disk ({error}). Continuing anyway.");
                self.set_mempool_loaded();
                return Ok(());
            }
        };
        let saved = SavedPool::decode(&mut Bytes::new(bytes.into()));
        if let Some(damage) = &saved.damage {
            tracing::warn!("Failed to deserialize mempool data on disk: {damage}. Continuing anyway.");
        }
        let waiting = saved.unbroadcast.len();
        let Some(Loaded { accepted, failed, expired, already_there }) = self.load_saved(saved, go_on)? else {
            return Ok(());
        };
        tracing::info!(
            "Imported mempool transactions from disk: {accepted} succeeded, {failed} failed, {expired} expired, \
             {already_there} already there, {waiting} waiting for initial broadcast"
        );
        self.set_mempool_loaded();
        Ok(())
    }

    fn load_saved(&self, saved: SavedPool, go_on: impl Fn() -> bool) -> Result<Option<Loaded>, EngineError> {
        let mut loaded = Loaded::default();
        let SavedPool { transactions, deltas, unbroadcast, damage } = saved;
        let mut transactions = transactions.into_iter().peekable();
        while transactions.peek().is_some() {
            if !go_on() {
                return Ok(None);
            }
            let part = transactions.by_ref().take(LOADED_AT_ONCE).collect();
            let part = SavedPool { transactions: part, ..SavedPool::default() };
            loaded += self.ask(|answer| Command::LoadPool(part, answer))?;
        }
        let rest = SavedPool { transactions: Vec::new(), deltas, unbroadcast, damage };
        loaded += self.ask(|answer| Command::LoadPool(rest, answer))?;
        Ok(Some(loaded))
    }

    /// Nothing was saved, or it is not wanted (`-persistmempool=0`).
    pub fn set_mempool_loaded(&self) {
        self.reader().0.pool_loaded.store(true, Ordering::Release);
    }
}

impl Reader {
    /// Whether what was saved before the restart has been tried.
    pub fn is_mempool_loaded(&self) -> bool {
        self.0.pool_loaded.load(Ordering::Acquire)
    }

    /// Writes the mempool to a file, for the next start; what was there before is replaced only when all is on disk.
    pub fn save_mempool(&self, file: &Path) -> io::Result<()> {
        let _alone = self.0.pool_saving.lock();
        let began = std::time::Instant::now();
        let bytes = encode(&self.mempool());
        let copied = began.elapsed();
        replace_file(file, &bytes)?;
        let dumped = began.elapsed() - copied;
        tracing::info!("Dumped mempool: {}s to copy, {}s to dump", copied.as_secs_f64(), dumped.as_secs_f64());
        Ok(())
    }
}
