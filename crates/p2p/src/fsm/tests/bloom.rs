//! Filters of light clients, with test/functional/p2p_filter.py of v0.21.5.5 as the oracle.

use bytes::Bytes;
use litecast_primitives::codec::Reader;

use super::*;
use crate::bloom::{Bloom, FilteredBlock};

fn bench() -> Bench {
    Bench::with(|config| {
        config.services = config.services | ServiceFlags::BLOOM;
        config.relay_transactions = true;
    })
}

/// A filter of so many bytes and hash functions that puts in all outputs that match.
fn bloom(bytes: usize, hash_functions: u32) -> Bloom {
    let mut payload = Vec::new();
    litecast_primitives::codec::put_var_bytes(&mut payload, &vec![0; bytes]);
    payload.extend_from_slice(&hash_functions.to_le_bytes());
    payload.extend_from_slice(&[0, 0, 0, 0, 1]);
    Bloom::decode(&mut Reader::new(payload.into())).unwrap()
}

fn load(bytes: usize, hash_functions: u32) -> Message {
    Message::FilterLoad(Box::new(bloom(bytes, hash_functions)))
}

fn filtered(hash: BlockHash) -> Message {
    Message::GetData(vec![Inventory::block(InvType::FILTERED_BLOCK, &hash)])
}

/// Carries the request out that must have been made.
fn look(bench: &mut Bench, peer: PeerId) -> FilteredBlock {
    let at = bench.out.iter().position(|output| matches!(output, Output::Filter { .. })).unwrap();
    let Output::Filter { hash, filter, .. } = bench.out.remove(at) else { unreachable!() };
    let found = FilteredBlock::new(bench.chain.block(&hash).unwrap().as_ref(), filter);
    bench.step(Input::Filtered { peer, hash, found: Some(found.clone()) });
    found
}

/// Commands that were sent to a peer, with their payloads.
fn frames(bench: &mut Bench, to: PeerId) -> Vec<(CommandName, Bytes)> {
    let mut found = Vec::new();
    bench.out.retain(|output| match output {
        Output::Send { peer, frame, command } if *peer == to => {
            found.push((*command, frame.slice(HEADER_SIZE..)));
            false
        }
        _ => true,
    });
    found
}

#[test]
fn limits() {
    for (message, reason) in [
        (load(36_000, 50), None),
        (load(36_001, 50), Some("too-large bloom filter")),
        (load(36_000, 51), Some("too-large bloom filter")),
        (Message::FilterAdd(vec![1; 520].into()), Some("bad filteradd message")),
    ] {
        let mut bench = bench();
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        let expected = reason.map(|_| &DisconnectReason::Misbehaved);
        assert_eq!(bench.closed(peer), expected, "{}", message.command());
    }
    let mut bench = bench();
    let peer = bench.inbound();
    bench.receive(peer, load(100, 5));
    bench.receive(peer, Message::FilterAdd(vec![1; 520].into()));
    assert_eq!((bench.closed(peer), bench.score(peer)), (None, 0));
    bench.receive(peer, Message::FilterAdd(vec![1; 521].into()));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
}

#[test]
fn who_does_not_offer_filters_takes_none() {
    for message in [load(10, 1), Message::FilterAdd(Bytes::new()), Message::FilterClear] {
        let mut bench = Bench::new();
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::NotServed(message.command())));
        // But from whom may.
        let (id, addr) = (bench.peers, SocketAddr::new("1.2.3.9".parse().unwrap(), 1));
        bench.peers += 1;
        let permissions = Permissions::BLOOMFILTER;
        bench.step(Input::Connected { peer: id, addr: addr.into(), local: None, origin: Origin::Inbound, permissions });
        bench.receive(id, Message::Version(Box::new(version())));
        let told = bench.sent(id);
        let Some(Message::Version(told)) = told.first() else { panic!("{told:?}") };
        assert!(told.services.has(ServiceFlags::BLOOM));
        bench.receive(id, Message::Verack);
        bench.receive(id, load(10, 1));
        bench.receive(id, message);
        assert_eq!(bench.closed(id), None);
    }
}

#[test]
fn blocks_are_seen_through_the_filter() {
    let mut bench = bench();
    let blocks = bench.mine(3);
    let peer = bench.inbound();
    bench.out.clear();
    let hash = blocks[2].hash();
    // Nothing without a filter, and not even that it is not there.
    bench.receive(peer, filtered(hash));
    assert!(frames(&mut bench, peer).is_empty());
    // An empty filter matches all.
    bench.receive(peer, load(0, 5));
    bench.receive(peer, filtered(hash));
    bench.receive(peer, Message::Ping(Some(4)));
    assert!(frames(&mut bench, peer).is_empty(), "what comes after waits for the block");
    let found = look(&mut bench, peer);
    let coinbase = &blocks[2].transactions()[0];
    assert_eq!(found.matched, blocks[2].transactions());
    let expected = [
        (CommandName::MERKLEBLOCK, found.merkle_block.clone()),
        (CommandName::TX, coinbase.encode(Encoding::Base)),
        (CommandName::PONG, 4u64.to_le_bytes().to_vec().into()),
    ];
    assert_eq!(frames(&mut bench, peer), expected);
    // Of one transaction: header, count, one hash, one flag.
    let proof = [&[1, 0, 0, 0, 1][..], coinbase.txid().as_bytes(), &[1, 1]].concat();
    assert_eq!(found.merkle_block[80..], proof);
    // One that matches nothing.
    bench.receive(peer, load(10, 5));
    bench.receive(peer, filtered(hash));
    assert!(look(&mut bench, peer).matched.is_empty());
    let sent = frames(&mut bench, peer);
    assert_eq!((sent.len(), sent[0].0, sent[0].1.last()), (1, CommandName::MERKLEBLOCK, Some(&0)));
    // What it learns from a block it knows in the next.
    bench.receive(peer, load(100, 5));
    bench.receive(peer, Message::FilterAdd(Bytes::copy_from_slice(coinbase.txid().as_bytes())));
    bench.receive(peer, filtered(hash));
    assert_eq!(look(&mut bench, peer).matched.len(), 1);
    bench.receive(peer, Message::FilterClear);
    bench.receive(peer, filtered(hash));
    assert!(!bench.out.iter().any(|output| matches!(output, Output::Filter { .. })));
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn a_filter_asks_for_transactions() {
    let mut bench = bench();
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    bench.receive(peer, Message::Version(Box::new(Version { relay: false, ..version() })));
    bench.receive(peer, Message::Verack);
    let wants = |bench: &Bench| bench.fsm.peers[&peer].wants_txs;
    assert!(!wants(&bench));
    bench.receive(peer, load(10, 5));
    assert!(wants(&bench));
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn filters_survive_the_wire() {
    for message in [load(36_000, 50), Message::FilterAdd(vec![7; 520].into()), Message::FilterClear] {
        let payload = message.encode();
        assert_eq!(Message::decode(message.command(), payload).unwrap().unwrap(), message);
    }
}

/// As p2p_filter.py: what does not match is not told, nor by `mempool`.
#[test]
fn transactions_are_told_through_the_filter() {
    let mut bench = transactions::bench_with(|config| config.services = config.services | ServiceFlags::BLOOM);
    let (tx, wtx) = (transactions::tx, transactions::wtx);
    let (all, some) = (bench.meet(transactions::OUTBOUND), bench.meet(transactions::OUTBOUND));
    bench.receive(some, load(1000, 10));
    bench.receive(some, Message::FilterAdd(Bytes::copy_from_slice(tx(1).txid().as_bytes())));
    bench.put(&tx(0));
    bench.put(&tx(1));
    bench.wait(600 * SECOND);
    assert_eq!(bench.heard(all).concat().len(), 2);
    assert_eq!(bench.heard(some).concat(), [wtx(&tx(1))]);
    let again = bench.meet(transactions::OUTBOUND);
    bench.receive(again, load(1000, 10));
    bench.receive(again, Message::FilterAdd(Bytes::copy_from_slice(tx(0).txid().as_bytes())));
    bench.receive(again, Message::Mempool);
    bench.wait(600 * SECOND);
    assert_eq!(bench.heard(again).concat(), [wtx(&tx(0))]);
}
