//! Constants, roots and signatures from the reference's own tests and from a hardware wallet's.

use bytes::Bytes;
use litecast_mweb::{
    Leafset, Mmr, Verifier,
    crypto::{NO_COMMITMENT, SignedMessage},
    message::input_message,
    weight::{self, body_weight, exceeds_maximum},
};
use litecast_primitives::{
    codec::Reader,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, Input, Kernel, Output, OutputMessage, TxBody},
};

use crate::support::{VERIFIER, folder, json};

fn array<const N: usize>(value: &serde_json::Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

#[test]
fn constants_of_the_reference() {
    let Some(folder) = folder() else { return };
    let all = json(&folder.join("mweb/constants.json"));

    let header = &all["mw_header"];
    let bytes = hex::decode(header["serialized"].as_str().unwrap()).unwrap();
    let decoded = Header::decode(&mut Reader::new(bytes.into())).unwrap();
    assert_eq!(decoded.hash().0, array(&header["hash"]));

    let mut mmr = Mmr::new();
    let leaves = all["pmmr"]["leaves_hex"].as_array().unwrap();
    for (n, leaf) in (0..).zip(leaves) {
        assert_eq!(mmr.append(&hex::decode(leaf.as_str().unwrap()).unwrap(), |_, _| {}), n);
        if mmr.leaves() == 4 {
            assert_eq!((mmr.root().0, mmr.nodes()), (array(&all["pmmr"]["root_of_first_4"]), 7));
        }
    }
    assert_eq!((mmr.root().0, mmr.nodes()), (array(&all["pmmr"]["root_of_5"]), 8));
    assert_eq!(Mmr::new().root(), MwebHash::default());

    for case in all["leafset"]["cases"].as_array().unwrap() {
        let bits = case["bits"].as_str().unwrap().trim_end_matches('0');
        let mut set = Leafset::new();
        for (leaf, bit) in (0..).zip(bits.chars()) {
            set.push();
            set.set(leaf, bit == '1');
        }
        assert_eq!(set.root().0, array(&case["root"]));
    }
    assert_eq!(Leafset::new().root().0, array(&all["leafset"]["empty"]));

    let weights = &all["weights"];
    assert_eq!(weights["MAX_NUM_INPUTS"], weight::MAX_NUM_INPUTS);
    assert_eq!(weights["BASE_KERNEL_WEIGHT"], weight::BASE_KERNEL_WEIGHT);
    assert_eq!(weights["KERNEL_WITH_STEALTH_WEIGHT"], weight::BASE_KERNEL_WEIGHT + weight::STEALTH_EXCESS_WEIGHT);
    assert_eq!(weights["BASE_OUTPUT_WEIGHT"], weight::BASE_OUTPUT_WEIGHT);
    assert_eq!(weights["STANDARD_OUTPUT_WEIGHT"], weight::BASE_OUTPUT_WEIGHT + weight::STANDARD_OUTPUT_FIELDS_WEIGHT);
    assert_eq!(weights["BYTES_PER_WEIGHT"], weight::BYTES_PER_WEIGHT);
    assert_eq!(weights["MAX_BLOCK_WEIGHT"], weight::MAX_BLOCK_WEIGHT);

    for vector in all["schnorr"]["vectors"].as_array().unwrap() {
        let signed = SignedMessage {
            message: MwebHash(array(&vector["msg"])),
            key: VERIFIER.public_key(&array(&vector["key"])).unwrap(),
            signature: array(&vector["sig"]),
        };
        judge_signature(&signed);
    }
    // The commitment to one litoshi without blinding is H.
    assert_eq!(VERIFIER.commit_transparent(1).unwrap()[1..], array::<32>(&all["generators"]["H_x"]));
}

/// Good as it is, alone and in a batch; bad with any part changed.
fn judge_signature(signed: &SignedMessage) {
    let good = |signed: &[SignedMessage]| VERIFIER.verify_signatures(signed) == Ok(true);
    assert!(good(&[*signed]) && good(&[*signed; 3]));
    assert_eq!(VERIFIER.verify_signature(signed), Ok(true));
    let changed = |change: fn(&mut SignedMessage)| {
        let mut other = *signed;
        change(&mut other);
        assert!(!good(&[other]) && !good(&[*signed, other, *signed]));
        assert_ne!(VERIFIER.verify_signature(&other), Ok(true));
    };
    changed(|s| s.message.0[31] ^= 1);
    changed(|s| s.key[0] ^= 1);
    changed(|s| s.signature[0] ^= 1);
    changed(|s| s.signature[63] ^= 1);
    // s is not below the order.
    changed(|s| s.signature[32..].fill(0xff));
    // R is no coordinate.
    changed(|s| s.signature[..32].fill(0));
    changed(|s| s.signature[..32].fill(0xff));
}

#[test]
fn vectors_of_a_hardware_wallet() {
    let Some(folder) = folder() else { return };
    let all = json(&folder.join("mweb/app-ltcmweb_test_vectors.json"));
    let bytes = |op: u32, n: u32, what: &str| hex::decode(all[format!("{op}:{n}:{what}")].as_str().unwrap()).unwrap();
    for n in 0..100 {
        // A secret key and a message, signed.
        let data = bytes(3, n, "data");
        let signed = |key: &[u8], message: &[u8]| SignedMessage {
            message: MwebHash(message.try_into().unwrap()),
            key: VERIFIER.public_key(key.try_into().unwrap()).unwrap(),
            signature: bytes(3, n, "result").try_into().unwrap(),
        };
        assert!(
            [signed(&data[..32], &data[32..]), signed(&data[32..], &data[..32])]
                .iter()
                .any(|signed| VERIFIER.verify_signature(signed) == Ok(true)),
            "signature {n}"
        );
        // A secret key and its public key.
        let secret: [u8; 32] = bytes(4, n, "data").try_into().unwrap();
        assert_eq!(VERIFIER.public_key(&secret).unwrap()[..], bytes(4, n, "result"));
        // An input: its signature by the mixed key.
        let mut input = decode_input(&bytes(2, n, "result"));
        // The wallet writes its own key before the output's.
        let own = input.output_pubkey;
        input.output_pubkey = input.input_pubkey.replace(own).unwrap();
        let message = input_message(&input, &VERIFIER).unwrap();
        assert_eq!(VERIFIER.verify_signatures(&[message]), Ok(true), "input {n}");
        // A value with its blinding factor, committed to.
        let data = bytes(8, n, "data");
        let expected = bytes(8, n, "result");
        let commit = |value: &[u8], blind: &[u8]| {
            let value = VERIFIER.commit_transparent(u64::from_le_bytes(value.try_into().unwrap())).unwrap();
            let blind = VERIFIER.commit_blinded(blind.try_into().unwrap()).ok()?;
            VERIFIER.add_commitments(&[value, blind], &[]).ok()
        };
        let found = [commit(&data[..8], &data[8..]), commit(&data[32..], &data[..32])];
        assert!(found.iter().flatten().any(|commitment| commitment[..] == expected[..33]), "commitment {n}");
    }
}

fn decode_input(bytes: &[u8]) -> Input {
    // As the only input of an extension block: a header of zeroes, one input, nothing else.
    let mut block = vec![0; 1 + 32 * 5 + 2];
    block.push(1);
    block.extend_from_slice(bytes);
    block.extend_from_slice(&[0, 0]);
    let mut r = Reader::new(block.into());
    let block = ExtensionBlock::decode(&mut r).unwrap();
    r.finish().unwrap();
    block.body.inputs.into_iter().next().unwrap()
}

/// v0.21.5.5 src/libmw/test/tests/consensus/Test_Weight.cpp, and what it leaves to do.
#[test]
fn weights_add_up() {
    let input = Input {
        features: 0,
        output_id: MwebHash::default(),
        commitment: NO_COMMITMENT,
        output_pubkey: [0; 33],
        input_pubkey: None,
        extra_data: None,
        signature: [0; 64],
    };
    let output = Output {
        commitment: NO_COMMITMENT,
        sender_pubkey: [0; 33],
        receiver_pubkey: [0; 33],
        message: OutputMessage { features: 0x11, standard: None, extra_data: None },
        range_proof: Bytes::from_static(&[0; 675]),
        signature: [0; 64],
    };
    let kernel = Kernel {
        features: 0,
        fee: None,
        peg_in: None,
        peg_outs: Vec::new(),
        lock_height: None,
        stealth_excess: None,
        extra_data: Bytes::new(),
        excess: NO_COMMITMENT,
        signature: [0; 64],
    };
    let mut body = TxBody {
        inputs: vec![input.clone(); 50_000],
        outputs: vec![output.clone(); 10_000],
        kernels: vec![kernel.clone(); 10_000],
    };
    assert_eq!((body_weight(&body), exceeds_maximum(&body)), (200_000, false));
    body.inputs.push(input.clone());
    assert_eq!((body_weight(&body), exceeds_maximum(&body)), (200_000, true));
    body.inputs.pop();
    body.kernels.push(Kernel { stealth_excess: Some([0; 33]), ..kernel.clone() });
    assert_eq!((body_weight(&body), exceeds_maximum(&body)), (200_003, true));
    // Extra data weighs one for every 42 bytes begun, each script by itself.
    let extra = |n: usize| Bytes::from(vec![0; n]);
    let peg_out = |n: usize| litecast_primitives::mweb::PegOut {
        amount: litecast_primitives::Amount(1),
        script_pubkey: extra(n),
    };
    assert_eq!(weight::input_weight(&Input { extra_data: Some(extra(43)), ..input }), 2);
    assert_eq!(weight::kernel_weight(&Kernel { extra_data: extra(42), ..kernel.clone() }), 3);
    assert_eq!(weight::kernel_weight(&Kernel { peg_outs: vec![peg_out(22), peg_out(43)], ..kernel }), 5);
    let mut plain = output;
    plain.message = OutputMessage { features: 2, standard: None, extra_data: Some(extra(1)) };
    assert_eq!(weight::output_weight(&plain), 18);
}

#[test]
fn sums_that_end_at_infinity_are_errors() {
    let verifier: &Verifier = &VERIFIER;
    let one = verifier.commit_transparent(1).unwrap();
    let two = verifier.commit_transparent(2).unwrap();
    assert_eq!(verifier.add_commitments(&[one, one], &[]), Ok(two));
    assert_eq!(verifier.add_commitments(&[two], &[one, NO_COMMITMENT]), Ok(one));
    assert_eq!(verifier.add_commitments(&[], &[NO_COMMITMENT]), Ok(NO_COMMITMENT));
    assert!(verifier.add_commitments(&[two], &[one, one]).is_err());
    assert!(verifier.add_commitments(&[[0x0a; 33]], &[]).is_err());
    assert!(verifier.commit_transparent(0).is_err());
    let key = verifier.public_key(&[1; 32]).unwrap();
    let mut negated = key;
    negated[0] ^= 1;
    assert!(verifier.add_keys(&[key, negated]).is_err());
    assert!(verifier.add_keys(&[key, [4; 33]]).is_err());
    assert!(verifier.public_key(&[0; 32]).is_err());
    assert!(verifier.public_key(&[0xff; 32]).is_err());
    // Empty lists are good.
    assert_eq!(verifier.verify_signatures(&[]), Ok(true));
    assert_eq!(verifier.verify_range_proofs(&[]), Ok(true));
}
