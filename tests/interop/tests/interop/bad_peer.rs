//! Nonsense over the wire: litecastd closes or keeps the connection as litecoind does, and serves an honest peer meanwhile.

use crate::harness::{
    Node, no_litecoind,
    peer::{MAGIC, Peer, checksum, good, message},
};

/// What a bad peer sends, and the name of it.
fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let ping = 7_u64.to_le_bytes();
    let sum = checksum(&ping);
    let mut other_magic = MAGIC;
    other_magic[3] ^= 1;
    let zeros = vec![0; 100_000];
    let noise: Vec<u8> = (0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    vec![
        ("another network's magic", message(other_magic, "ping", &ping, 8, sum)),
        ("a payload one byte over the limit", message(MAGIC, "ping", &[], 4_000_001, sum)),
        ("the largest length", message(MAGIC, "ping", &[], u32::MAX, sum)),
        ("a length beyond the payload, then silence", message(MAGIC, "ping", &ping, 3_999_999, sum)),
        ("a wrong checksum", message(MAGIC, "ping", &ping, 8, [sum[0] ^ 1, sum[1], sum[2], sum[3]])),
        ("a command with bytes after its end", {
            let mut bytes = good("ping", &ping);
            bytes[4..16].copy_from_slice(b"ping\0\0\0\0\0\0\0g");
            bytes
        }),
        ("an unknown command", good("nonsense", &ping)),
        ("a block that ends too early", good("block", &[1, 2, 3])),
        ("an empty transaction", good("tx", &[])),
        ("an inventory that counts more than it has", good("inv", &[0xfd, 0xff, 0xff])),
        ("an inventory over the limit", {
            let mut inv = vec![0xfd, 0x51, 0xc3];
            inv.resize(3 + 50_001 * 36, 0);
            good("inv", &inv)
        }),
        ("headers that count to the sky", good("headers", &[0xff; 9])),
        ("a second version", good("version", &[0; 90])),
        ("zeros", zeros),
        ("noise", noise),
    ]
}

/// Whether the connection survives: it does if a ping is answered.
fn survives(port: u16, bytes: &[u8]) -> bool {
    let mut peer = Peer::shake_hands(port);
    peer.send(bytes);
    peer.ping()
}

#[test]
fn nonsense_is_answered_as_litecoind_answers_it() {
    if no_litecoind("nonsense_is_answered_as_litecoind_answers_it") {
        return;
    }
    let reference = Node::litecoind(&[]);
    let mut node = Node::litecastd(&[]);
    node.start(&[]);
    let mut honest = Peer::shake_hands(node.port);
    for (name, bytes) in nonsense() {
        // A message that never ends is open at both: there is nothing to answer a ping with.
        if name.ends_with("silence") {
            let mut silent = Peer::shake_hands(node.port);
            silent.send(&bytes);
        } else {
            assert_eq!(
                survives(node.port, &bytes),
                survives(reference.port, &bytes),
                "{name}: alive at ours, at theirs"
            );
        }
        assert!(honest.ping(), "an honest peer was left alone after {name}");
    }
    // And before the handshake.
    for (name, bytes) in nonsense() {
        let mut peer = Peer::connect(node.port);
        peer.send(&bytes);
        assert!(honest.ping(), "an honest peer was left alone after {name}, before a handshake");
    }
    // Many at once, with half a message each.
    let crowd: Vec<Peer> = (0..40)
        .map(|_| {
            let mut peer = Peer::connect(node.port);
            peer.send(&good("ping", &[0; 8])[..20]);
            peer
        })
        .collect();
    assert!(honest.ping(), "an honest peer was left alone in a crowd");
    drop(crowd);
    node.stop();
}
