//! The pool between two runs: litecoind's `mempool.dat`, version 1, as bytes (v0.21.5.5 src/validation.cpp, DumpMempool
//! and LoadMempool). Files are the caller's.
//!
//! A damaged file gives what stands before the damage, as in the reference. Nothing in it is believed: every transaction
//! is accepted anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use litecast_primitives::{
    Transaction, Txid,
    codec::{DecodeError, Reader, put_len},
    view::ViewError,
};

use crate::{
    accept::{AcceptError, Arrival, Chain, accept},
    pool::Mempool,
};

const VERSION: u64 = 1;
/// Bytes of an id.
const TXID_SIZE: usize = 32;

/// Why a file ends where it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Of another version: nothing was read.
    #[error("version {0} of mempool.dat is not known")]
    Version(u64),
    /// Cut short or changed.
    #[error("mempool.dat is damaged: {0}")]
    Decode(#[from] DecodeError),
}

/// A transaction as it was kept.
#[derive(Debug, Clone)]
pub struct SavedTransaction {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// When it came first, Unix seconds.
    pub time: i64,
    /// Its prioritisation.
    pub fee_delta: i64,
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct SavedPool {
    /// Parents before children.
    pub transactions: Vec<SavedTransaction>,
    /// Prioritisations of transactions that were not there.
    pub deltas: BTreeMap<Txid, i64>,
    /// What no peer had asked for.
    pub unbroadcast: BTreeSet<Txid>,
    /// What stopped the reading, if it did not reach the end.
    pub damage: Option<Damage>,
}

/// What became of the transactions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// In the pool now.
    pub accepted: usize,
    /// Not valid any more.
    pub failed: usize,
    /// Too old.
    pub expired: usize,
    /// In the pool before.
    pub already_there: usize,
}

impl std::ops::AddAssign for Loaded {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.expired += other.expired;
        self.already_there += other.already_there;
    }
}

/// The file's bytes.
pub fn encode(pool: &Mempool) -> Vec<u8> {
    let entries = pool.by_depth_and_score();
    let mut out = Vec::new();
    out.extend(VERSION.to_le_bytes());
    out.extend((entries.len() as u64).to_le_bytes());
    for entry in &entries {
        out.extend_from_slice(entry.tx().bytes());
        out.extend(entry.time().to_le_bytes());
        out.extend(entry.fee_delta().to_le_bytes());
    }
    let others: BTreeMap<&Txid, i64> = pool.fee_deltas().filter(|(txid, _)| !pool.contains(txid)).collect();
    put_len(&mut out, others.len());
    for (txid, delta) in others {
        out.extend_from_slice(txid.as_bytes());
        out.extend(delta.to_le_bytes());
    }
    put_len(&mut out, pool.unbroadcast().len());
    pool.unbroadcast().iter().for_each(|txid| out.extend_from_slice(txid.as_bytes()));
    out
}

impl SavedPool {
    /// Reads a file's bytes, as far as they go.
    pub fn decode(r: &mut Reader) -> Self {
        let mut saved = Self::default();
        saved.damage = saved.read(r).err();
        saved
    }

    fn read(&mut self, r: &mut Reader) -> Result<(), Damage> {
        let version = r.u64()?;
        if version != VERSION {
            return Err(Damage::Version(version));
        }
        for _ in 0..r.u64()? {
            let tx = Transaction::decode(r)?;
            // Its own copy of the bytes: one transaction must not keep the whole file in memory.
            let tx = Arc::new(Transaction::from_bytes(tx.bytes().to_vec().into())?);
            self.transactions.push(SavedTransaction { tx, time: r.i64()?, fee_delta: r.i64()? });
        }
        let deltas = r.vector(TXID_SIZE + 8, |r| Ok((Txid::from_bytes(r.array()?), r.i64()?)))?;
        self.deltas = deltas.into_iter().collect();
        // Files from before v0.21 end here.
        if r.remaining() > 0 {
            self.unbroadcast = r.vector(TXID_SIZE, |r| Ok(Txid::from_bytes(r.array()?)))?.into_iter().collect();
        }
        Ok(())
    }

    /// Gives everything to a pool. `current` is [`Arrival::current`].
    pub fn load(&self, pool: &mut Mempool, chain: &Chain<'_>, now: i64, current: bool) -> Result<Loaded, ViewError> {
        let mut loaded = Loaded::default();
        for saved in &self.transactions {
            let txid = saved.tx.txid();
            if saved.fee_delta != 0 {
                pool.prioritise(txid, saved.fee_delta);
            }
            if saved.time <= now.saturating_sub(pool.policy().expiry) {
                loaded.expired += 1;
                continue;
            }
            match accept(pool, &saved.tx, chain, Arrival { time: saved.time, current, ..Arrival::at(now) }) {
                Ok(_) => loaded.accepted += 1,
                Err(AcceptError::Reject(_)) if pool.contains(&txid) => loaded.already_there += 1,
                Err(AcceptError::Reject(_)) => loaded.failed += 1,
                Err(AcceptError::View(error)) => return Err(error),
            }
        }
        for (txid, delta) in &self.deltas {
            pool.prioritise(*txid, *delta);
        }
        for txid in &self.unbroadcast {
            pool.add_unbroadcast(*txid);
        }
        Ok(loaded)
    }
}
