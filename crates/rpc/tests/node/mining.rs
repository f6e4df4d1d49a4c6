//! Mining, waiting, and what becomes of submitted blocks, without a litecoind.

use std::thread;

use bytes::Bytes;
use litecast_primitives::{Amount, OutPoint, Transaction, TxIn, TxOut, params::Network, transaction::TxParts};
use serde_json::{Value, json};

use crate::harness::Node;

const ADDRESS: &str = "rltc1q3wpw5wmvkzyhurlf9jg07yw6uwl9yxz68hx3qt";

#[test]
fn mined_blocks_are_the_chain() {
    let node = Node::start(Network::Regtest);
    let hashes = node.ok("generatetoaddress", &json!([3, ADDRESS]));
    assert_eq!(node.ok("getblockcount", &json!([])), json!(3));
    assert_eq!(node.ok("getbestblockhash", &json!([])), hashes[2]);
    let block = node.ok("getblock", &json!([hashes[2], 2]));
    assert_eq!(block["tx"][0]["vout"][0]["scriptPubKey"]["addresses"], json!([ADDRESS]));
    // No tries, no blocks, no error.
    assert_eq!(node.ok("generatetoaddress", &json!([3, ADDRESS, 0])), json!([]));
    assert_eq!(node.ok("generatetoaddress", &json!([0, ADDRESS])), json!([]));
    let generated = node.ok("generatetodescriptor", &json!([1, "raw(51)"]));
    assert_eq!(generated.as_array().unwrap().len(), 1);
    let generated = node.ok("generateblock", &json!([ADDRESS, []]));
    assert_eq!(node.ok("getbestblockhash", &json!([])), generated["hash"]);
    let error = node.call("generateblock", &json!(["raw(51)", ["0200"]])).unwrap_err();
    assert_eq!(error.code, -22);
    assert_eq!(node.ok("syncwithvalidationinterfacequeue", &json!([])), Value::Null);
}

#[test]
fn waiting_ends_with_the_block() {
    let node = Node::start(Network::Regtest);
    thread::scope(|scope| {
        let new = scope.spawn(|| node.ok("waitforblockheight", &json!([2, 60_000])));
        let hashes = node.ok("generatetoaddress", &json!([2, ADDRESS]));
        let answer = new.join().unwrap();
        assert_eq!(answer, json!({"hash": hashes[1], "height": 2}));
        assert_eq!(node.ok("waitforblock", &json!([hashes[1]])), answer);
        // Time is up, or the node stops: the tip as it is.
        assert_eq!(node.ok("waitfornewblock", &json!([1])), answer);
        assert_eq!(node.ok("waitforblockheight", &json!([3, -1])), answer);
        node.rpc.interrupt();
        assert_eq!(node.ok("waitfornewblock", &json!([])), answer);
    });
}

#[test]
fn a_block_of_given_transactions() {
    let node = Node::start(Network::Regtest);
    let hashes = node.ok("generatetodescriptor", &json!([101, "raw(51)"]));
    let coinbase = node.ok("getblock", &json!([hashes[0], 1]))["tx"][0].as_str().unwrap().to_owned();
    let spend = |value| {
        Transaction::from(TxParts {
            version: 2,
            inputs: vec![TxIn {
                prevout: OutPoint { txid: coinbase.parse().unwrap(), vout: 0 },
                script_sig: Bytes::new(),
                sequence: TxIn::SEQUENCE_FINAL,
                witness: Vec::new(),
            }],
            outputs: vec![TxOut { value: Amount(value), script_pubkey: Bytes::from_static(&[0x51]) }],
            lock_time: 0,
            mweb: None,
            is_hogex: false,
        })
    };
    let hex = |tx: &Transaction| hex::encode(tx.bytes());
    let refused = |tx: &Transaction| {
        let error = node.call("generateblock", &json!([ADDRESS, [hex(tx)]])).unwrap_err();
        assert_eq!(error.code, -25);
        error.message
    };
    // The texts are those of v0.21.5.5 src/consensus/tx_verify.cpp.
    let too_much = refused(&spend(50 * Amount::COIN.0 + 1));
    assert!(too_much.starts_with("TestBlockValidity failed: bad-txns-in-belowout, value in"), "{too_much}");
    let tx = spend(1_000);
    let block = node.ok("generateblock", &json!([ADDRESS, [hex(&tx)]]));
    let ids = node.ok("getblock", &json!([block["hash"], 1]))["tx"].clone();
    assert_eq!(ids[1], json!(tx.txid().to_string()));
    assert_eq!(node.ok("gettxout", &json!([tx.txid().to_string(), 0]))["value"].to_string(), "0.00001000");
    assert_eq!(node.ok("gettxout", &json!([coinbase, 0])), Value::Null);
    let spent = refused(&spend(999));
    let text = "TestBlockValidity failed: bad-txns-inputs-missingorspent, CheckTxInputs: inputs missing/spent";
    assert_eq!(spent, text);
}
