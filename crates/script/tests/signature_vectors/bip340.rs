//! The library of curve arithmetic against BIP340's own vectors.

use secp256k1::{XOnlyPublicKey, schnorr};

use crate::vectors::read;

#[test]
fn verification() {
    let Some(file) = read("bips/bip340_schnorr.csv") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for line in std::str::from_utf8(&file).unwrap().lines().skip(1).filter(|line| !line.is_empty()) {
        // index, secret key, public key, aux_rand, message, signature, result, comment
        let fields: Vec<&str> = line.splitn(8, ',').collect();
        let bytes = |index: usize| hex::decode(fields[index]).unwrap();
        let expected = fields[6] == "TRUE";
        let signature = schnorr::Signature::from_byte_array(bytes(5).try_into().unwrap());
        let found = XOnlyPublicKey::from_byte_array(bytes(2).try_into().unwrap())
            .is_ok_and(|key| schnorr::verify(&signature, &bytes(4), &key).is_ok());
        assert_eq!(found, expected, "{line}");
        if expected {
            valid += 1;
        } else {
            invalid += 1;
        }
    }
    assert!(valid >= 5 && invalid >= 9, "{valid} {invalid}");
}
