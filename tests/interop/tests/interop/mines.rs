//! Blocks that litecastd makes are good enough for litecoind, before extension blocks and with them.

use serde_json::json;

use crate::harness::{
    Node,
    chain::{FIRST_MWEB_HEIGHT, Wallet},
    no_litecoind,
    node::assert_same_chain,
};

#[test]
fn mines_what_litecoind_accepts() {
    if no_litecoind("mines_what_litecoind_accepts") {
        return;
    }
    let mut node = Node::litecastd(&[]);
    node.start(&[]);
    let judge = Node::litecoind(&[&node.connect(), "-checkblocks=0"]);
    let wallet = Wallet::create(&judge);
    let address = wallet.address("miner", "bech32");
    let hashes = node.call("generatetoaddress", json!([110, address]));
    assert_eq!(hashes.as_array().unwrap().len(), 110);
    judge.wait_for_tip(&node.tip());
    assert_eq!(hashes[109], json!(node.tip()));

    // litecoind pegs in, which takes a wallet; the blocks on top are ours.
    wallet.activate_mweb();
    node.wait_for_tip(&judge.tip());
    for address in [wallet.address("miner", "legacy"), wallet.address("miner", "p2sh-segwit"), address] {
        let hash = node.call("generatetoaddress", json!([1, address]))[0].clone();
        judge.wait_for_tip(&node.tip());
        let block = judge.call("getblock", json!([hash, 2]));
        assert_eq!(block["mweb"]["kernels"], json!([]), "an empty extension block");
        assert_eq!(block["tx"].as_array().unwrap().len(), 2, "a coinbase and a HogEx");
    }
    assert_eq!(judge.height(), FIRST_MWEB_HEIGHT + 3);
    assert_eq!(judge.call("verifychain", json!([4, 0])), json!(true));

    // The coins in ours are good: litecoind goes on from there, with payments of all kinds.
    wallet.round();
    node.wait_for_tip(&judge.tip());
    assert_same_chain(&node, &judge);
    node.stop();
}
