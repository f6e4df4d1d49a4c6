//! What light clients ask, with test/functional/mweb_p2p.py of v0.21.5.5 as the oracle.

use super::*;
use crate::message::{GetMwebUtxos, UtxoFormat};

/// A chain of 20 blocks, of which those from height 5 on have an extension block.
fn bench() -> (Bench, Vec<Arc<Block>>) {
    let mut bench = Bench::new();
    bench.chain.mweb_height = 5;
    let blocks = bench.mine(20);
    (bench, blocks)
}

fn leafset(hash: BlockHash) -> Message {
    Message::GetData(vec![Inventory::block(InvType::MWEB_LEAFSET, &hash)])
}

fn utxos(block: BlockHash) -> GetMwebUtxos {
    GetMwebUtxos { block, start: 0, count: 1, format: 1 }
}

fn wanted(bench: &Bench) -> Vec<Wanted> {
    bench
        .out
        .iter()
        .filter_map(|o| if let Output::Need { wanted, .. } = o { Some(wanted.clone()) } else { None })
        .collect()
}

#[test]
fn headers_leafsets_and_outputs_are_served() {
    let (mut bench, blocks) = bench();
    let hash = blocks[19].hash();
    let peer = bench.inbound();
    let header = Message::GetData(vec![Inventory::block(InvType::MWEB_HEADER, &blocks[2].hash())]);
    for (message, expected) in [
        (header, Wanted::MwebHeader(blocks[2].hash())),
        (leafset(hash), Wanted::MwebLeafset(hash)),
        (leafset(blocks[9].hash()), Wanted::MwebLeafset(blocks[9].hash())),
        (Message::GetMwebUtxos(utxos(hash)), Wanted::MwebUtxos(utxos(hash), UtxoFormat::Hash)),
    ] {
        bench.out.clear();
        bench.receive(peer, message);
        assert_eq!(wanted(&bench), std::slice::from_ref(&expected));
        bench.served(peer, expected.block(), None);
    }
    let (command, payload) = Wanted::MwebLeafset(hash).answer(&bench.chain).unwrap();
    assert_eq!(
        (command, &payload[..32], &payload[32..]),
        (CommandName::MWEBLEAFSET, &hash.as_bytes()[..], &[4, 0, 0, 0, 20][..])
    );
    assert_eq!(Wanted::MwebHeader(hash).answer(&bench.chain), Err(Unserved::Nothing), "no extension block");
    assert!(bench.closed(peer).is_none());
}

#[test]
fn what_cannot_be_answered_ends_the_connection() {
    let (mut bench, blocks) = bench();
    let hash = blocks[19].hash();
    let cases = [
        (leafset(blocks[8].hash()), CommandName::MWEBLEAFSET),
        (Message::GetMwebUtxos(utxos(blocks[8].hash())), CommandName::GETMWEBUTXOS),
        (Message::GetMwebUtxos(GetMwebUtxos { count: 4097, ..utxos(hash) }), CommandName::GETMWEBUTXOS),
        (Message::GetMwebUtxos(GetMwebUtxos { format: 3, ..utxos(hash) }), CommandName::GETMWEBUTXOS),
        // Even before anybody looks at the block.
        (Message::GetMwebUtxos(GetMwebUtxos { format: 255, ..utxos(BlockHash::ZERO) }), CommandName::GETMWEBUTXOS),
    ];
    for (message, command) in cases {
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::NotServed(command)), "{message:?}");
        // Peers with noban only get no answer.
        let (id, addr) = (bench.peers, "1.2.3.4:5".parse().unwrap());
        bench.peers += 1;
        let permissions = Permissions::NOBAN;
        bench.step(Input::Connected { peer: id, addr, local: None, origin: Origin::Inbound, permissions });
        bench.shake_hands(id);
        bench.receive(id, message);
        assert_eq!(bench.closed(id), None);
        bench.step(Input::Disconnected { peer: id, reason: LinkEnd::Closed });
    }
    assert!(wanted(&bench).is_empty());
    let peer = bench.inbound();
    bench.receive(peer, Message::GetMwebUtxos(GetMwebUtxos { count: 4096, start: 7, format: 2, ..utxos(hash) }));
    let [only] = &wanted(&bench)[..] else { panic!() };
    // Its first leaf is spent, says the chain.
    let sent = only.answer(&bench.chain).map(|(command, payload)| (command, payload.len()));
    assert_eq!(sent, Err(Unserved::Refused));
    bench.step(Input::Served { peer, hash, sent });
    assert!(matches!(bench.closed(peer), Some(DisconnectReason::NotServed(_))));
}

#[test]
fn blocks_without_mweb_have_no_leafset() {
    let mut bench = Bench::new();
    let hash = bench.mine(3)[2].hash();
    let peer = bench.inbound();
    bench.receive(peer, leafset(hash));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::NotServed(CommandName::MWEBLEAFSET)));
}

#[test]
fn other_chains_and_the_initial_download_are_only_ignored() {
    let (mut bench, _) = bench();
    let stale = bench.branch(&bench.chain.active(18).unwrap(), 1, 3).remove(0);
    bench.chain.submit_block(&stale);
    let peer = bench.inbound();
    bench.sent(peer);
    for hash in [stale.hash(), BlockHash::from_bytes([3; 32])] {
        bench.receive(peer, leafset(hash));
        bench.receive(peer, Message::GetMwebUtxos(utxos(hash)));
    }
    bench.receive(peer, Message::Ping(Some(1)));
    assert_eq!(bench.sent(peer), [Message::Pong(Some(1))]);
    assert!(bench.closed(peer).is_none() && wanted(&bench).is_empty());

    let mut catching_up = Bench::new();
    let peer = catching_up.inbound();
    catching_up.receive(peer, leafset(catching_up.chain.tip().hash));
    assert!(catching_up.closed(peer).is_none() && wanted(&catching_up).is_empty());
}
