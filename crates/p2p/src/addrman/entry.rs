//! What is remembered of one address, and where in the tables it belongs (v0.21.5.5 src/addrman.cpp, CAddrInfo).

use litecast_primitives::{codec::put_var_bytes, hash::sha256d};

use super::{BUCKET_SIZE, NEW_BUCKETS, TRIED_BUCKETS};
use crate::netaddr::{NetAddr, PeerAddress};

const TRIED_BUCKETS_PER_GROUP: u64 = 8;
const NEW_BUCKETS_PER_SOURCE_GROUP: u64 = 64;
const HORIZON: i64 = 30 * 24 * 60 * 60;
const RETRIES: i32 = 3;
const MAX_FAILURES: i32 = 10;
const MIN_FAIL: i64 = 7 * 24 * 60 * 60;

/// The secret that spreads addresses over the buckets.
pub(super) type Key = [u8; 32];

/// An address in the book. Times are Unix seconds, zero for never.
#[derive(Debug, Clone)]
pub struct AddrInfo {
    /// The address as it was told.
    pub address: PeerAddress,
    /// Who told it first.
    pub source: NetAddr,
    /// Our last successful connection.
    pub last_success: i64,
    /// Our last attempt.
    pub last_try: i64,
    /// Failed attempts since the last success.
    pub attempts: i32,
    /// Our last attempt that counts as a failure.
    pub(super) last_count_attempt: i64,
    /// In how many places of the new table it is.
    pub(super) ref_count: usize,
    pub(super) in_tried: bool,
    /// Its place in the list that is drawn from.
    pub(super) random_pos: usize,
}

fn cheap_hash(key: &Key, parts: impl FnOnce(&mut Vec<u8>)) -> u64 {
    let mut data = Vec::with_capacity(128);
    data.extend_from_slice(key);
    parts(&mut data);
    u64::from_le_bytes(*sha256d(&data).first_chunk().expect("because a hash has 32 bytes"))
}

fn below(hash: u64, limit: usize) -> usize {
    usize::try_from(hash % limit as u64).expect("because it is less than the limit")
}

impl AddrInfo {
    pub(super) fn new(address: PeerAddress, source: NetAddr) -> Self {
        Self {
            address,
            source,
            last_success: 0,
            last_try: 0,
            attempts: 0,
            last_count_attempt: 0,
            ref_count: 0,
            in_tried: false,
            random_pos: 0,
        }
    }

    /// Whether it is in the table of addresses that were reached.
    pub fn is_tried(&self) -> bool {
        self.in_tried
    }

    pub(super) fn tried_bucket(&self, key: &Key) -> usize {
        let service = &self.address.service;
        let hash = cheap_hash(key, |data| put_var_bytes(data, &service.key()));
        let hash = cheap_hash(key, |data| {
            put_var_bytes(data, &service.addr.group());
            data.extend((hash % TRIED_BUCKETS_PER_GROUP).to_le_bytes());
        });
        below(hash, TRIED_BUCKETS)
    }

    pub(super) fn new_bucket(&self, key: &Key, source: &NetAddr) -> usize {
        let source = source.group();
        let hash = cheap_hash(key, |data| {
            put_var_bytes(data, &self.address.service.addr.group());
            put_var_bytes(data, &source);
        });
        let hash = cheap_hash(key, |data| {
            put_var_bytes(data, &source);
            data.extend((hash % NEW_BUCKETS_PER_SOURCE_GROUP).to_le_bytes());
        });
        below(hash, NEW_BUCKETS)
    }

    /// Its only place in a bucket.
    pub(super) fn position(&self, key: &Key, new: bool, bucket: usize) -> usize {
        let bucket = u32::try_from(bucket).expect("because there are few buckets");
        let hash = cheap_hash(key, |data| {
            data.push(if new { b'N' } else { b'K' });
            data.extend(bucket.to_le_bytes());
            put_var_bytes(data, &self.address.service.key());
        });
        below(hash, BUCKET_SIZE)
    }

    /// Bad enough to be forgotten (IsTerrible).
    pub fn is_terrible(&self, now: i64) -> bool {
        let time = i64::from(self.address.time);
        if self.last_try != 0 && self.last_try >= now - 60 {
            // Not while it is being tried.
            return false;
        }
        let from_the_future = time > now + 10 * 60;
        let forgotten = time == 0 || now - time > HORIZON;
        let never_reached = self.last_success == 0 && self.attempts >= RETRIES;
        let lost = now.saturating_sub(self.last_success) > MIN_FAIL && self.attempts >= MAX_FAILURES;
        from_the_future || forgotten || never_reached || lost
    }

    /// How likely it is to be chosen, compared to others (GetChance).
    pub(super) fn chance(&self, now: i64) -> f64 {
        let recently = now.saturating_sub(self.last_try).max(0) < 10 * 60;
        let base = if recently { 0.01 } else { 1.0 };
        base * 0.66f64.powi(self.attempts.clamp(0, 8))
    }
}
