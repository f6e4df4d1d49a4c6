//! Caches of what was verified, so that a transaction is not verified again when a block brings it
//! (v0.21.5.5 src/script/sigcache.cpp; src/validation.cpp, CheckInputScripts).
//!
//! Both are sets of SHA-256 digests with a secret start value: nobody outside can choose digests that push out others.
//! A digest belongs to one bucket of [`WAYS`] slots; a full bucket forgets its oldest. What is inserted may be
//! forgotten at any time; what was never inserted is never found. Sizes are bytes.

use litecast_primitives::hash::Wtxid;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::flags::Flags;

/// Slots of a bucket.
const WAYS: usize = 8;
/// The slots, and the index of the one to overwrite next.
const BUCKET_BYTES: usize = WAYS * 32 + 1;
/// Parts with a lock each: threads seldom meet.
const SHARDS: usize = 64;

/// A salted digest.
pub(crate) type Entry = [u8; 32];

/// Digests in a table of fixed size.
struct DigestSet {
    shards: Vec<Mutex<Shard>>,
}

/// An empty slot is all zero, which no digest is.
struct Shard {
    buckets: Vec<[[u8; 32]; WAYS]>,
    next: Vec<u8>,
}

impl DigestSet {
    fn new(max_bytes: usize) -> Self {
        let buckets = max_bytes / BUCKET_BYTES;
        let count = buckets.min(SHARDS);
        let shards = (0..count).map(|_| {
            let buckets = buckets / count;
            Mutex::new(Shard { buckets: vec![[[0; 32]; WAYS]; buckets], next: vec![0; buckets] })
        });
        Self { shards: shards.collect() }
    }

    /// The shard of a digest and a number that chooses its bucket; none if the table has no room at all.
    fn place(&self, entry: &Entry) -> Option<(&Mutex<Shard>, u64)> {
        let [a, b, _, _] = words(entry);
        self.shards.get(scale(a, self.shards.len())).map(|shard| (shard, b))
    }

    fn contains(&self, entry: &Entry) -> bool {
        self.place(entry).is_some_and(|(shard, number)| {
            let shard = shard.lock();
            shard.buckets[scale(number, shard.buckets.len())].contains(entry)
        })
    }

    fn insert(&self, entry: Entry) {
        let Some((shard, number)) = self.place(&entry) else { return };
        let shard = &mut *shard.lock();
        let index = scale(number, shard.buckets.len());
        let (bucket, next) = (&mut shard.buckets[index], &mut shard.next[index]);
        if !bucket.contains(&entry) {
            bucket[usize::from(*next)] = entry;
            *next = (*next + 1) % 8;
        }
    }
}

fn words(entry: &Entry) -> [u64; 4] {
    std::array::from_fn(|i| {
        u64::from_le_bytes(entry[8 * i..8 * i + 8].try_into().expect("because it is a range of eight bytes"))
    })
}

/// Maps a random number evenly to an index below `length`.
fn scale(number: u64, length: usize) -> usize {
    let scaled = (u128::from(number) * length as u128) >> 64;
    usize::try_from(scaled).expect("because it is below a length")
}

fn random_salt() -> [u8; 32] {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).expect("because the system has a source of random bytes");
    salt
}

/// What a signature is an instance of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Before Taproot.
    Ecdsa,
    /// Taproot and Tapscript.
    Schnorr,
}

/// Signatures that were found valid. May be shared by threads.
pub struct SignatureCache {
    ecdsa: Sha256,
    schnorr: Sha256,
    set: DigestSet,
}

impl SignatureCache {
    /// Takes at most so many bytes of memory; none at all for 0, when nothing is ever found.
    ///
    /// # Panics
    /// If the system has no random bytes.
    pub fn new(max_bytes: usize) -> Self {
        let salt = random_salt();
        let salted = |kind: u8| {
            // A whole block of SHA-256, which is hashed once.
            let mut padding = [0; 32];
            padding[0] = kind;
            Sha256::new().chain_update(salt).chain_update(padding)
        };
        Self { ecdsa: salted(b'E'), schnorr: salted(b'S'), set: DigestSet::new(max_bytes) }
    }

    /// The digest of one signature; `key` shows its length in its first byte, or has the one length of its kind.
    pub(crate) fn entry(&self, kind: Kind, hash: &[u8; 32], key: &[u8], sig: &[u8]) -> Entry {
        let salted = match kind {
            Kind::Ecdsa => &self.ecdsa,
            Kind::Schnorr => &self.schnorr,
        };
        salted.clone().chain_update(hash).chain_update(key).chain_update(sig).finalize().into()
    }

    pub(crate) fn contains(&self, entry: &Entry) -> bool {
        self.set.contains(entry)
    }

    pub(crate) fn insert(&self, entry: Entry) {
        self.set.insert(entry);
    }
}

impl std::fmt::Debug for SignatureCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The salt is a secret.
        f.debug_struct("SignatureCache").finish_non_exhaustive()
    }
}

/// Transactions all of whose scripts were found valid under certain flags. May be shared by threads.
///
/// A transaction names the outputs that it spends by their transactions' ids, so its own id says which scripts ran.
pub struct ScriptCache {
    salted: Sha256,
    set: DigestSet,
}

impl ScriptCache {
    /// Takes at most so many bytes of memory; none at all for 0, when nothing is ever found.
    ///
    /// # Panics
    /// If the system has no random bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self { salted: Sha256::new().chain_update(random_salt()), set: DigestSet::new(max_bytes) }
    }

    fn entry(&self, wtxid: &Wtxid, flags: Flags) -> Entry {
        self.salted.clone().chain_update(wtxid.as_bytes()).chain_update(flags.bits().to_le_bytes()).finalize().into()
    }

    /// Whether the transaction was inserted with exactly these flags, and not forgotten since.
    pub fn contains(&self, wtxid: &Wtxid, flags: Flags) -> bool {
        self.set.contains(&self.entry(wtxid, flags))
    }

    /// Remembers a transaction whose scripts are valid under these flags.
    pub fn insert(&self, wtxid: &Wtxid, flags: Flags) {
        self.set.insert(self.entry(wtxid, flags));
    }
}

impl std::fmt::Debug for ScriptCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
