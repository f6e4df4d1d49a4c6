//! The mempool without a litecoind: waiting for a template, saving, and a chain of transactions that anyone can spend.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use litecast_primitives::{
    Amount, OutPoint, Transaction, TxIn, TxOut,
    params::Network,
    transaction::{Encoding, TxParts},
};
use serde_json::{Value, json};

use crate::harness::{NOW, Node, silent_peer};

/// A waiting call ends soon after what it waits for.
const SOON: Duration = Duration::from_secs(30);

fn request(longpollid: &Value) -> Value {
    json!([{"rules": ["segwit", "mweb"], "longpollid": longpollid}])
}

#[test]
fn a_long_poll_ends_with_a_block_and_with_the_node() {
    let node = Node::start(Network::Regtest);
    node.ok("generatetodescriptor", &json!([1, "raw(51)"]));
    let first = node.ok("getblocktemplate", &request(&Value::Null));
    let start = Instant::now();
    thread::scope(|scope| {
        let next = scope.spawn(|| node.ok("getblocktemplate", &request(&first["longpollid"])));
        let hashes = node.ok("generatetodescriptor", &json!([1, "raw(51)"]));
        let template = next.join().unwrap();
        assert_eq!(template["previousblockhash"], hashes[0]);
        assert_ne!(template["longpollid"], first["longpollid"]);
        // What is out of date already is not waited for.
        assert_eq!(node.ok("getblocktemplate", &request(&first["longpollid"]))["height"], 3);
        // A number stands for the template of now.
        for id in [template["longpollid"].clone(), json!(1)] {
            let waiting = scope.spawn({
                let (node, id) = (&node, id);
                move || node.call("getblocktemplate", &request(&id))
            });
            node.rpc.interrupt();
            let error = waiting.join().unwrap().unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (-9, "Shutting down"));
        }
    });
    assert!(start.elapsed() < SOON);
}

// The texts are those of v0.21.5.5 src/rpc/mining.cpp.
#[test]
fn nobody_mines_alone_on_the_main_network() {
    let node = Node::start(Network::Main);
    let error = node.call("getblocktemplate", &request(&Value::Null)).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (-9, "Litecoin Core is not connected!"));
    let error = node.with_encoding(Encoding::Full).execute("getblocktemplate", &request(&Value::Null), "").unwrap_err();
    let missing = "Error: Peer-to-peer functionality missing or disabled";
    assert_eq!((error.code, error.message.as_str()), (-31, missing));
    let address = "127.0.0.1:1".parse().unwrap();
    node.network.add_peer(silent_peer(address, address));
    assert_eq!(node.ok("getblocktemplate", &request(&Value::Null))["height"], 1);
}

/// Spends an output that anyone can spend to another.
fn spend(txid: &Value, value: i64, sequence: u32) -> Transaction {
    // P2SH of OP_TRUE.
    let script_pubkey = hex::decode("a914da1745e9b549bd0bfa1a569971c77eba30cd5a4b87").unwrap();
    let prevout = OutPoint { txid: txid.as_str().unwrap().parse().unwrap(), vout: 0 };
    Transaction::from(TxParts {
        version: 2,
        inputs: vec![TxIn { prevout, script_sig: Bytes::from_static(&[1, 0x51]), sequence, witness: Vec::new() }],
        outputs: vec![TxOut { value: Amount(value), script_pubkey: script_pubkey.into() }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    })
}

#[test]
fn templates_are_kept_for_five_seconds_and_the_pool_over_a_restart() {
    let node = Node::start(Network::Regtest);
    let chain = node.chain();
    let hashes = node.ok("generatetodescriptor", &json!([101, "raw(a914da1745e9b549bd0bfa1a569971c77eba30cd5a4b87)"]));
    let coinbase = node.ok("getblock", &json!([hashes[0]]))["tx"][0].clone();
    // The blocks are ahead of the clock.
    let now = NOW + 1000;
    let clock = chain.reader().clock();
    clock.set_mock(now);
    let template = || node.ok("getblocktemplate", &request(&Value::Null));
    let empty = template();
    assert_eq!(empty["transactions"], json!([]));
    assert_eq!(node.ok("getmininginfo", &json!([]))["currentblocktx"], 0);
    let mut parent = coinbase;
    let coin = Amount::COIN.0;
    for fee in [100_000, 300_000] {
        let tx = spend(&parent, 50 * coin - fee, TxIn::SEQUENCE_FINAL);
        parent = node.ok("sendrawtransaction", &json!([hex::encode(tx.bytes())]));
    }
    // The old one is good enough for a while; its time is that of the call.
    clock.set_mock(now + 5);
    let kept = template();
    assert_eq!((&kept["transactions"], &kept["longpollid"]), (&json!([]), &empty["longpollid"]));
    assert_eq!(kept["curtime"], now + 5);
    clock.set_mock(now + 6);
    let both = template();
    assert_ne!(both["longpollid"], empty["longpollid"]);
    let lists: Vec<(&Value, &Value)> =
        both["transactions"].as_array().unwrap().iter().map(|tx| (&tx["fee"], &tx["depends"])).collect();
    assert_eq!(lists, [(&json!(100_000), &json!([])), (&json!(200_000), &json!([1]))]);
    assert_eq!(both["coinbasevalue"], 50 * coin + 300_000);
    let info = node.ok("getmininginfo", &json!([]));
    assert_eq!((&info["currentblocktx"], &info["pooledtx"]), (&json!(2), &json!(2)));

    let error = node.call("savemempool", &json!([])).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (-1, "The mempool was not loaded yet"));
    chain.set_mempool_loaded();
    assert_eq!(node.ok("savemempool", &json!([])), Value::Null);
    let saved = std::fs::read(node.mempool_file()).unwrap();
    assert!(saved.windows(8).any(|part| part == (50 * coin - 300_000).to_le_bytes()), "the transaction is not in it");
    std::fs::remove_dir_all(node.mempool_file().parent().unwrap()).unwrap();
    std::fs::remove_file(node.mempool_file()).ok();
    let error = node.call("savemempool", &json!([])).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (-1, "Unable to dump mempool to disk"));

    // Mined by their ids, in an order in which they can be spent.
    let ids = node.ok("getrawmempool", &json!([]));
    let block = node.ok("generateblock", &json!(["raw(51)", ids]));
    assert_eq!(node.ok("getrawmempool", &json!([])), json!([]));
    assert_eq!(node.ok("getblock", &json!([block["hash"]]))["nTx"], 3);
}
