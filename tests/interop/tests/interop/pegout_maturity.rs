//! A rule that the reference forgets when it undoes a block, and litecastd does not.
//!
//! A peg-out may be spent six blocks later. litecoind's undo data do not say which coins were peg-outs (v0.21.5.5
//! `src/undo.h`, TxInUndoFormatter), so a litecoind that has undone such a spend lets the coin be spent early on the next
//! branch, in a block that every litecoind without that past refuses. litecastd decides like the latter: what it holds valid
//! does not depend on what it has seen before.

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, chain::Wallet, no_litecoind, wait_for};

/// Blocks until a peg-out can be spent (v0.21.5.5 `src/consensus/consensus.h`, PEGOUT_MATURITY).
const PEGOUT_MATURITY: u64 = 6;

#[test]
fn a_pegout_stays_immature_after_a_reorganisation() {
    if no_litecoind("a_pegout_stays_immature_after_a_reorganisation") {
        return;
    }
    let forgetful = Node::litecoind(&[]);
    let wallet = Wallet::create(&forgetful);
    let mut node = Node::litecastd(&[&forgetful.connect()]);
    node.start(&[]);
    wallet.activate_mweb();
    wallet.send("mweb", "miner", "bech32", "1");
    let pegout_block = wallet.mine(1).remove(0);
    let pegout_height = forgetful.height();

    // Spent as early as allowed.
    wallet.mine(PEGOUT_MATURITY - 1);
    let block = forgetful.call("getblock", json!([pegout_block, 2]));
    let hogex = block["tx"].as_array().unwrap().last().unwrap();
    let input = json!([{"txid": hogex["txid"], "vout": 1}]);
    let target = json!([{ wallet.address("miner", "bech32"): "0.99" }]);
    let raw = wallet.call("miner", "createrawtransaction", json!([input, target]));
    let signed = wallet.call("miner", "signrawtransactionwithwallet", json!([raw]));
    let spend = wallet.call("miner", "sendrawtransaction", json!([signed["hex"]]));
    wallet.mine(1);
    let old_tip = forgetful.tip();
    node.wait_for_tip(&old_tip);

    // The last three blocks go; the spend waits in the forgetful node's mempool and is mined again, too early.
    let fork = forgetful.height() - 3;
    forgetful.call("invalidateblock", json!([forgetful.hash_at(fork + 1)]));
    let early = wallet.mine(1).remove(0);
    let depth = forgetful.height() - pegout_height;
    assert!(depth < PEGOUT_MATURITY);
    let mined = forgetful.call("getblock", json!([early]));
    assert!(mined["tx"].as_array().unwrap().contains(&spend), "the reference has learnt to remember: {mined}");
    wallet.mine(3);

    let invalid = |node: &Node| {
        let tips = node.call("getchaintips", json!([]));
        let mut tips = tips.as_array().unwrap().iter();
        tips.any(|tip: &Value| tip["status"] == "invalid").then_some(())
    };
    // A litecoind without that past refuses the branch, and so does litecastd, which was there.
    let fresh = Node::litecoind(&[&forgetful.connect()]);
    wait_for("refusal by the reference", PATIENCE, || invalid(&fresh));
    wait_for("refusal by litecastd", PATIENCE, || invalid(&node));
    assert_eq!(fresh.height(), fork);
    assert_eq!(node.tip(), old_tip);
    node.stop();
}
