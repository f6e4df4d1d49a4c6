//! Inputs that may spend what they spend, one for each kind of output, and some that may not.

use bytes::Bytes;
use litecast_fuzz::Spend;
use litecast_primitives::{Amount, codec::put_len, hash::sha256};
use litecast_script::{
    Flags,
    address::Destination,
    hash160::hash160,
    opcode::{OP_CHECKMULTISIG, OP_CHECKSIG, push_bytes, push_number},
    sighash::{ExecutionData, SIGHASH_ALL, SigVersion, SighashData, schnorr_signature_hash, signature_hash},
};
use secp256k1::{Keypair, Message, Scalar};

use super::Seeds;

const AMOUNT: u32 = 70_000;

fn keys() -> Vec<Keypair> {
    (1..=3).map(|n| Keypair::from_secret_bytes([n; 32]).expect("because small numbers are secret keys")).collect()
}

fn spend(script_pubkey: &[u8]) -> Spend {
    Spend {
        flags: Flags::STANDARD,
        version: 2,
        lock_time: 500,
        sequence: 10,
        amount: AMOUNT,
        script_sig: Bytes::new(),
        script_pubkey: Bytes::copy_from_slice(script_pubkey),
        witness: Vec::new(),
    }
}

fn ecdsa(spend: &Spend, script_code: &[u8], key: &Keypair, hash_type: u8, version: SigVersion) -> Vec<u8> {
    let (tx, spent) = spend.transaction();
    let data = SighashData::complete(&tx, &spent);
    let amount = Amount(AMOUNT.into());
    let hash = signature_hash(script_code, &tx, 1, hash_type.into(), amount, version, Some(&data));
    let mut signature = key.secret_key().sign_ecdsa(Message::from_digest(hash)).serialize_der().to_vec();
    signature.push(hash_type);
    signature
}

fn schnorr(spend: &Spend, key: &Keypair, version: SigVersion, execution: &ExecutionData) -> Bytes {
    let (tx, spent) = spend.transaction();
    let data = SighashData::complete(&tx, &spent);
    let hash = schnorr_signature_hash(&tx, 1, 0, version, execution, &data).expect("because the outputs are known");
    Bytes::copy_from_slice(key.sign_schnorr_no_aux_rand(&hash).as_byte_array())
}

fn tagged(tag: &str, data: &[&[u8]]) -> [u8; 32] {
    let tag = sha256(tag.as_bytes());
    sha256(&[&[&tag[..], &tag[..]].concat(), &data.concat()[..]].concat())
}

fn pushes(items: &[&[u8]]) -> Bytes {
    let mut script = Vec::new();
    items.iter().for_each(|item| push_bytes(&mut script, item));
    script.into()
}

fn multisig(keys: &[Keypair]) -> Vec<u8> {
    let mut script = Vec::new();
    push_number(&mut script, 2);
    keys.iter().for_each(|key| push_bytes(&mut script, &key.public_key().serialize()));
    push_number(&mut script, 3);
    script.push(OP_CHECKMULTISIG);
    script
}

fn x_only(key: &Keypair) -> [u8; 32] {
    key.x_only_public_key().0.to_byte_array()
}

/// The witness that runs a leaf of a tree with this leaf only, and the output.
fn tapscript(script: &[u8], arguments: impl Fn(&Spend, &ExecutionData) -> Vec<Bytes>) -> Spend {
    let internal = keys()[0].x_only_public_key().0;
    let mut leaf = vec![0xc0];
    put_len(&mut leaf, script.len());
    leaf.extend_from_slice(script);
    let leaf = tagged("TapLeaf", &[&leaf]);
    let tweak =
        Scalar::from_be_bytes(tagged("TapTweak", &[&internal.to_byte_array(), &leaf])).expect("because it is small");
    let (output, parity) = internal.add_tweak(&tweak).expect("because the sum is no infinity");
    let pubkey = Destination::WitnessUnknown { version: 1, program: output.to_byte_array().to_vec() }.script_pubkey();
    let mut spend = spend(&pubkey);
    let execution = ExecutionData { tapleaf_hash: Some(leaf), ..ExecutionData::default() };
    spend.witness = arguments(&spend, &execution);
    spend.witness.push(Bytes::copy_from_slice(script));
    let control = [&[0xc0 | u8::from(parity == secp256k1::Parity::Odd)][..], &internal.to_byte_array()].concat();
    spend.witness.push(control.into());
    spend
}

fn named() -> Vec<(&'static str, Spend)> {
    let keys = keys();
    let public = keys[0].public_key().serialize();
    let p2pkh = Destination::PubKeyHash(hash160(&public)).script_pubkey();
    let mut list = Vec::new();

    let mut key_hash = spend(&p2pkh);
    let signature = ecdsa(&key_hash, &p2pkh, &keys[0], SIGHASH_ALL, SigVersion::Base);
    key_hash.script_sig = pushes(&[&signature, &public]);
    list.push(("p2pkh", key_hash.clone()));
    key_hash.flags = Flags::NONE;
    list.push(("p2pkh-no-rules", key_hash));

    for (name, hash_type) in [("all", 1), ("none", 2), ("single", 3), ("anyone", 0x81), ("odd", 0x40)] {
        let script = multisig(&keys);
        let mut bare = spend(&script);
        let one = ecdsa(&bare, &script, &keys[0], hash_type, SigVersion::Base);
        let two = ecdsa(&bare, &script, &keys[2], hash_type, SigVersion::Base);
        bare.script_sig = [&[0][..], &pushes(&[&one, &two])].concat().into();
        if name == "odd" {
            bare.flags = Flags::P2SH;
        }
        list.push((Box::leak(format!("multisig-{name}").into_boxed_str()), bare.clone()));
        if name == "all" {
            let mut hashed = spend(&Destination::ScriptHash(hash160(&script)).script_pubkey());
            let one = ecdsa(&hashed, &script, &keys[0], hash_type, SigVersion::Base);
            let two = ecdsa(&hashed, &script, &keys[2], hash_type, SigVersion::Base);
            hashed.script_sig = [&[0][..], &pushes(&[&one, &two, &script])].concat().into();
            list.push(("p2sh-multisig", hashed));
            let mut witness = spend(&Destination::WitnessV0ScriptHash(sha256(&script)).script_pubkey());
            let one = ecdsa(&witness, &script, &keys[0], hash_type, SigVersion::WitnessV0);
            let two = ecdsa(&witness, &script, &keys[2], hash_type, SigVersion::WitnessV0);
            witness.witness = vec![Bytes::new(), one.into(), two.into(), script.into()];
            list.push(("p2wsh-multisig", witness));
        }
    }

    let program = Destination::WitnessV0KeyHash(hash160(&public)).script_pubkey();
    let mut witness = spend(&program);
    let signature = ecdsa(&witness, &p2pkh, &keys[0], SIGHASH_ALL, SigVersion::WitnessV0);
    witness.witness = vec![signature.into(), Bytes::copy_from_slice(&public)];
    list.push(("p2wpkh", witness.clone()));
    witness.script_sig = pushes(&[&program]);
    witness.script_pubkey = Destination::ScriptHash(hash160(&program)).script_pubkey().into();
    list.push(("p2sh-p2wpkh", witness));

    let output = Destination::WitnessUnknown { version: 1, program: x_only(&keys[1]).to_vec() }.script_pubkey();
    let mut key_path = spend(&output);
    key_path.witness = vec![schnorr(&key_path, &keys[1], SigVersion::Taproot, &ExecutionData::default())];
    list.push(("taproot-key", key_path));
    let mut script = Vec::new();
    push_bytes(&mut script, &x_only(&keys[1]));
    script.push(OP_CHECKSIG);
    let signed =
        |spend: &Spend, execution: &ExecutionData| vec![schnorr(spend, &keys[1], SigVersion::Tapscript, execution)];
    list.push(("tapscript", tapscript(&script, signed)));
    // OP_0 key OP_CHECKSIGADD OP_1 OP_NUMEQUAL
    let mut script = vec![0];
    push_bytes(&mut script, &x_only(&keys[1]));
    script.extend_from_slice(&[0xba, 0x51, 0x9c]);
    list.push(("tapscript-add", tapscript(&script, signed)));
    let mut success = tapscript(&[0x50, 0x00], |_, _| Vec::new());
    success.flags = Flags::P2SH | Flags::WITNESS | Flags::TAPROOT;
    list.push(("tapscript-success", success));

    for (name, script_sig, script) in [
        ("arithmetic", &[0x52, 0x53][..], &[0x93, 0x55, 0x9c][..]),
        ("within", &[0x55], &[0x51, 0x60, 0xa5]),
        ("if-else", &[0x51], &[0x63, 0x51, 0x67, 0x00, 0x68]),
        ("hashes", &[], &[0x51, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0x82, 0x01, 0x20, 0x87, 0x69, 0x75, 0x51]),
        ("stack", &[0x51, 0x52, 0x53, 0x54], &[0x7b, 0x7c, 0x7d, 0x70, 0x71, 0x72, 0x6b, 0x6c, 0x74, 0x79, 0x7a, 0x6e]),
        ("lock-time", &[], &[0x02, 0xf4, 0x01, 0xb1, 0x75, 0x51]),
        ("sequence", &[], &[0x5a, 0xb2, 0x75, 0x51]),
        ("separator", &[0x51], &[0xab, 0x51, 0x69]),
        ("disabled", &[0x51], &[0x00, 0x63, 0x7e, 0x68]),
        ("many", &[0x51], &[0x76; 1100]),
    ] {
        let mut plain = spend(script);
        plain.script_sig = Bytes::copy_from_slice(script_sig);
        plain.flags = Flags::P2SH | Flags::CHECKLOCKTIMEVERIFY | Flags::CHECKSEQUENCEVERIFY;
        list.push((name, plain));
    }
    list
}

pub(crate) fn spends() -> Seeds {
    let list = named();
    for (name, spend) in &list {
        let verdict = spend.verify(spend.flags, None);
        println!("verify_script {name}: {verdict:?}");
        let signs = ["p2", "multisig", "tap"].iter().any(|start| name.starts_with(start));
        assert!(!signs || verdict.is_ok(), "{name} must pass");
        assert_eq!(Spend::decode(&spend.encode()).encode(), spend.encode());
    }
    list.into_iter().map(|(name, spend)| (name.to_owned(), spend.encode())).collect()
}
