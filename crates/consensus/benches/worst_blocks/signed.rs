//! Blocks whose cost is in signatures and in what they sign.

use bytes::Bytes;
use litecast_primitives::{Transaction, codec::put_len, hash::sha256};
use litecast_script::{
    address::Destination,
    hash160::hash160,
    opcode::{OP_1, OP_CHECKMULTISIG, OP_CHECKSIG, push_bytes, push_number},
    sighash::{ExecutionData, SIGHASH_ALL, SigVersion, SighashData, schnorr_signature_hash, signature_hash},
};
use secp256k1::{Keypair, Message, Scalar};

use crate::spend::{MAX_SIGOPS_COST, MAX_WEIGHT, Spend, output, program, unsigned};

fn key(n: u8) -> Keypair {
    Keypair::from_secret_bytes([n; 32]).expect("because it is a number of the curve")
}

fn ecdsa(key: &Keypair, hash: [u8; 32]) -> Vec<u8> {
    let mut signature = key.secret_key().sign_ecdsa(Message::from_digest(hash)).serialize_der().to_vec();
    signature.push(SIGHASH_ALL);
    signature
}

/// As many as the weight allows: every one is hashed and verified once.
pub(crate) fn p2wpkh() -> Spend {
    let key = key(1);
    let public = key.public_key().serialize();
    let pubkey = program(0, &hash160(&public));
    let script_code = Destination::PubKeyHash(hash160(&public)).script_pubkey();
    let inputs = (MAX_WEIGHT - 1000) / (41 * 4 + 1 + 73 + 34);
    let mut parts = unsigned(inputs, &pubkey);
    let spent = vec![output(&pubkey); inputs];
    let tx = Transaction::from(parts.clone());
    let data = SighashData::complete(&tx, &spent);
    for (n, input) in parts.inputs.iter_mut().enumerate() {
        let amount = spent[n].value;
        let hash = signature_hash(&script_code, &tx, n, SIGHASH_ALL.into(), amount, SigVersion::WitnessV0, Some(&data));
        input.witness = vec![ecdsa(&key, hash).into(), Bytes::copy_from_slice(&public)];
    }
    Spend { tx: parts.into(), spent }
}

pub(crate) fn taproot_keys() -> Spend {
    let key = key(2);
    let pubkey = program(OP_1, &key.x_only_public_key().0.to_byte_array());
    let inputs = (MAX_WEIGHT - 1000) / (41 * 4 + 1 + 65);
    let mut parts = unsigned(inputs, &pubkey);
    let spent = vec![output(&pubkey); inputs];
    let tx = Transaction::from(parts.clone());
    let data = SighashData::complete(&tx, &spent);
    let execution = ExecutionData::default();
    for (n, input) in parts.inputs.iter_mut().enumerate() {
        let hash = schnorr_signature_hash(&tx, n, 0, SigVersion::Taproot, &execution, &data)
            .expect("because the outputs are known");
        input.witness = vec![Bytes::copy_from_slice(key.sign_schnorr_no_aux_rand(&hash).as_byte_array())];
    }
    Spend { tx: parts.into(), spent }
}

/// A megabyte in which every input signs all the others: the bytes to hash grow with the square of the inputs.
pub(crate) fn quadratic() -> Spend {
    let key = key(3);
    // The public key is in the output that is spent: the input holds a signature and nothing else.
    let mut pubkey = Vec::new();
    push_bytes(&mut pubkey, &key.public_key().serialize());
    pubkey.push(OP_CHECKSIG);
    let inputs = 1_000_000 / (41 + 73) - 1;
    let mut parts = unsigned(inputs, &pubkey);
    let tx = Transaction::from(parts.clone());
    let spent = vec![output(&pubkey); inputs];
    let data = SighashData::complete(&tx, &spent);
    for (n, input) in parts.inputs.iter_mut().enumerate() {
        let amount = spent[n].value;
        let hash = signature_hash(&pubkey, &tx, n, SIGHASH_ALL.into(), amount, SigVersion::Base, Some(&data));
        let mut script = Vec::new();
        push_bytes(&mut script, &ecdsa(&key, hash));
        input.script_sig = script.into();
    }
    Spend { tx: parts.into(), spent }
}

/// Keys are tried from the last to the first: one signature by the first of twenty is verified twenty times. As many
/// inputs as the limit on operations allows; the weight would allow a few more.
pub(crate) fn multisig() -> Spend {
    const KEYS: u8 = 20;
    let keys: Vec<_> = (1..=KEYS).map(key).collect();
    let mut script = vec![OP_1];
    keys.iter().for_each(|key| push_bytes(&mut script, &key.public_key().serialize()));
    push_number(&mut script, KEYS.into());
    script.push(OP_CHECKMULTISIG);
    let pubkey = program(0, &sha256(&script));
    // In a witness a key costs one operation.
    let inputs = MAX_SIGOPS_COST / usize::from(KEYS);
    let mut parts = unsigned(inputs, &pubkey);
    let spent = vec![output(&pubkey); inputs];
    let tx = Transaction::from(parts.clone());
    let data = SighashData::complete(&tx, &spent);
    for (n, input) in parts.inputs.iter_mut().enumerate() {
        let amount = spent[n].value;
        let hash = signature_hash(&script, &tx, n, SIGHASH_ALL.into(), amount, SigVersion::WitnessV0, Some(&data));
        input.witness = vec![Bytes::new(), ecdsa(&keys[0], hash).into(), Bytes::copy_from_slice(&script)];
    }
    Spend { tx: parts.into(), spent }
}

fn tagged(tag: &str, data: &[&[u8]]) -> [u8; 32] {
    let tag = sha256(tag.as_bytes());
    sha256(&[&[&tag[..], &tag[..]].concat(), &data.concat()[..]].concat())
}

/// An output with a single leaf: its script, what goes last onto the witness, and the leaf's hash.
pub(crate) fn leaf(script: &[u8]) -> (Vec<u8>, Bytes, [u8; 32]) {
    let internal = key(9).x_only_public_key().0;
    let mut bytes = vec![0xc0];
    put_len(&mut bytes, script.len());
    bytes.extend_from_slice(script);
    let leaf = tagged("TapLeaf", &[&bytes]);
    let tweak = Scalar::from_be_bytes(tagged("TapTweak", &[&internal.to_byte_array(), &leaf]))
        .expect("because nearly every number is one of the curve");
    let (output, parity) = internal.add_tweak(&tweak).expect("because the sum is no infinity");
    let first = 0xc0 | u8::from(parity == secp256k1::Parity::Odd);
    let control = [&[first][..], &internal.to_byte_array()].concat();
    (program(OP_1, &output.to_byte_array()), control.into(), leaf)
}

/// Every 50 bytes of witness pay for a signature operation: one signature, checked again and again.
pub(crate) fn tapscript() -> Spend {
    const CHECKS: usize = 200;
    let key = key(4);
    // <key> OP_2DUP OP_CHECKSIGVERIFY ... OP_CHECKSIG
    let mut script = Vec::new();
    push_bytes(&mut script, &key.x_only_public_key().0.to_byte_array());
    for _ in 1..CHECKS {
        script.extend_from_slice(&[0x6e, 0xad]);
    }
    script.push(OP_CHECKSIG);
    let (pubkey, control, leaf) = leaf(&script);
    // Stuffing that pays.
    let witness = |signature: Bytes, annex: Bytes| vec![signature, Bytes::from(script.clone()), control.clone(), annex];
    let empty = witness(vec![0; 64].into(), Bytes::new());
    let size: usize = empty.iter().map(|item| item.len() + 3).sum::<usize>() + 1;
    let annex = Bytes::from([&[0x50][..], &vec![0; (CHECKS * 50).saturating_sub(size)]].concat());
    let inputs = (MAX_WEIGHT - 1000) / (41 * 4 + size + annex.len());
    let mut parts = unsigned(inputs, &pubkey);
    let spent = vec![output(&pubkey); inputs];
    let tx = Transaction::from(parts.clone());
    let data = SighashData::complete(&tx, &spent);
    let execution = ExecutionData {
        tapleaf_hash: Some(leaf),
        annex_hash: Some(litecast_script::sighash::annex_hash(&annex)),
        ..ExecutionData::default()
    };
    for (n, input) in parts.inputs.iter_mut().enumerate() {
        let hash = schnorr_signature_hash(&tx, n, 0, SigVersion::Tapscript, &execution, &data)
            .expect("because the outputs are known");
        let signature = Bytes::copy_from_slice(key.sign_schnorr_no_aux_rand(&hash).as_byte_array());
        input.witness = witness(signature, annex.clone());
    }
    Spend { tx: parts.into(), spent }
}
