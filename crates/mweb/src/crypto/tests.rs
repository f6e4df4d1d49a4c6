//! A verifier with threads says what one without them says.

use std::sync::Arc;

use rayon::ThreadPoolBuilder;

use super::{BatchSize, CryptoError, NO_COMMITMENT, SUM_PART, Verifier};
use crate::blake3;

#[test]
fn sums_in_parts_are_the_sums() {
    let pool = |threads| Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let (one, four) = (Verifier::new(0).on(pool(1)), Verifier::new(0).on(pool(4)));
    let secret = |n: usize| blake3(&[&n.to_le_bytes()]);
    let commitments: Vec<_> = (0..3 * SUM_PART + 7).map(|n| one.commit_blinded(&secret(n)).unwrap()).collect();
    let keys: Vec<_> = (0..3 * SUM_PART + 7).map(|n| one.public_key(&secret(n)).unwrap()).collect();
    let check = |positive: &[_], negative: &[_]| {
        let sum = one.add_commitments(positive, negative);
        assert_eq!(four.add_commitments(positive, negative), sum);
        sum
    };
    check(&commitments, &[]).unwrap();
    check(&commitments[5..], &commitments[..2 * SUM_PART]).unwrap();
    assert_eq!(check(&commitments, &commitments), Err(CryptoError::CommitSum));
    assert_eq!(check(&[NO_COMMITMENT; 2 * SUM_PART], &[]), Ok(NO_COMMITMENT));
    let mut bad = commitments;
    bad[SUM_PART] = [8; 33];
    bad[SUM_PART][1..].fill(0xff);
    assert_eq!(check(&bad, &[]), Err(CryptoError::Commitment));
    assert_eq!(four.add_keys(&keys), one.add_keys(&keys));
    // Every key and its opposite: the parts of the first half and of the second one are infinite, or the whole is.
    let opposite = |key: &[u8; 33]| {
        let mut key = *key;
        key[0] ^= 1;
        key
    };
    let pairs: Vec<_> = keys.iter().flat_map(|key| [*key, opposite(key)]).collect();
    assert_eq!(one.add_keys(&pairs), Err(CryptoError::KeySum));
    assert_eq!(four.add_keys(&pairs), Err(CryptoError::KeySum));
    let part_infinite = [&pairs[..2 * SUM_PART], &keys[..]].concat();
    assert_eq!(four.add_keys(&part_infinite), one.add_keys(&keys));
    let mut bad = keys;
    bad[2 * SUM_PART][0] = 5;
    assert_eq!(four.add_keys(&bad), Err(CryptoError::PublicKey));
    assert_eq!(four.add_keys(&[]), Err(CryptoError::KeySum));
}

#[test]
fn batches() {
    let size = BatchSize { least: 16, good: 64, most: 1024 };
    for (items, threads, expected) in
        [(2, 2, 16), (40, 2, 20), (200, 2, 64), (1000, 2, 167), (11_000, 2, 1024), (11_000, 16, 230), (5000, 1, 1024)]
    {
        assert_eq!(size.of(items, threads), expected, "{items} items, {threads} threads");
    }
}
