//! Requests for filters, with test/functional/p2p_blockfilters.py of v0.21.5.5 as the oracle.

use super::*;
use crate::message::FilterRequest;

/// A node that offers filters, with so many blocks.
fn bench(blocks: u32) -> (Bench, Vec<Arc<Block>>) {
    let mut bench = Bench::with(|config| config.services = config.services | ServiceFlags::COMPACT_FILTERS);
    bench.by_hand = true;
    let blocks = bench.mine(blocks);
    (bench, blocks)
}

fn request(start: u32, stop: BlockHash) -> FilterRequest {
    FilterRequest { kind: 0, start, stop }
}

/// Lets the chain answer all that is asked of it; command and payload of each answer.
fn answers(bench: &mut Bench, peer: PeerId) -> Vec<(CommandName, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some(at) = bench.out.iter().position(|output| matches!(output, Output::Need { .. })) {
        let Output::Need { wanted, .. } = bench.out.remove(at) else { unreachable!() };
        let answer = wanted.answer(&bench.chain);
        let sent = answer.as_ref().map(|(command, payload)| (*command, payload.len())).map_err(|why| *why);
        found.extend(answer.ok().map(|(command, payload)| (command, payload.to_vec())));
        bench.step(Input::Served { peer, hash: wanted.block(), sent });
    }
    found
}

#[test]
fn filters_come_one_after_the_other() {
    let (mut bench, blocks) = bench(1200);
    let peer = bench.inbound();
    bench.out.clear();
    bench.receive(peer, Message::GetCFilters(request(199, blocks[1197].hash())));
    bench.receive(peer, Message::Ping(Some(1)));
    let needs = bench.out.iter().filter(|output| matches!(output, Output::Need { .. })).count();
    assert_eq!(needs, 1, "one at a time");
    assert!(bench.sent(peer).is_empty(), "what comes after waits");
    let found = answers(&mut bench, peer);
    assert_eq!(found.len(), 1000);
    for ((command, payload), block) in found.iter().zip(&blocks[198..]) {
        let filter = bench.chain.block_filter(&block.hash()).unwrap();
        let length = u8::try_from(filter.len()).unwrap();
        let expected = [&[0][..], block.hash().as_bytes(), &[length], &filter].concat();
        assert_eq!((*command, payload), (CommandName::CFILTER, &expected));
    }
    assert_eq!(bench.sent(peer), [Message::Pong(Some(1))]);
    // The genesis block has one, too.
    let genesis = bench.chain.active(0).unwrap().hash;
    bench.receive(peer, Message::GetCFilters(request(0, genesis)));
    assert_eq!(answers(&mut bench, peer).len(), 1);
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn hashes_and_checkpoints() {
    let (mut bench, blocks) = bench(2100);
    let peer = bench.inbound();
    bench.out.clear();
    let tip = blocks[2099].hash();
    bench.receive(peer, Message::GetCFHeaders(request(101, tip)));
    let (command, payload) = answers(&mut bench, peer).remove(0);
    let filters = bench.chain.filter_hashes(101, &tip).unwrap();
    assert_eq!((command, filters.hashes.len()), (CommandName::CFHEADERS, 2000));
    let expected = [&[0][..], tip.as_bytes(), &filters.below, &[0xfd, 0xd0, 0x07], &filters.hashes.concat()].concat();
    assert_eq!(payload, expected);
    bench.receive(peer, Message::GetCFHeaders(request(0, blocks[0].hash())));
    let (_, payload) = answers(&mut bench, peer).remove(0);
    assert_eq!((&payload[33..65], payload.len()), (&[0; 32][..], 66 + 64));

    for (stop, count) in [(2099, 2), (1999, 2), (1998, 1), (998, 0)] {
        let stop = blocks[stop].hash();
        bench.receive(peer, Message::GetCFCheckpt(request(0, stop)));
        let (command, payload) = answers(&mut bench, peer).remove(0);
        assert_eq!(
            (command, payload[33], payload.len()),
            (CommandName::CFCHECKPT, count, 34 + 32 * usize::from(count))
        );
        let headers = bench.chain.filter_checkpoints(&stop).unwrap();
        assert_eq!(payload[34..], headers.concat());
    }
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn what_is_not_allowed_ends_the_connection() {
    let (mut bench, blocks) = bench(2005);
    let (tip, low) = (blocks[2004].hash(), blocks[4].hash());
    let unknown = BlockHash::from_bytes([5; 32]);
    for message in [
        Message::GetCFilters(request(1006 - 1, tip)),
        Message::GetCFHeaders(request(6 - 1, tip)),
        Message::GetCFilters(request(6, low)),
        Message::GetCFHeaders(request(u32::MAX, low)),
        Message::GetCFilters(request(0, unknown)),
        Message::GetCFHeaders(request(0, unknown)),
        Message::GetCFCheckpt(request(0, unknown)),
        Message::GetCFilters(FilterRequest { kind: 1, ..request(0, low) }),
        Message::GetCFHeaders(FilterRequest { kind: 255, ..request(0, low) }),
        Message::GetCFCheckpt(FilterRequest { kind: 255, ..request(0, low) }),
    ] {
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::NotServed(message.command())), "{message:?}");
    }
    assert!(answers(&mut bench, 0).is_empty());
}

#[test]
fn who_does_not_offer_filters_has_none() {
    let mut bench = Bench::new();
    let tip = bench.mine(3)[2].hash();
    for message in [
        Message::GetCFilters(request(1, tip)),
        Message::GetCFHeaders(request(1, tip)),
        Message::GetCFCheckpt(request(0, tip)),
    ] {
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::NotServed(message.command())));
    }
}

#[test]
fn a_missing_filter_ends_the_answer_and_nothing_else() {
    let (mut bench, blocks) = bench(5);
    let peer = bench.inbound();
    bench.out.clear();
    bench.receive(peer, Message::GetCFilters(request(1, blocks[4].hash())));
    bench.served(peer, blocks[0].hash(), Some(60));
    bench.served(peer, blocks[1].hash(), None);
    bench.out.clear();
    bench.receive(peer, Message::Ping(Some(2)));
    assert_eq!(bench.sent(peer), [Message::Pong(Some(2))]);
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn requests_survive_the_wire() {
    let stop = BlockHash::from_bytes([9; 32]);
    for message in [
        Message::GetCFilters(request(77, stop)),
        Message::GetCFHeaders(request(u32::MAX, stop)),
        Message::GetCFCheckpt(request(0, stop)),
    ] {
        let payload = message.encode();
        assert_eq!(payload.len(), if message.command() == CommandName::GETCFCHECKPT { 33 } else { 37 });
        assert_eq!(Message::decode(message.command(), payload).unwrap().unwrap(), message);
    }
}
