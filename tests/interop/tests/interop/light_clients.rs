//! Light clients hear the same from litecastd as from litecoind, byte for byte: filters of blocks (BIP157), and blocks seen
//! through their own filter (BIP37), with extension blocks in the chain and blocks beside it.

use serde_json::json;

use crate::harness::{
    Node,
    chain::Wallet,
    no_litecoind,
    peer::{Peer, good},
};

const FILTERED_BLOCK: u32 = 3;

/// The hash as it travels.
fn wire_hash(hash: &str) -> Vec<u8> {
    hex::decode(hash).unwrap().into_iter().rev().collect()
}

fn filters(command: &str, start: u32, stop: &str) -> Vec<u8> {
    good(command, &[&[0][..], &start.to_le_bytes(), &wire_hash(stop)].concat())
}

fn filtered_block(hash: &str) -> Vec<u8> {
    good("getdata", &[&[1][..], &FILTERED_BLOCK.to_le_bytes(), &wire_hash(hash)].concat())
}

/// A filter with everything in it.
fn full(bytes: usize) -> Vec<u8> {
    let mut payload = vec![u8::try_from(bytes).unwrap()];
    payload.resize(1 + bytes, 0xff);
    payload.extend([5, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload
}

/// One with nothing in it, which takes up what matches.
fn empty(bytes: usize) -> Vec<u8> {
    let mut payload = full(bytes);
    payload[1..=bytes].fill(0);
    *payload.last_mut().unwrap() = 1;
    payload
}

#[test]
fn light_clients_hear_the_same() {
    const OPTIONS: [&str; 3] = ["-blockfilterindex=1", "-peerblockfilters=1", "-peerbloomfilters=1"];
    if no_litecoind("light_clients_hear_the_same") {
        return;
    }
    let source = Node::litecoind(&OPTIONS);
    let wallet = Wallet::create(&source);
    let mut node = Node::litecastd(&[&[source.connect().as_str()], &OPTIONS[..]].concat());
    node.start(&[]);
    wallet.activate_mweb();
    wallet.round();
    // A block beside the active chain.
    let stale = source.tip();
    node.wait_for_tip(&stale);
    source.call("invalidateblock", json!([stale]));
    wallet.mine(2);
    node.wait_for_tip(&source.tip());
    source.call("reconsiderblock", json!([stale]));

    let (tip, height) = (source.tip(), u32::try_from(source.height()).unwrap());
    let mut peers = [Peer::shake_hands(source.port), Peer::shake_hands(node.port)];
    let mut ask = |messages: &[u8]| {
        let [theirs, ours] = peers.each_mut().map(|peer| {
            peer.send(messages);
            peer.send(&good("ping", &[7; 8]));
            let mut answers = peer.read_all_until("pong");
            // What a node says of its own accord.
            answers.retain(|(command, _)| !["inv", "feefilter", "addr", "addrv2", "ping"].contains(&command.as_str()));
            answers
        });
        assert_eq!(ours, theirs);
        ours
    };
    let count = |answers: &[(String, Vec<u8>)], command: &str| answers.iter().filter(|(c, _)| c == command).count();

    // Not yet a thousand at once.
    assert_eq!(count(&ask(&filters("getcfilters", 0, &tip)), "cfilter"), height as usize + 1);
    assert_eq!(count(&ask(&filters("getcfilters", height - 3, &stale)), "cfilter"), 3);
    assert_eq!(count(&ask(&filters("getcfheaders", 0, &tip)), "cfheaders"), 1);
    assert_eq!(count(&ask(&filters("getcfheaders", 17, &stale)), "cfheaders"), 1);
    let checkpoints = good("getcfcheckpt", &[&[0][..], &wire_hash(&tip)].concat());
    assert_eq!(count(&ask(&checkpoints), "cfcheckpt"), 1);

    let last: Vec<String> = (0..30).map(|depth| source.hash_at(u64::from(height) - depth)).chain([stale]).collect();
    assert_eq!(count(&ask(&filtered_block(&last[0])), "merkleblock"), 0, "without a filter");
    for filter in [full(1), empty(200)] {
        ask(&good("filterload", &filter));
        for hash in &last {
            assert_eq!(count(&ask(&filtered_block(hash)), "merkleblock"), 1);
        }
    }
    // The script of each output, one after the other; what it spends is found by what was learnt, the earliest block first.
    for hash in last.iter().rev().skip(1) {
        let block = source.call("getblock", json!([hash, 2]));
        for output in block["tx"].as_array().unwrap().iter().flat_map(|tx| tx["vout"].as_array().unwrap()) {
            let script = hex::decode(output["scriptPubKey"]["hex"].as_str().unwrap()).unwrap();
            if let Some(program) = script.get(2..).filter(|program| (20..=40).contains(&program.len())) {
                let added = [&[u8::try_from(program.len()).unwrap()][..], program].concat();
                ask(&[good("filterload", &empty(100)), good("filteradd", &added)].concat());
                let matched = last.iter().rev().skip(1).map(|hash| count(&ask(&filtered_block(hash)), "tx"));
                assert!(matched.sum::<usize>() > 0, "nothing matches {}", hex::encode(program));
            }
        }
        if block["tx"].as_array().unwrap().len() > 3 {
            break;
        }
    }
    ask(&good("filterclear", &[]));
    assert_eq!(count(&ask(&filtered_block(&last[0])), "merkleblock"), 0, "without a filter again");
    node.stop();
}
