//! Signatures in all their historic encodings, and lock times at their bounds.

use bytes::Bytes;
use litecast_primitives::{
    OutPoint, TxIn,
    amount::Amount,
    transaction::{Transaction, TxOut, TxParts},
};
use litecast_script::{
    cache::SignatureCache,
    checker::Checker,
    sighash::{SigVersion, SighashData, signature_hash},
};
use secp256k1::{Message, PublicKey, SecretKey, ecdsa};

fn transaction(version: i32, lock_time: u32, sequence: u32) -> Transaction {
    let input = TxIn { prevout: OutPoint::NULL, script_sig: Bytes::new(), sequence, witness: Vec::new() };
    let output = TxOut { value: Amount(5), script_pubkey: Bytes::from_static(&[0x51]) };
    Transaction::from(TxParts {
        version,
        inputs: vec![input.clone(), input],
        outputs: vec![output],
        lock_time,
        mweb: None,
        is_hogex: false,
    })
}

/// S, subtracted from the order of the group.
fn negated(s: &[u8]) -> [u8; 32] {
    SecretKey::from_secret_bytes(s.try_into().unwrap()).unwrap().negate().to_secret_bytes()
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |n: &[u8]| [&[2, u8::try_from(n.len()).unwrap()], n].concat();
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

#[test]
fn ecdsa_as_history_wrote_it() {
    let secret = SecretKey::from_secret_bytes([0x42; 32]).unwrap();
    let public = PublicKey::from_secret_key(&secret);
    let script = [0xac];
    for version in [SigVersion::Base, SigVersion::WitnessV0] {
        for hash_type in [1_u8, 2, 3, 0x81, 0x82, 0x83, 0, 0x55, 0xff] {
            let tx = transaction(1, 0, 0);
            let data = SighashData::new(&tx, &[]);
            let cache = SignatureCache::new(1 << 16);
            for input in 0..2 {
                let hash = signature_hash(&script, &tx, input, hash_type.into(), Amount(5), version, None);
                let compact = ecdsa::sign(Message::from_digest(hash), &secret).serialize_compact();
                let (r, s) = compact.split_at(32);
                let high = negated(s);
                let body = |s: &[u8]| {
                    let pad = |n: &[u8]| [&[0][..], n].concat();
                    der(&pad(r), &pad(s))
                };
                let valid = [
                    body(s),
                    body(&high),
                    // A negative R of 32 bytes, padding, garbage at the end, lengths written long.
                    der(r, s),
                    der(&[&[0; 5][..], r].concat(), s),
                    [&body(s)[..], &[1, 2, 3]].concat(),
                    [&[0x30, 0x82, 0xff, 0xff, 2, 0x81, 32][..], r, &[2, 0x83, 0, 0, 32], s].concat(),
                ];
                let broken = [
                    vec![],
                    body(r),
                    der(s, r),
                    body(s)[..40].to_vec(),
                    [&[0x31], &body(s)[1..]].concat(),
                    der(r, &[0]),
                ];
                let mut hybrid = public.serialize_uncompressed();
                hybrid[0] = 6 + (hybrid[64] & 1);
                let mut wrong_hybrid = hybrid;
                wrong_hybrid[0] ^= 1;
                let keys = [
                    (public.serialize().to_vec(), true),
                    (public.serialize_uncompressed().to_vec(), true),
                    (hybrid.to_vec(), true),
                    (wrong_hybrid.to_vec(), false),
                    (public.serialize()[..32].to_vec(), false),
                    (vec![], false),
                    ([&[5], &public.serialize()[1..]].concat(), false),
                    ([&[2], &[0xff; 32][..]].concat(), false),
                ];
                let checker = Checker::new(&tx, input, Amount(5), &data, Some(&cache));
                let check = |sig: &[u8], key: &[u8]| {
                    let sig = [sig, &[hash_type]].concat();
                    checker.check_ecdsa_signature(&sig, key, &script, version)
                };
                // The second time the cache answers.
                for _ in 0..2 {
                    for (key, good) in &keys {
                        valid.iter().for_each(|sig| assert_eq!(check(sig, key), *good, "{}", hex::encode(sig)));
                        broken.iter().for_each(|sig| assert!(!check(sig, key), "{}", hex::encode(sig)));
                    }
                }
                assert!(!checker.check_ecdsa_signature(&[], &keys[0].0, &script, version));
                assert!(
                    !checker.check_ecdsa_signature(
                        &[&valid[0][..], &[hash_type]].concat(),
                        &keys[0].0,
                        &[0xad],
                        version
                    ) || (hash_type & 0x1f == 3 && input == 1 && version == SigVersion::Base)
                );
                let other = Checker::new(&tx, input, Amount(6), &data, Some(&cache));
                let signed = [&valid[0][..], &[hash_type]].concat();
                assert_eq!(
                    other.check_ecdsa_signature(&signed, &keys[0].0, &script, version),
                    version == SigVersion::Base,
                    "only witnesses sign the amount"
                );
            }
        }
    }
}

#[test]
fn absolute_lock_times() {
    let check = |tx_lock_time, sequence, lock_time| {
        let tx = transaction(1, tx_lock_time, sequence);
        let data = SighashData::new(&tx, &[]);
        Checker::new(&tx, 1, Amount(0), &data, None).check_lock_time(lock_time)
    };
    for (tx_lock_time, lock_time, expected) in [
        (0, 0, true),
        (0, 1, false),
        (499_999_999, 499_999_999, true),
        (500_000_000, 499_999_999, false),
        (499_999_999, 500_000_000, false),
        (500_000_000, 500_000_000, true),
        (500_000_000, 500_000_001, false),
        (u32::MAX, i64::from(u32::MAX), true),
        (u32::MAX, i64::from(u32::MAX) + 1, false),
        (u32::MAX, (1 << 39) - 1, false),
        (u32::MAX, 0, false),
    ] {
        assert_eq!(check(tx_lock_time, 0, lock_time), expected, "{tx_lock_time} {lock_time}");
        assert_eq!(check(tx_lock_time, u32::MAX - 1, lock_time), expected);
        assert!(!check(tx_lock_time, u32::MAX, lock_time));
    }
}

#[test]
fn relative_lock_times() {
    const TIME: u32 = 1 << 22;
    let check = |version, sequence, wanted: i64| {
        let tx = transaction(version, 0, sequence);
        let data = SighashData::new(&tx, &[]);
        Checker::new(&tx, 0, Amount(0), &data, None).check_sequence(wanted)
    };
    for (sequence, wanted, expected) in [
        (0, 0, true),
        (0, 1, false),
        (0xffff, 0xffff, true),
        (0x1_0000, 1, false),
        (1, 0x1_0001, true),
        (TIME, TIME, true),
        (TIME | 5, TIME | 5, true),
        (TIME | 5, TIME | 6, false),
        (TIME | 5, 5, false),
        (5, TIME | 5, false),
        (TIME | 5, (1 << 30) | TIME | 4, true),
        (1 << 31, 0, false),
        (u32::MAX, 0, false),
    ] {
        for version in [2, 3, i32::MAX, -1, i32::MIN] {
            assert_eq!(check(version, sequence, wanted.into()), expected, "{sequence:#x} {wanted:#x}");
        }
        assert!(!check(1, sequence, wanted.into()) && !check(0, sequence, wanted.into()));
    }
    // Bits above 32 do not count.
    assert!(check(2, 5, (1 << 38) | 5));
}
