//! Fields of the extension block that no recorded block has: every feature of a kernel, an input, an output. What they
//! look like is v0.21.5.5 src/rpc/blockchain.cpp, blockToJSON, and src/core_write.cpp, TxToUniv.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{
    Amount, Block, OutPoint, Transaction, TxIn, TxOut, Txid, U256,
    hash::MwebHash,
    mweb::{
        ExtensionBlock, Header, Input, Kernel, Output, OutputMessage, PegOut, RANGE_PROOF_SIZE, StandardFields, Tx,
        TxBody,
    },
    params::{Network, Params},
    transaction::{Encoding, TxParts},
};
use litecast_rpc::render::{BlockPlace, Detail, block_to_json, transaction_to_json};
use serde_json::{Value, json};

fn kernel(features: u8) -> Kernel {
    let has = |bit: u8| features & bit != 0;
    let key_hash = [&[0, 20][..], &[9; 20]].concat();
    let peg_out = |amount, script: &[u8]| PegOut { amount: Amount(amount), script_pubkey: script.to_vec().into() };
    Kernel {
        features,
        fee: has(1).then_some(Amount(1234)),
        peg_in: has(2).then_some(Amount(5_000_000_001)),
        peg_outs: if has(4) { vec![peg_out(100_000, &key_hash), peg_out(1, &[0x51])] } else { Vec::new() },
        lock_height: has(8).then_some(2_000_000_000),
        stealth_excess: has(16).then_some([2; 33]),
        extra_data: if has(32) { Bytes::from_static(b"kernel") } else { Bytes::new() },
        excess: [8; 33],
        signature: [7; 64],
    }
}

fn input(features: u8, extra: &'static [u8]) -> Input {
    Input {
        features,
        output_id: MwebHash([features; 32]),
        commitment: [9; 33],
        output_pubkey: [3; 33],
        input_pubkey: (features & 1 != 0).then_some([2; 33]),
        extra_data: (features & 2 != 0).then_some(Bytes::from_static(extra)),
        signature: [1; 64],
    }
}

fn output(features: u8) -> Output {
    Output {
        commitment: [9; 33],
        sender_pubkey: [2; 33],
        receiver_pubkey: [3; 33],
        message: OutputMessage {
            features,
            standard: (features & 1 != 0).then_some(StandardFields {
                key_exchange_pubkey: [2; 33],
                view_tag: 5,
                masked_value: 77,
                masked_nonce: [6; 16],
            }),
            extra_data: (features & 2 != 0).then_some(Bytes::from_static(b"note")),
        },
        range_proof: vec![5; RANGE_PROOF_SIZE].into(),
        signature: [1; 64],
    }
}

fn body(kernels: Vec<Kernel>) -> TxBody {
    let inputs = vec![input(0, b""), input(1, b""), input(2, b"input"), input(3, b"")];
    // In the order of a valid body: before v0.21.5.5, litecoind told the ids of a transaction in this order in any case.
    let mut outputs = [0, 1, 2, 3].map(output);
    outputs.sort_by_key(Output::id);
    TxBody { inputs, outputs: outputs.into(), kernels }
}

fn transaction(outside: bool, kernels: Vec<Kernel>) -> Transaction {
    let mut parts = TxParts {
        version: -2,
        inputs: Vec::new(),
        outputs: Vec::new(),
        lock_time: 7,
        mweb: Some(Tx { kernel_offset: [4; 32], stealth_offset: [5; 32], body: body(kernels) }),
        is_hogex: false,
    };
    if outside {
        let prevout = OutPoint { txid: Txid::from_bytes([1; 32]), vout: 1 };
        let witness = vec![Bytes::from_static(&[0x51; 40])];
        parts.inputs.push(TxIn { prevout, script_sig: Bytes::new(), sequence: 0, witness });
        let peg_in = [&[0x59, 32][..], &[6; 32]].concat();
        parts.outputs.push(TxOut { value: Amount(5_000_000_001), script_pubkey: peg_in.into() });
    }
    parts.into()
}

/// In hex: inside only, and with a side outside; a kernel of every combination of features, and several.
pub(crate) fn transactions() -> Vec<String> {
    let hex = |tx: Transaction| hex::encode(tx.bytes());
    let mut list = Vec::new();
    for outside in [false, true] {
        list.extend((0..64).map(|features| hex(transaction(outside, vec![kernel(features)]))));
        list.push(hex(transaction(outside, vec![kernel(0x3f), kernel(0xc0), kernel(0x16)])));
    }
    list
}

#[test]
fn a_block_with_everything() {
    let params = Params::new(Network::Regtest);
    let header = Header {
        height: 2_147_483_647,
        output_root: MwebHash([0x11; 32]),
        kernel_root: MwebHash([0x12; 32]),
        leafset_root: MwebHash([0x13; 32]),
        kernel_offset: [0x14; 32],
        stealth_offset: [0x15; 32],
        output_mmr_size: 9_007_199_254_740_993,
        kernel_mmr_size: 2,
    };
    let extension = ExtensionBlock { header, body: body(vec![kernel(0x3f), kernel(0x80)]) };
    let mut hogex = TxParts::clone(transaction(true, vec![kernel(1)]).parts());
    (hogex.mweb, hogex.is_hogex) = (None, true);
    let transactions = vec![Arc::clone(&params.genesis.transactions()[0]), Arc::new(hogex.into())];
    let block = Block::new(*params.genesis.header(), transactions, Some(extension.clone()));
    let place = BlockPlace {
        height: 0,
        confirmations: -1,
        median_time: 1,
        work: U256::from(2),
        tx_count: 2,
        has_parent: false,
        next: None,
        mweb: None,
    };
    let answer = |detail| Value::from(block_to_json(&block, &place, detail, &params.addresses));
    let id = |n: usize| extension.body.outputs[n].id().to_string();
    let kernel_id = |n: usize| extension.body.kernels[n].id().to_string();
    let hex = |byte: u8, count: usize| hex::encode(vec![byte; count]);
    let head = format!(
        r#"{{"hash":"{}","height":2147483647,"kernel_offset":"{}","stealth_offset":"{}","num_kernels":2,"#,
        extension.header.hash(),
        hex(0x14, 32),
        hex(0x15, 32),
    ) + &format!(
        r#""num_txos":9007199254740993,"kernel_root":"{}","output_root":"{}","leaf_root":"{}","#,
        hex(0x12, 32),
        hex(0x11, 32),
        hex(0x13, 32),
    );
    let strings = |list: Vec<String>| serde_json::to_string(&list).unwrap();
    let ids = [0, 1, 2, 3].map(|n| hex(n, 32)).to_vec();
    let short = format!(
        r#"{head}"inputs":{},"outputs":{},"kernels":{}}}"#,
        strings(ids.clone()),
        strings([0, 1, 2, 3].map(id).to_vec()),
        strings(vec![hex(8, 33); 2]),
    );
    assert_eq!(answer(Detail::Ids)["mweb"].to_string(), short);

    // Extra data that is empty is not told; a key is, whenever it is there.
    let inputs: Vec<String> = [("", ""), ("k", ""), ("", "696e707574"), ("k", "")]
        .iter()
        .zip(&ids)
        .map(|((key, extra), id)| {
            let key = if key.is_empty() { String::new() } else { format!(r#""input_pubkey":"{}","#, hex(2, 33)) };
            let extra = if extra.is_empty() { String::new() } else { format!(r#""extra_data":"{extra}","#) };
            let (commit, output_key, sig) = (hex(9, 33), hex(3, 33), hex(1, 64));
            format!(
                r#"{{"output_id":"{id}","commit":"{commit}","output_pubkey":"{output_key}",{key}{extra}"sig":"{sig}"}}"#
            )
        })
        .collect();
    let fields = format!("{}05{}{}", hex(2, 33), "4d00000000000000", hex(6, 16));
    let messages = ["00".to_owned(), format!("01{fields}"), "02046e6f7465".to_owned(), format!("03{fields}046e6f7465")];
    let outputs: Vec<String> = (0..4)
        .map(|n: usize| {
            let message = &messages[usize::from(extension.body.outputs[n].message.features)];
            let keys = format!(r#""sender_pubkey":"{}","receiver_pubkey":"{}""#, hex(2, 33), hex(3, 33));
            let (id, commit, proof) = (id(n), hex(9, 33), hex(5, RANGE_PROOF_SIZE));
            format!(
                r#"{{"output_id":"{id}","commit":"{commit}",{keys},"range_proof":"{proof}","message":"{message}"}}"#
            )
        })
        .collect();
    let kernels: Vec<String> = [(0x3f, 1234, 2_000_000_000, r#","extra_data":"6b65726e656c""#), (0x80, 0, 0, "")]
        .iter()
        .enumerate()
        .map(|(n, (features, fee, lock, extra))| {
            let (id, excess, signature) = (kernel_id(n), hex(8, 33), hex(7, 64));
            format!(r#"{{"kernel_id":"{id}","features":{features},"commit":"{excess}","fee":{fee},"#)
                + &format!(r#""lock_height":{lock},"excess":"{excess}","signature":"{signature}"{extra}}}"#)
        })
        .collect();
    let full = format!(
        r#"{head}"inputs":[{}],"outputs":[{}],"kernels":[{}]}}"#,
        inputs.join(","),
        outputs.join(","),
        kernels.join(","),
    );
    let answer = answer(Detail::Full(Encoding::Full));
    assert_eq!(answer["mweb"].to_string(), full);
    // The HogEx is a transaction like others.
    let hogex: Vec<&String> = answer["tx"][1].as_object().unwrap().keys().collect();
    assert_eq!(hogex, ["txid", "hash", "version", "size", "vsize", "weight", "locktime", "vin", "vout", "hex"]);
}

#[test]
fn a_transaction_inside() {
    let prefixes = Params::new(Network::Regtest).addresses;
    let mut parts = TxParts::clone(transaction(false, vec![kernel(0x3f), kernel(0)]).parts());
    // Told in the order of the bytes, valid or not (v0.21.5.5 src/mweb/mweb_models.h, GetOutputIDs).
    parts.mweb.as_mut().unwrap().body.outputs.reverse();
    let tx = Transaction::from(parts);
    let mweb = tx.mweb().unwrap();
    let answer = Value::from(transaction_to_json(&tx, None, &prefixes));
    let ids: Vec<String> = mweb.body.kernels.iter().map(|kernel| kernel.id().to_string()).collect();
    // Numbers of kernels are LTC here, and litoshis in a block.
    let peg_outs = format!(
        r#"[{{"value":0.00100000,"scriptPubKey":{{"asm":"0 {hash}","hex":"0014{hash}","reqSigs":1,"type":"witness_v0_keyhash","addresses":["{address}"]}}}},{{"value":0.00000001,"scriptPubKey":{{"asm":"1","hex":"51","type":"nonstandard"}}}}]"#,
        hash = "09".repeat(20),
        address = "rltc1qpyysjzgfpyysjzgfpyysjzgfpyysjzgfarjn3s",
    );
    let kernels = format!(
        r#"[{{"kernel_id":"{}","fee":0.00001234,"pegin":50.00000001,"pegout":{peg_outs}}},{{"kernel_id":"{}","fee":0.00000000,"pegin":0.00000000,"pegout":[]}}]"#,
        ids[0], ids[1],
    );
    assert_eq!(answer["vkern"].to_string(), kernels);
    // The id is that of the first kernel; peg-outs are all that weighs outside: 31 and 10 bytes.
    assert_eq!(answer["version"], json!(4_294_967_294_u32));
    assert_eq!((&answer["weight"], &answer["vsize"]), (&json!(164), &json!(41)));
    assert_eq!(answer["vin"][3], json!({"ismweb": true, "output_id": hex::encode([3; 32])}));
    assert_eq!(answer["vout"][0], json!({"ismweb": true, "output_id": mweb.body.outputs[0].id().to_string()}));
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["txid", "hash", "version", "size", "vsize", "weight", "locktime", "vin", "vout", "vkern"]);
    let other = transaction(true, vec![kernel(0x3f), kernel(0)]);
    let answer = Value::from(transaction_to_json(&other, None, &prefixes));
    let keys = |n: usize| answer["vin"][n].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(0), ["ismweb", "txid", "vout", "scriptSig", "txinwitness", "sequence"]);
    assert_eq!(keys(1), ["ismweb", "output_id"]);
    // The input of the HogEx that it needs, and its outputs.
    let plain = 3 * other.base_size() + other.witness_encoding_size();
    assert_eq!(answer["weight"], json!(plain + 164 + 164));
}
