//! Blocks travel through litecastd as compact blocks (BIP152 with Litecoin's version 3), and what it makes of a block
//! for others is what litecoind makes of it, byte for byte.

use serde_json::json;

use crate::harness::{
    Node,
    chain::{FIRST_MWEB_HEIGHT, Wallet},
    no_litecoind,
    peer::{Peer, good},
};

/// Bytes of messages of these names that a node has received from all its peers.
fn received<const N: usize>(node: &Node, names: [&str; N]) -> [u64; N] {
    let peers = node.call("getpeerinfo", json!([]));
    let of = |name: &str| {
        let peers = peers.as_array().unwrap().iter();
        peers.map(|peer| peer["bytesrecv_per_msg"][name].as_u64().unwrap_or(0)).sum::<u64>()
    };
    names.map(of)
}

#[test]
fn blocks_travel_compactly() {
    if no_litecoind("blocks_travel_compactly") {
        return;
    }
    let source = Node::litecoind(&[]);
    let wallet = Wallet::create(&source);
    // No transaction reaches it before its block does, nor the sink, which knows litecastd alone.
    let mut node = Node::litecastd(&[&source.connect(), "-blocksonly"]);
    node.start(&[]);
    let sink = Node::litecoind(&[&node.connect()]);
    wallet.activate_mweb();
    sink.wait_for_tip(&source.tip());

    let names = ["block", "cmpctblock", "blocktxn"];
    let before = [received(&node, names), received(&sink, names)];
    for amount in 1..=4 {
        // An ordinary payment, a peg-in and, from the second block on, a payment within the extension block.
        wallet.send("miner", "miner", "", "3");
        wallet.send("miner", "mweb", "mweb", &amount.to_string());
        if amount > 1 {
            wallet.send("mweb", "mweb", "mweb", "0.5");
        }
        wallet.mine(1);
        node.wait_for_tip(&source.tip());
        sink.wait_for_tip(&source.tip());
    }
    for (at, (name, node)) in [("litecastd", &node), ("litecoind", &sink)].into_iter().enumerate() {
        let after = received(node, names);
        let grown: [u64; 3] = std::array::from_fn(|message| after[message] - before[at][message]);
        let [whole, compact, transactions] = grown;
        assert!(whole == 0 && compact > 4 * 1000 && transactions > 4 * 200, "{name}: {grown:?}");
    }

    // The other way, from a node without transactions to one with a mempool.
    let before = received(&source, names);
    for _ in 0..3 {
        let address = wallet.address("miner", "bech32");
        node.call("generatetoaddress", json!([1, address]));
        source.wait_for_tip(&node.tip());
        sink.wait_for_tip(&node.tip());
    }
    let after = received(&source, names);
    assert!(after[0] == before[0] && after[1] > before[1], "{before:?} {after:?}");

    let judges = [&source, &sink];
    for judge in judges {
        let peers = judge.call("getpeerinfo", json!([]));
        assert!(peers.as_array().unwrap().iter().all(|peer| peer["subver"].as_str().unwrap().contains("Litecast")));
        assert_eq!(peers.as_array().unwrap().len(), 1, "nobody was sent away");
    }
    node.stop();
}

/// The hash as it travels.
fn wire_hash(hash: &str) -> Vec<u8> {
    hex::decode(hash).unwrap().into_iter().rev().collect()
}

fn getdata(kind: u32, hash: &str) -> Vec<u8> {
    good("getdata", &[&[1][..], &kind.to_le_bytes(), &wire_hash(hash)].concat())
}

#[test]
fn serves_what_litecoind_serves() {
    const MWEB_HEADER: u32 = 0x2000_0008;
    const COMPACT_BLOCK: u32 = 4;
    if no_litecoind("serves_what_litecoind_serves") {
        return;
    }
    let source = Node::litecoind(&[]);
    let wallet = Wallet::create(&source);
    let mut node = Node::litecastd(&[&source.connect()]);
    node.start(&[]);
    wallet.activate_mweb();
    wallet.round();
    node.wait_for_tip(&source.tip());

    let mut asked = [(Peer::shake_hands(source.port), "litecoind"), (Peer::shake_hands(node.port), "litecastd")];
    let mut ask = |message: &[u8], answer: &str| {
        let [theirs, ours] = asked.each_mut().map(|(peer, name)| {
            peer.send(message);
            peer.read_until(answer).unwrap_or_else(|| panic!("{name} does not answer with {answer}"))
        });
        (theirs, ours)
    };
    let version_3 = good("sendcmpct", &[&[0][..], &3_u64.to_le_bytes()].concat());
    ask(&[version_3, good("ping", &[9; 8])].concat(), "pong");
    for depth in 0..=6 {
        let hash = source.hash_at(source.height() - depth);
        let count = source.call("getblock", json!([hash]))["nTx"].as_u64().unwrap();
        let name = if depth <= 5 { "cmpctblock" } else { "block" };
        let (theirs, ours) = ask(&getdata(COMPACT_BLOCK, &hash), name);
        if depth > 5 {
            assert_eq!(ours, theirs, "the whole block {depth} below the tip");
            continue;
        }
        // Apart from the nonce and the short ids, which hang on it. Coinbase and HogEx come along.
        let ids = usize::try_from(count - 2).unwrap();
        assert_eq!((ours[..80] == theirs[..80], usize::from(ours[88])), (true, ids), "{depth} below the tip");
        let rest = 88 + 1 + 6 * ids;
        assert_eq!(hex::encode(&ours[rest..]), hex::encode(&theirs[rest..]), "{depth} below the tip");
        // All transactions: first index 0, then no distance.
        let mut request = wire_hash(&hash);
        request.push(u8::try_from(count).unwrap());
        request.resize(request.len() + usize::try_from(count).unwrap(), 0);
        let (theirs, ours) = ask(&good("getblocktxn", &request), "blocktxn");
        assert_eq!(hex::encode(ours), hex::encode(theirs), "blocktxn {depth} below the tip");
    }
    // Before there were extension blocks there is nothing to tell, and who asks for too much is sent away.
    let [_, (ours, _)] = &mut asked;
    for height in FIRST_MWEB_HEIGHT..=source.height() {
        let hash = source.hash_at(height);
        ours.send(&getdata(MWEB_HEADER, &hash));
        let payload = hex::encode(ours.read_until("mwebheader").unwrap());
        assert!(payload.starts_with(&source.text("getblockheader", json!([hash, false]))));
        // The HogEx as it stands in the block, which it ends but for the extension block; behind it the MWEB header.
        let block = source.call("getblock", json!([hash, 2]));
        let hogex = block["tx"].as_array().unwrap().last().unwrap()["hex"].as_str().unwrap().to_owned();
        let (_, header) = payload.split_once(&hogex).unwrap();
        assert!(source.text("getblock", json!([hash, 0])).contains(&format!("{hogex}01{header}")), "at {height}");
    }
    ours.send(&getdata(MWEB_HEADER, &source.hash_at(100)));
    assert!(ours.ping());
    let mut request = wire_hash(&source.tip());
    request.extend([0, 0x01, 0x10, 0]);
    ours.send(&good("getmwebutxos", &request));
    assert!(!ours.ping());
    node.stop();
}
