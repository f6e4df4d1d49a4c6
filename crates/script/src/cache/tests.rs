use std::{sync::Barrier, thread};

use litecast_primitives::hash::sha256;

use super::*;

fn entry(number: u64) -> Entry {
    sha256(&number.to_le_bytes())
}

fn bytes_held(set: &DigestSet) -> usize {
    set.shards
        .iter()
        .map(|shard| {
            let shard = shard.lock();
            shard.buckets.capacity() * size_of::<[Entry; WAYS]>() + shard.next.capacity()
        })
        .sum()
}

#[test]
fn never_holds_more_than_it_may() {
    for max_bytes in [0, 1, BUCKET_BYTES - 1, BUCKET_BYTES, 5000, 64 * BUCKET_BYTES + 3, 1 << 20] {
        let set = DigestSet::new(max_bytes);
        (0..3 * max_bytes as u64 / 32 + 10).for_each(|n| set.insert(entry(n)));
        let held = bytes_held(&set);
        assert!(held <= max_bytes, "{held} of {max_bytes}");
        // All of it is used but what does not make up a bucket for every shard.
        assert!(held + SHARDS * BUCKET_BYTES >= max_bytes);
    }
}

#[test]
fn finds_what_was_inserted_and_nothing_else() {
    let set = DigestSet::new(1 << 20);
    let capacity = (1 << 20) / BUCKET_BYTES * WAYS;
    // A quarter full, so hardly a bucket overflows.
    let count = capacity as u64 / 4;
    (0..count).for_each(|n| set.insert(entry(n)));
    let found = (0..count).filter(|n| set.contains(&entry(*n))).count() as u64;
    assert!(found > count * 99 / 100, "{found} of {count}");
    assert_eq!((count..5 * count).filter(|n| set.contains(&entry(*n))).count(), 0);
    // Digests that differ in one bit anywhere are other digests.
    for n in (0..count).step_by(97) {
        for bit in 0..256 {
            let mut other = entry(n);
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!set.contains(&other));
        }
    }
}

#[test]
fn forgets_the_oldest_of_a_bucket() {
    let set = DigestSet::new(BUCKET_BYTES);
    for n in 0..100 {
        set.insert(entry(n));
        // Inserting again neither doubles nor renews it.
        set.insert(entry(n));
        for old in 0..=n {
            assert_eq!(set.contains(&entry(old)), n - old < WAYS as u64, "{old} after {n}");
        }
    }
}

#[test]
fn no_room_finds_nothing() {
    let cache = ScriptCache::new(0);
    let wtxid = Wtxid::from_bytes([1; 32]);
    cache.insert(&wtxid, Flags::NONE);
    assert!(!cache.contains(&wtxid, Flags::NONE));
}

#[test]
fn salts_differ() {
    let (a, b) = (SignatureCache::new(1000), SignatureCache::new(1000));
    let of = |cache: &SignatureCache, kind| cache.entry(kind, &[1; 32], &[2; 32], &[3; 64]);
    assert_ne!(of(&a, Kind::Schnorr), of(&b, Kind::Schnorr));
    assert_ne!(of(&a, Kind::Schnorr), of(&a, Kind::Ecdsa));
    let (a, b) = (ScriptCache::new(1000), ScriptCache::new(1000));
    let wtxid = Wtxid::from_bytes([1; 32]);
    assert_ne!(a.entry(&wtxid, Flags::P2SH), b.entry(&wtxid, Flags::P2SH));
}

#[test]
fn an_entry_commits_to_all_parts() {
    let cache = SignatureCache::new(1 << 16);
    let key = |first: u8, length: usize| [&[first][..], &vec![9; length - 1]].concat();
    let parts = [
        (Kind::Ecdsa, [1; 32], key(2, 33), vec![5; 70]),
        (Kind::Schnorr, [1; 32], key(2, 33), vec![5; 70]),
        (Kind::Ecdsa, [2; 32], key(2, 33), vec![5; 70]),
        (Kind::Ecdsa, [1; 32], key(3, 33), vec![5; 70]),
        (Kind::Ecdsa, [1; 32], key(4, 65), vec![5; 70]),
        (Kind::Ecdsa, [1; 32], key(2, 33), vec![5; 71]),
        (Kind::Ecdsa, [1; 32], key(2, 33), vec![6; 70]),
    ];
    let entries: Vec<Entry> = parts.iter().map(|(kind, hash, key, sig)| cache.entry(*kind, hash, key, sig)).collect();
    for (i, a) in entries.iter().enumerate() {
        cache.insert(*a);
        for (j, b) in entries.iter().enumerate() {
            assert_eq!(cache.contains(b), j <= i);
        }
    }
}

#[test]
fn scripts_are_remembered_with_their_flags() {
    let cache = ScriptCache::new(1 << 16);
    let (one, two) = (Wtxid::from_bytes([1; 32]), Wtxid::from_bytes([2; 32]));
    cache.insert(&one, Flags::P2SH);
    assert!(cache.contains(&one, Flags::P2SH));
    assert!(!cache.contains(&one, Flags::NONE));
    assert!(!cache.contains(&one, Flags::P2SH | Flags::WITNESS));
    assert!(!cache.contains(&two, Flags::P2SH));
}

/// Threads that insert and look up at the same time find what was inserted before, and nothing that never was.
#[test]
fn many_threads() {
    const THREADS: u32 = 8;
    const EACH: u64 = 2000;
    let set = DigestSet::new(4 << 20);
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (set, start) = (&set, &start);
            scope.spawn(move || {
                start.wait();
                for n in 0..EACH {
                    let own = entry(u64::from(thread) << 32 | n);
                    assert!(!set.contains(&own));
                    set.insert(own);
                    assert!(set.contains(&own) || n > WAYS as u64);
                    assert!(!set.contains(&entry(u64::from(thread) << 32 | n | 1 << 48)));
                }
            });
        }
    });
    let found =
        (0..THREADS).flat_map(|t| (0..EACH).map(move |n| entry(u64::from(t) << 32 | n))).filter(|e| set.contains(e));
    assert!(found.count() as u64 > u64::from(THREADS) * EACH * 99 / 100);
}
