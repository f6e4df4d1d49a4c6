//! The original algorithm against v0.21.5.5 src/test/data/sighash.json.

use litecast_primitives::{amount::Amount, hash::Txid};
use litecast_script::sighash::{SigVersion, SighashData, signature_hash};

use crate::vectors::{json, transaction, unhex};

#[test]
fn random_transactions() {
    let Some(file) = json("litecoin-core/sighash.json") else { return };
    let mut cases = 0;
    for case in file.as_array().unwrap().iter().filter(|case| case.as_array().unwrap().len() > 1) {
        let tx = transaction(&case[0]);
        let script = unhex(&case[1]);
        let input = usize::try_from(case[2].as_u64().unwrap()).unwrap();
        let hash_type = i32::try_from(case[3].as_i64().unwrap()).unwrap().cast_unsigned();
        let expected: Txid = case[4].as_str().unwrap().parse().unwrap();
        let data = SighashData::new(&tx, &[]);
        let again = SighashData::complete(&tx, &[]);
        for data in [None, Some(&data), Some(&data), Some(&again)] {
            let hash = signature_hash(&script, &tx, input, hash_type, Amount(7), SigVersion::Base, data);
            assert_eq!(Txid::from_bytes(hash), expected, "{case}");
            // Most of the random hash types are of no defined kind; the kinds go through all the ways.
            for kind in [0, 1, 2, 3, 0x81, 0x82, 0x83, 0xffff_ff01] {
                let of = |data| signature_hash(&script, &tx, input, kind, Amount(7), SigVersion::Base, data);
                assert_eq!(of(data), of(None));
                let of = |data| signature_hash(&script, &tx, input, kind, Amount(7), SigVersion::WitnessV0, data);
                assert_eq!(of(data), of(None));
            }
        }
        cases += 1;
    }
    assert!(cases >= 500, "{cases}");
}
