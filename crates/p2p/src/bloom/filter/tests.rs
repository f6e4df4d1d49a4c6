//! Facts of BIP37 filters as v0.21.5.5 src/test/bloom_tests.cpp states them.

use litecast_primitives::{Amount, TxIn, TxOut, Txid, transaction::TxParts};

use super::*;

fn filter(bytes: usize, hash_functions: u32, tweak: u32, flags: u8) -> Bloom {
    Bloom { data: vec![0; bytes], hash_functions, tweak, flags }
}

fn encoded(filter: &Bloom) -> String {
    let mut out = Vec::new();
    filter.encode(&mut out);
    hex::encode(out)
}

fn tx(hex_text: &str) -> Transaction {
    Transaction::from_bytes(hex::decode(hex_text).unwrap().into()).unwrap()
}

const PAID: &str = "01000000010b26e9b7735eb6aabdf358bab62f9816a21ba9ebdb719d5299e88607d722c190000000008b4830450220070aca44506c5cef3a16ed519d7c3c39f8aab192c4e1c90d065f37b8a4af6141022100a8e160b856c2d43d27d8fba71e5aef6405b8643ac4cb7cb3c462aced7f14711a0141046d11fee51b0e60666d5049a9101a72741df480b96ee26488a4d3466b95c9a40ac5eeef87e10a5cd336c19a84565f80fa6c547957b7700ff4dfbdefe76036c339ffffffff021bff3d11000000001976a91404943fdd508053c75000106d3bc6e2754dbcff1988ac2f15de00000000001976a914a266436d2965547608b9e15d9032a7b9d64fa43188ac00000000";

#[test]
fn bytes_of_filters() {
    let elements = [
        "99108ad8ed9bb6274d3980bab5a85c048f0950c8",
        "b5a2c786d9ef4658287ced5914b37a1b4aa32eee",
        "b9300670b4c5366e95b2699e8b18bc75e5f729c5",
    ];
    for (tweak, expected) in [(0, "03614e9b050000000000000001"), (2_147_483_649, "03ce4299050000000100008001")] {
        let mut filter = filter(3, 5, tweak, 1);
        for element in elements {
            let element = hex::decode(element).unwrap();
            assert!(!filter.contains(&element));
            filter.insert(&element);
            assert!(filter.contains(&element));
        }
        assert!(!filter.contains(&hex::decode("19108ad8ed9bb6274d3980bab5a85c048f0950c8").unwrap()));
        assert_eq!(encoded(&filter), expected);
        let payload = hex::decode(expected).unwrap();
        assert_eq!(Bloom::decode(&mut Reader::new(payload.into())).unwrap(), filter);
    }
}

/// v0.21.5.5 src/test/hash_tests.cpp, murmurhash3.
#[test]
fn hashes() {
    for (expected, seed, data) in [
        (0x0000_0000, 0x0000_0000, ""),
        (0x6a39_6f08, 0xfba4_c795, ""),
        (0x81f1_6f39, 0xffff_ffff, ""),
        (0x514e_28b7, 0x0000_0000, "00"),
        (0xea3f_0b17, 0xfba4_c795, "00"),
        (0xfd6c_f10d, 0x0000_0000, "ff"),
        (0x16c6_b7ab, 0x0000_0000, "0011"),
        (0x8eb5_1c3d, 0x0000_0000, "001122"),
        (0xb447_1bf8, 0x0000_0000, "00112233"),
        (0xe230_1fa8, 0x0000_0000, "0011223344"),
        (0xfc2e_4a15, 0x0000_0000, "001122334455"),
        (0xb074_502c, 0x0000_0000, "00112233445566"),
        (0x8034_d2a0, 0x0000_0000, "0011223344556677"),
        (0xb469_8def, 0x0000_0000, "001122334455667788"),
    ] {
        assert_eq!(murmur3_state(&hex::decode(data).unwrap()).hash(seed), expected, "{data} {seed}");
    }
}

#[test]
fn what_is_relevant() {
    let tx = tx(PAID);
    assert_eq!(tx.txid().to_string(), "b4749f017444b051c44dfd2720e88f314ff94f3dd6d56d40ef65854fcd7fff6b");
    let found = |element: &[u8]| {
        let mut filter = filter(35, 19, 0, 1);
        filter.insert(element);
        filter.is_relevant_and_update(&tx)
    };
    let data = |text: &str| hex::decode(text).unwrap();
    assert!(found(tx.txid().as_bytes()));
    // A signature and a key in the input, both addresses, the output that is spent.
    assert!(found(&data(
        "30450220070aca44506c5cef3a16ed519d7c3c39f8aab192c4e1c90d065f37b8a4af6141022100a8e160b856c2d43d27d8fba71e5aef6405b8643ac4cb7cb3c462aced7f14711a01"
    )));
    assert!(found(&data(
        "046d11fee51b0e60666d5049a9101a72741df480b96ee26488a4d3466b95c9a40ac5eeef87e10a5cd336c19a84565f80fa6c547957b7700ff4dfbdefe76036c339"
    )));
    assert!(found(&data("04943fdd508053c75000106d3bc6e2754dbcff19")));
    assert!(found(&data("a266436d2965547608b9e15d9032a7b9d64fa431")));
    assert!(found(&tx.inputs()[0].prevout.encode()));
    // Another id, another address, other outputs.
    assert!(!found(&data("00000009e784f32f62ef849763d4f45b98e07ba658647343b915ff832b110436")));
    assert!(!found(&data("0000006d2965547608b9e15d9032a7b9d64fa431")));
    let spent = tx.inputs()[0].prevout;
    assert!(!found(&OutPoint { vout: 1, ..spent }.encode()));
    assert!(!found(&OutPoint { txid: Txid::from_bytes([7; 32]), ..spent }.encode()));
    // An empty filter lets everything pass, one of zeros nothing.
    assert!(filter(0, 5, 0, 0).is_relevant_and_update(&tx));
    assert!(!filter(1, 1, 0, 0).is_relevant_and_update(&tx));
}

fn paying(script: Vec<u8>) -> Transaction {
    let input = TxIn {
        prevout: OutPoint { txid: Txid::from_bytes([1; 32]), vout: 0 },
        script_sig: Bytes::new(),
        sequence: 0,
        witness: Vec::new(),
    };
    let output = TxOut { value: Amount(1), script_pubkey: script.into() };
    let (inputs, outputs) = (vec![input], vec![output]);
    TxParts { version: 1, inputs, outputs, lock_time: 0, mweb: None, is_hogex: false }.into()
}

#[test]
fn what_a_match_puts_in() {
    let (key, hash) = ([2; 33], [9; 20]);
    let bare = [&[33][..], &key, &[0xac]].concat();
    let multisig = [&[0x51, 33][..], &key, &[33], &[3; 33], &[0x52, 0xae]].concat();
    let not_quite = [&[0x53, 33][..], &key, &[33], &[3; 33], &[0x52, 0xae]].concat();
    let hashed = [&[0x76, 0xa9, 20][..], &hash, &[0x88, 0xac]].concat();
    // Flags: nothing, all, bare keys only; the upper bits mean nothing.
    for (script, element, expected) in [
        (bare, &key[..], [false, true, true, true]),
        (multisig, &key, [false, true, true, true]),
        (not_quite, &key, [false, true, false, false]),
        (hashed, &hash, [false, true, false, false]),
    ] {
        let tx = paying(script);
        for (flags, put_in) in [0, 1, 2, 0xfe].into_iter().zip(expected) {
            let mut filter = filter(100, 10, 5, flags);
            filter.insert(element);
            assert!(filter.is_relevant_and_update(&tx));
            assert_eq!(filter.contains(&OutPoint { txid: tx.txid(), vout: 0 }.encode()), put_in, "{flags}");
        }
    }
    // Data behind nonsense is not found.
    let mut filter = filter(100, 10, 5, 0);
    filter.insert(&key);
    assert!(!filter.is_relevant_and_update(&paying([&[0x4c, 200, 33][..], &key].concat())));
    assert!(filter.is_relevant_and_update(&paying([&[0xff, 33][..], &key, &[0x4d]].concat())));
}
