//! Base58 as the reference writes it (v0.21.5.5 src/test/base58_tests.cpp), with the crate that addresses are made with.

use crate::vectors;

#[test]
fn base58_of_the_reference() {
    let Some(folder) = vectors::folder() else { return };
    let pairs = vectors::json(&folder.join("vectors/litecoin-core/base58_encode_decode.json"));
    let pairs = pairs.as_array().unwrap();
    for pair in pairs {
        let (bytes, text) = (hex::decode(pair[0].as_str().unwrap()).unwrap(), pair[1].as_str().unwrap());
        assert_eq!(base58ck::decode(text).unwrap(), bytes);
        // What is written always ends with a checksum.
        let written = base58ck::Base58CkString::encode_unbounded(&bytes);
        assert_eq!(base58ck::decode_check(written.as_str()).unwrap(), bytes);
        assert!(base58ck::decode(written.as_str()).unwrap().starts_with(&bytes));
    }
    assert_eq!(pairs.len(), 14);
    for no_base58 in ["invalid", "bad0IOl", "good\u{0}bad", "goodbad0IOl"] {
        assert!(base58ck::decode(no_base58).is_err(), "{no_base58}");
    }
}

/// Version byte, key, and a 1 for the short form: a private key is told from an address by its version and length
/// alone. Nothing here signs, so nothing else reads them yet.
#[test]
fn private_keys_of_the_reference() {
    use litecast_primitives::params::{Network, Params};
    let Some(folder) = vectors::folder() else { return };
    let entries = vectors::json(&folder.join("vectors/litecoin-core/key_io_valid.json"));
    let mut keys = 0;
    for entry in entries.as_array().unwrap() {
        let (text, about) = (entry[0].as_str().unwrap(), &entry[2]);
        if !about["isPrivkey"].as_bool().unwrap() {
            continue;
        }
        let network: Network = about["chain"].as_str().unwrap().parse().unwrap();
        let payload = base58ck::decode_check(text).unwrap();
        let key = hex::decode(entry[1].as_str().unwrap()).unwrap();
        let marker = if about["isCompressed"].as_bool().unwrap() { &[1][..] } else { &[] };
        assert_eq!(payload, [&[Params::new(network).addresses.secret], &key[..], marker].concat(), "{text}");
        assert!(secp256k1::SecretKey::from_secret_bytes(key.try_into().unwrap()).is_ok(), "{text}");
        keys += 1;
    }
    assert_eq!(keys, 12);
}
