//! Changes to the set of coins since the last flush, on top of the store.
//!
//! The cache holds only what differs from disk. A coin that was created and spent between two flushes leaves no trace.

use std::{collections::HashMap, sync::Arc};

use litecast_consensus::CoinDelta;
use litecast_primitives::{
    Coin, OutPoint,
    view::{CoinView, ViewError},
};
use litecast_store::{Batch, Store};

/// Fixed cost that is counted for a cached coin, in bytes: outpoint, coin, bookkeeping of the map.
const ENTRY_OVERHEAD: usize = 36 + 56 + 48;

#[derive(Debug)]
struct Cached {
    coin: Option<Coin>,
    /// Not on disk in any form: dropping it needs no deletion there.
    fresh: bool,
}

/// What the coins are now.
#[derive(Debug)]
pub(crate) struct CoinsCache {
    store: Arc<Store>,
    changes: HashMap<OutPoint, Cached>,
    script_bytes: usize,
    count: u64,
}

/// How a delta came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeltaKind {
    /// A block was connected: coins that appear were never on disk.
    Connect,
    /// A block was disconnected: coins that appear may still be on disk.
    Disconnect,
}

impl CoinsCache {
    /// Starts with nothing cached; `count` coins are on disk.
    pub(crate) fn new(store: Arc<Store>, count: u64) -> Self {
        Self { store, changes: HashMap::new(), script_bytes: 0, count }
    }

    /// Number of unspent coins.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn apply(&mut self, delta: CoinDelta, kind: DeltaKind) {
        self.count = self.count.saturating_add_signed(delta.net);
        for (outpoint, coin) in delta.changes {
            let old = self.changes.remove(&outpoint);
            if let Some(Cached { coin: Some(coin), .. }) = &old {
                self.script_bytes -= coin.output.script_pubkey.len();
            }
            let was_fresh = old.as_ref().map(|cached| cached.fresh);
            let fresh = match (&coin, was_fresh) {
                (None, Some(true)) => continue,
                (_, Some(known)) => known,
                (Some(_), None) => kind == DeltaKind::Connect,
                (None, None) => false,
            };
            if let Some(coin) = &coin {
                self.script_bytes += coin.output.script_pubkey.len();
            }
            self.changes.insert(outpoint, Cached { coin, fresh });
        }
    }

    /// Rough memory use in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.changes.len() * ENTRY_OVERHEAD + self.script_bytes
    }

    /// Number of cached changes.
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Adds every change to a batch.
    pub(crate) fn fill(&self, batch: &mut Batch) {
        for (outpoint, cached) in &self.changes {
            match &cached.coin {
                Some(coin) => batch.put_coin(*outpoint, coin),
                None => batch.delete_coin(*outpoint),
            }
        }
    }

    /// Forgets the changes, which are on disk now.
    pub(crate) fn clear(&mut self) {
        self.changes = HashMap::new();
        self.script_bytes = 0;
    }
}

impl CoinView for CoinsCache {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        match self.changes.get(outpoint) {
            Some(cached) => Ok(cached.coin.clone()),
            None => self.store.coin(outpoint).map_err(|error| ViewError(Box::new(error))),
        }
    }
}
