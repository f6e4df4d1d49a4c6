//! litecastd in the middle, between two litecoinds that know nobody else: transactions of every kind and blocks travel
//! through it both ways, what a user gives to it reaches both, and both accept what it mines of its mempool.

use std::collections::BTreeSet;

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::harness::{
    Node, PATIENCE,
    chain::FIRST_MWEB_HEIGHT,
    extension::assert_same_block,
    no_litecoind,
    payments::{Kind, Payer},
    wait_for,
};

/// Trickled announcements take a few seconds for each hop; the reference's inbound peers wait longest.
const KINDS: [Kind; 4] = [Kind::PegIn, Kind::Inside, Kind::PegOut, Kind::Ordinary];

fn pool(node: &Node) -> BTreeSet<String> {
    let ids = node.call("getrawmempool", json!([]));
    ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Everybody's mempool holds these and nothing else.
fn wait_for_pools(nodes: &[&Node], wanted: &BTreeSet<String>) {
    for (number, node) in nodes.iter().enumerate() {
        wait_for(&format!("the transactions at node {number}"), PATIENCE, || (pool(node) == *wanted).then_some(()));
    }
}

/// Bytes of messages of this name that a node has received.
fn received(node: &Node, name: &str) -> u64 {
    let peers = node.call("getpeerinfo", json!([]));
    peers.as_array().unwrap().iter().map(|peer| peer["bytesrecv_per_msg"][name].as_u64().unwrap_or(0)).sum()
}

#[test]
fn relays_between_two_litecoinds() {
    if no_litecoind("relays_between_two_litecoinds") {
        return;
    }
    let seed: u64 = rand::random();
    eprintln!("relays_between_two_litecoinds: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let left = Node::litecoind(&[]);
    let mut middle = Node::litecastd(&[&left.connect()]);
    middle.start(&[]);
    let right = Node::litecoind(&[&middle.connect()]);
    // Its wallet tells nobody: what it pays is given to litecastd by hand.
    let silent = Node::litecoind(&[&middle.connect(), "-walletbroadcast=0"]);
    let all = [&left, &middle, &right, &silent];

    let mut payers = [&left, &right, &silent].map(Payer::create);
    for payer in &payers {
        let address = payer.wallet.address("miner", "bech32");
        middle.call("generatetoaddress", json!([20, address]));
    }
    let address = payers[0].wallet.address("miner", "bech32");
    middle.call("generatetoaddress", json!([FIRST_MWEB_HEIGHT - 1 - middle.height(), address]));
    let wait_for_blocks = || all.iter().for_each(|node| node.wait_for_tip(&middle.tip()));
    wait_for_blocks();
    let mut extension_blocks = Vec::new();
    let mut by_kind = [0; KINDS.len()];
    for round in 0..7_usize {
        let mut sent = BTreeSet::new();
        for payer in &mut payers[..2] {
            for at in [round, round + 1].map(|n| n % KINDS.len()) {
                let kind = if round < 2 { Kind::PegIn } else { KINDS[at] };
                if let Some(txid) = payer.pay(kind, &mut random) {
                    by_kind[KINDS.iter().position(|known| *known == kind).unwrap()] += 1;
                    sent.insert(txid);
                }
            }
        }
        let kind = if round < 2 { Kind::PegIn } else { KINDS[round % KINDS.len()] };
        // What is made by hand goes through the node's own sendrawtransaction and is relayed by it.
        if let Some(txid) = payers[2].pay(kind, &mut random) {
            let hex = payers[2].wallet.call(
                if kind == Kind::PegIn || kind == Kind::Ordinary { "miner" } else { "mweb" },
                "gettransaction",
                json!([txid]),
            );
            let given = middle.text("sendrawtransaction", json!([hex["hex"]]));
            assert_eq!(given, txid);
            sent.insert(txid);
        }
        wait_for_pools(&all, &sent);
        let before = all.map(|node| received(node, "blocktxn"));
        let miner = all[round % 3];
        let hash = match round % 3 {
            1 => middle.call("generatetoaddress", json!([1, address]))[0].clone(),
            at => payers[at / 2].wallet.mine(1).remove(0).into(),
        };
        assert_eq!(miner.tip(), hash.as_str().unwrap());
        for node in all {
            node.wait_for_tip(hash.as_str().unwrap());
        }
        // A block of transactions that everybody has travels without them.
        assert_eq!(all.map(|node| received(node, "blocktxn")), before, "round {round}");
        wait_for_pools(&all, &BTreeSet::new());
        let contents = assert_same_block(&middle, &right, hash.as_str().unwrap());
        extension_blocks.push(contents);
        let block = middle.call("getblock", json!([hash, 1]));
        let mined = block["tx"].as_array().unwrap().len() - 2 + contents.kernels;
        assert!(mined >= sent.len(), "round {round}: {mined} of {}", sent.len());
    }
    assert!(by_kind.iter().all(|count| *count > 0), "{by_kind:?}");
    // Announced compactly, in both directions.
    for node in all {
        assert!(received(node, "cmpctblock") > 0);
    }
    for node in [&left, &right, &silent] {
        let peers = node.call("getpeerinfo", json!([]));
        assert_eq!(peers.as_array().unwrap().len(), 1, "{peers}");
        assert_eq!(peers[0]["relaytxes"], Value::Bool(true));
        assert_eq!(node.call("verifychain", json!([4, 12])), json!(true));
    }
    eprintln!("{by_kind:?} payments, {extension_blocks:?}");
    middle.stop();
}
