//! Against an implementation by others and against the work that real miners did.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests may do what tests may do")]

use std::{fs, path::PathBuf};

use litecast_scrypt::{Scratch, scrypt_1024_1_1, scrypt_with};
use proptest::prelude::*;

proptest! {
    #[test]
    fn agrees_with_the_scrypt_crate(
        low in any::<[u8; 32]>(), middle in any::<[u8; 32]>(), high in any::<[u8; 16]>(), dirt in any::<[u8; 16]>(),
    ) {
        let mut header = [0; 80];
        header[..32].copy_from_slice(&low);
        header[32..64].copy_from_slice(&middle);
        header[64..].copy_from_slice(&high);
        let mut expected = [0; 32];
        scrypt::scrypt(&header, &header, &scrypt::Params::new(10, 1, 1).unwrap(), &mut expected).unwrap();
        prop_assert_eq!(scrypt_1024_1_1(&header), expected);

        // What an earlier hash left in the memory does not show.
        let mut scratch = Scratch::new();
        let mut other = header;
        other[..16].copy_from_slice(&dirt);
        scrypt_with(&mut scratch, &other);
        prop_assert_eq!(scrypt_with(&mut scratch, &header), expected);
    }
}

#[test]
fn headers_of_the_reference_and_of_merge_miners() {
    let Some(text) = vectors("headers/misc_headers_scrypt.json") else { return };
    let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(entries.len() >= 13);
    for entry in &entries {
        check(entry["header_hex"].as_str().unwrap(), entry["scrypt_pow_hash"].as_str().unwrap());
    }
}

#[test]
fn mainnet_retarget_headers() {
    let Some(text) = vectors("headers/mainnet_retarget_headers.csv") else { return };
    let mut seen = 0;
    for line in text.lines().skip(1) {
        let mut fields = line.split(',').skip(1);
        let header = fields.next().unwrap();
        check(header, fields.nth(1).unwrap());
        seen += 1;
    }
    assert!(seen > 2000, "{seen} headers");
}

/// Both as hexadecimal; the hash in display order.
fn check(header: &str, hash: &str) {
    let bytes: [u8; 80] = hex::decode(header).unwrap().try_into().unwrap();
    let mut found = scrypt_1024_1_1(&bytes);
    found.reverse();
    assert_eq!(hex::encode(found), hash, "{header}");
}

fn vectors(name: &str) -> Option<String> {
    let folder = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")), PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        eprintln!("skipped: no vectors at {}", path.display());
        return None;
    }
    Some(fs::read_to_string(path).unwrap())
}
