//! Encodings of signatures and keys, by cases.

use litecast_script::{
    Flags, ScriptError,
    encoding::{check_pubkey_encoding, check_signature_encoding},
    sighash::SigVersion,
};

/// The order of the group, halved: the largest low S.
const HALF_ORDER: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

fn der(r: &[u8], s: &[u8], hash_type: u8) -> Vec<u8> {
    let mut out = vec![0x30, u8::try_from(r.len() + s.len() + 4).unwrap(), 2, u8::try_from(r.len()).unwrap()];
    out.extend(r);
    out.extend([2, u8::try_from(s.len()).unwrap()]);
    out.extend(s);
    out.push(hash_type);
    out
}

#[test]
fn strict_der() {
    let good = der(&[1; 32], &[1; 32], 1);
    let flags = [Flags::DERSIG, Flags::LOW_S, Flags::STRICTENC];
    for sig in [vec![], good.clone(), der(&[1], &[1], 1), der(&[0, 0x80], &[0x7f], 1), der(&[0], &[0], 1)] {
        for flag in flags {
            assert_eq!(check_signature_encoding(&sig, flag), Ok(()), "{}", hex::encode(&sig));
        }
    }
    let change = |index: usize, value: u8| {
        let mut sig = good.clone();
        sig[index] = value;
        sig
    };
    let broken = [
        vec![0x30],
        vec![1],
        good[..8].to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], &[1]].concat(),
        change(0, 0x31),
        change(1, 69),
        change(1, 67),
        change(2, 3),
        change(3, 0),
        change(3, 33),
        change(3, 255),
        change(4, 0x81),
        change(4, 0),
        change(36, 3),
        change(37, 31),
        change(37, 33),
        change(38, 0xff),
        change(38, 0),
        der(&[], &[1; 10], 1),
        der(&[1; 10], &[], 1),
        der(&[1; 34], &[1; 34], 1),
    ];
    for sig in broken {
        for flag in flags {
            assert_eq!(check_signature_encoding(&sig, flag), Err(ScriptError::SigDer), "{}", hex::encode(&sig));
        }
        assert_eq!(check_signature_encoding(&sig, Flags::NULLFAIL), Ok(()));
    }
}

#[test]
fn low_s() {
    let half = hex::decode(HALF_ORDER).unwrap();
    let mut above = half.clone();
    above[31] += 1;
    assert_eq!(check_signature_encoding(&der(&[1], &half, 1), Flags::LOW_S), Ok(()));
    assert_eq!(check_signature_encoding(&der(&[1], &above, 1), Flags::LOW_S), Err(ScriptError::SigHighS));
    assert_eq!(check_signature_encoding(&der(&[1], &above, 1), Flags::DERSIG | Flags::STRICTENC), Ok(()));
    // No number below the order: reads as zero, which is low.
    let over = [&[0][..], &[0xff; 32]].concat();
    assert_eq!(check_signature_encoding(&der(&[1], &over, 1), Flags::LOW_S), Ok(()));
}

#[test]
fn hash_types() {
    for hash_type in 0..=u8::MAX {
        let sig = der(&[1], &[1], hash_type);
        let defined = matches!(hash_type, 1..=3 | 0x81..=0x83);
        let expected = if defined { Ok(()) } else { Err(ScriptError::SigHashtype) };
        assert_eq!(check_signature_encoding(&sig, Flags::STRICTENC), expected);
        assert_eq!(check_signature_encoding(&sig, Flags::DERSIG | Flags::LOW_S), Ok(()));
    }
}

#[test]
fn keys() {
    let both = Flags::STRICTENC | Flags::WITNESS_PUBKEYTYPE;
    for first in 0..=u8::MAX {
        for length in [0, 1, 32, 33, 34, 64, 65, 66] {
            let mut key = vec![7; length];
            key.iter_mut().take(1).for_each(|byte| *byte = first);
            let compressed = matches!(first, 2 | 3) && length == 33;
            let strict = compressed || first == 4 && length == 65;
            let expect = |ok, error| if ok { Ok(()) } else { Err(error) };
            let strict = expect(strict, ScriptError::Pubkeytype);
            let witness = expect(compressed, ScriptError::WitnessPubkeytype);
            assert_eq!(check_pubkey_encoding(&key, Flags::STRICTENC, SigVersion::Base), strict);
            assert_eq!(check_pubkey_encoding(&key, both, SigVersion::Base), strict);
            assert_eq!(check_pubkey_encoding(&key, both, SigVersion::WitnessV0), strict.and(witness));
            assert_eq!(check_pubkey_encoding(&key, Flags::WITNESS_PUBKEYTYPE, SigVersion::WitnessV0), witness);
            assert_eq!(check_pubkey_encoding(&key, Flags::WITNESS_PUBKEYTYPE, SigVersion::Base), Ok(()));
            assert_eq!(check_pubkey_encoding(&key, Flags::DERSIG, SigVersion::WitnessV0), Ok(()));
        }
    }
}
