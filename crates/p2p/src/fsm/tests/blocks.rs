//! Headers, download, serving and announcements.

use litecast_primitives::{Amount, OutPoint, Transaction, TxOut, transaction::TxParts};

use super::*;
use crate::simulator::toy_chain::{make_block_of, transaction_of};

fn getdata_of(messages: &[Message]) -> Vec<Inventory> {
    let lists = messages.iter().filter_map(|m| if let Message::GetData(list) = m { Some(list.clone()) } else { None });
    lists.flatten().collect()
}

fn locator_of(bench: &Bench, height: u32) -> Locate {
    let from = bench.chain.active(height).unwrap().hash;
    Locate { version: 70017, locator: bench.chain.locator(&from), stop: BlockHash::ZERO }
}

#[test]
fn announced_blocks_are_fetched_with_everything() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = bench.outbound(ConnectionType::OutboundFullRelay);
    bench.sent(peer);
    let blocks = bench.branch(&bench.chain.tip(), 2, 1);
    bench.receive(peer, headers(&blocks));
    let wanted: Vec<_> = blocks.iter().map(|b| Inventory::block(InvType(0x6000_0002), &b.hash())).collect();
    assert_eq!(getdata_of(&bench.sent(peer)), wanted);
    assert_eq!(bench.fsm.peers(bench.now)[0].in_flight, [2, 3]);
    for block in &blocks {
        bench.receive(peer, Message::Block(Arc::clone(block)));
    }
    assert_eq!(bench.chain.tip().hash, blocks[1].hash());
    let info = &bench.fsm.peers(bench.now)[0];
    assert_eq!((info.synced_headers, info.in_flight.len()), (Some(3), 0));
    assert_eq!(info.last_block, Some(bench.now));
    assert!(bench.out.iter().any(|o| matches!(o, Output::SubmitBlock { requested: true, .. })));
}

#[test]
fn the_encoding_follows_the_services() {
    for (services, kind) in [
        (ServiceFlags::OURS, 0x6000_0002),
        (ServiceFlags::NETWORK | ServiceFlags::WITNESS, 0x4000_0002),
        (ServiceFlags::NETWORK | ServiceFlags::MWEB, 2),
        (ServiceFlags::NETWORK, 2),
    ] {
        let mut bench = Bench::with(|c| {
            let mut params = (*c.params).clone();
            params.segwit_height = u32::MAX;
            c.params = Arc::new(params);
        });
        bench.mine(1);
        let peer = bench.connect(Origin::Inbound, "1.2.3.4");
        bench.receive(peer, Message::Version(Box::new(Version { services, ..version() })));
        bench.receive(peer, Message::Verack);
        let blocks = bench.branch(&bench.chain.tip(), 1, 1);
        bench.receive(peer, headers(&blocks));
        assert_eq!(getdata_of(&bench.sent(peer)), [Inventory::block(InvType(kind), &blocks[0].hash())]);
    }
    // Where SegWit applies, nothing is fetched without it.
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    let services = ServiceFlags::NETWORK;
    bench.receive(peer, Message::Version(Box::new(Version { services, ..version() })));
    bench.receive(peer, Message::Verack);
    let blocks = bench.branch(&bench.chain.tip(), 1, 1);
    bench.receive(peer, headers(&blocks));
    assert!(getdata_of(&bench.sent(peer)).is_empty());
}

#[test]
fn sixteen_at_a_time() {
    let mut bench = Bench::new();
    bench.by_hand = true;
    let peer = bench.outbound(ConnectionType::OutboundFullRelay);
    bench.sent(peer);
    let blocks = bench.branch(&bench.chain.tip(), 40, 1);
    bench.receive(peer, headers(&blocks));
    let all: Vec<_> = blocks.iter().map(|b| *b.header()).collect();
    bench.chain.submit_headers(&all).unwrap();
    bench.step(Input::HeadersVerdict { peer, verdict: Ok(()) });
    assert_eq!(getdata_of(&bench.sent(peer)).len(), 16);
    // All sixteen come; the engine is slow. The next are asked for, but no more than sixteen go to the engine.
    for block in &blocks[..32] {
        bench.receive(peer, Message::Block(Arc::clone(block)));
    }
    let at_engine = |bench: &Bench| bench.out.iter().filter(|o| matches!(o, Output::SubmitBlock { .. })).count();
    assert_eq!(at_engine(&bench), MAX_SUBMITTED_PER_PEER);
    // A ping waits behind the blocks.
    bench.receive(peer, Message::Ping(Some(3)));
    assert!(!bench.sent(peer).contains(&Message::Pong(Some(3))));
    // What is at the engine is not asked for again.
    assert!(getdata_of(&bench.sent(peer)).is_empty());
    for block in &blocks[..32] {
        let (verdict, _) = bench.chain.submit_block(block);
        bench.step(Input::BlockVerdict { peer, hash: block.hash(), verdict });
    }
    assert_eq!(at_engine(&bench), 32);
    let sent = bench.sent(peer);
    assert!(sent.contains(&Message::Pong(Some(3))));
}

#[test]
fn blocks_at_the_engine_are_bounded_in_bytes() {
    let mut bench = Bench::new();
    bench.by_hand = true;
    let peer = bench.inbound();
    let tip = bench.chain.tip();
    let of_size = |tag: u64, bytes: usize| {
        let output = TxOut { value: Amount(0), script_pubkey: vec![0x6a; bytes].into() };
        let parts = Transaction::from(TxParts {
            outputs: vec![output],
            ..transaction_of(&[OutPoint::NULL], &[1]).parts().clone()
        });
        make_block_of(&tip, 1_700_000_000, 0, tag, vec![Arc::new(parts)], None)
    };
    let at_engine = |bench: &Bench| bench.out.iter().filter(|o| matches!(o, Output::SubmitBlock { .. })).count();
    let blocks: Vec<_> = (0..3).map(|tag| of_size(tag, 7_000_000)).collect();
    for block in &blocks {
        bench.receive(peer, Message::Block(Arc::clone(block)));
    }
    assert_eq!(at_engine(&bench), 2);
    let verdict = BlockVerdict::Ignored;
    bench.step(Input::BlockVerdict { peer, hash: blocks[0].hash(), verdict: verdict.clone() });
    assert_eq!(at_engine(&bench), 3);
    // One that is larger than all may be together goes alone.
    let large = of_size(3, MAX_SUBMITTED_BYTES_PER_PEER + 1);
    bench.receive(peer, Message::Block(Arc::clone(&large)));
    bench.step(Input::BlockVerdict { peer, hash: blocks[1].hash(), verdict: verdict.clone() });
    assert_eq!(at_engine(&bench), 3);
    bench.step(Input::BlockVerdict { peer, hash: blocks[2].hash(), verdict: verdict.clone() });
    assert_eq!(at_engine(&bench), 4);
    bench.receive(peer, Message::Ping(Some(3)));
    bench.step(Input::BlockVerdict { peer, hash: large.hash(), verdict });
    assert!(bench.sent(peer).contains(&Message::Pong(Some(3))));
}

#[test]
fn a_pong_says_that_all_before_it_was_processed() {
    let mut bench = Bench::new();
    bench.by_hand = true;
    let peer = bench.inbound();
    bench.sent(peer);
    let block = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
    bench.receive(peer, Message::Block(Arc::clone(&block)));
    bench.receive(peer, Message::Ping(Some(3)));
    assert!(bench.sent(peer).is_empty());
    bench.step(Input::BlockVerdict { peer, hash: block.hash(), verdict: BlockVerdict::Ignored });
    assert_eq!(bench.sent(peer), [Message::Pong(Some(3))]);
}

#[test]
fn who_announced_a_block_is_asked_once_it_is_known() {
    let mut bench = Bench::new();
    bench.mine(1);
    let (early, late) = (bench.inbound(), bench.inbound());
    let blocks = bench.branch(&bench.chain.tip(), 20, 1);
    bench.receive(early, Message::Inv(vec![Inventory::block(InvType::BLOCK, &blocks[19].hash())]));
    bench.sent(early);
    bench.receive(late, headers(&blocks));
    let asked = [late, early].map(|peer| getdata_of(&bench.sent(peer)).len());
    assert_eq!(asked, [4, 16], "the older connection is served first");
}

#[test]
fn stalling_is_measured_since_the_last_block() {
    let mut bench = Bench::new();
    let (slow, fast) =
        (bench.outbound(ConnectionType::OutboundFullRelay), bench.outbound(ConnectionType::OutboundFullRelay));
    let blocks = bench.branch(&bench.chain.tip(), 1500, 1);
    let by_hash: HashMap<_, _> = blocks.iter().map(|b| (b.hash(), Arc::clone(b))).collect();
    let give_all = |bench: &mut Bench| {
        loop {
            let wanted = getdata_of(&bench.sent(fast));
            if wanted.is_empty() {
                return;
            }
            for entry in wanted {
                bench.receive(fast, Message::Block(Arc::clone(&by_hash[&entry.block_hash()])));
            }
        }
    };
    bench.receive(slow, headers(&blocks));
    bench.receive(fast, headers(&blocks));
    give_all(&mut bench);
    // The window ends 1024 above the genesis block; the slow one has the first 16.
    assert_eq!(bench.fsm.in_flight.len(), 16);
    for block in &blocks[..3] {
        bench.wait(Duration::from_millis(1500));
        assert_eq!(bench.closed(slow), None);
        bench.receive(slow, Message::Block(Arc::clone(block)));
        give_all(&mut bench);
    }
    bench.wait(Duration::from_millis(2100));
    assert_eq!(bench.closed(slow), Some(&DisconnectReason::BlockStalling));
    give_all(&mut bench);
    assert_eq!(bench.chain.tip().height, 1500);
}

#[test]
fn unconnecting_headers_lead_to_getheaders_and_then_to_punishment() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = bench.inbound();
    bench.sent(peer);
    let far = bench.branch(&bench.chain.tip(), 3, 1);
    for round in 1..=50u32 {
        bench.receive(peer, headers(&far[2..]));
        if round < 50 {
            let sent = bench.sent(peer);
            assert!(matches!(&sent[..], [Message::GetHeaders(_)]), "{sent:?}");
            assert_eq!(bench.score(peer), round / 10 * 20);
        }
    }
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
}

#[test]
fn connecting_headers_forgive_the_others() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = bench.inbound();
    let far = bench.branch(&bench.chain.tip(), 3, 1);
    for _ in 0..9 {
        bench.receive(peer, headers(&far[2..]));
    }
    bench.receive(peer, headers(&far));
    for _ in 0..9 {
        let other = bench.branch(&bench.chain.tip(), 3, 2);
        bench.receive(peer, headers(&other[2..]));
    }
    assert_eq!(bench.score(peer), 0);
}

#[test]
fn headers_must_follow_each_other() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = bench.inbound();
    let mut blocks = bench.branch(&bench.chain.tip(), 3, 1);
    blocks.remove(1);
    bench.receive(peer, headers(&blocks));
    assert_eq!(bench.score(peer), 20);
    assert!(!bench.out.iter().any(|o| matches!(o, Output::SubmitHeaders { .. })));
}

#[test]
fn full_headers_messages_are_continued() {
    let mut bench = Bench::new();
    let peer = bench.outbound(ConnectionType::OutboundFullRelay);
    bench.sent(peer);
    let blocks = bench.branch(&bench.chain.tip(), 2000, 1);
    bench.receive(peer, headers(&blocks));
    let sent = bench.sent(peer);
    let Some(Message::GetHeaders(more)) = sent.iter().find(|m| matches!(m, Message::GetHeaders(_))) else { panic!() };
    assert_eq!(more.locator[0], blocks[1999].hash());
    assert_eq!((more.locator.len(), more.locator.last()), (22, Some(&bench.chain.active(0).unwrap().hash)));
    bench.receive(peer, Message::Headers(Vec::new()));
    assert!(!names(&bench.sent(peer)).contains(&"getheaders".to_owned()));
}

#[test]
fn one_peer_gives_the_headers_while_we_are_far_behind() {
    let mut bench = Bench::new();
    let (first, second) = (bench.inbound(), bench.outbound(ConnectionType::OutboundFullRelay));
    assert!(names(&bench.sent(first)).contains(&"getheaders".to_owned()), "nobody better is there");
    assert!(!names(&bench.sent(second)).contains(&"getheaders".to_owned()));
    // The first one leaves: the other takes over.
    bench.step(Input::Disconnected { peer: first, reason: LinkEnd::Closed });
    assert!(names(&bench.sent(second)).contains(&"getheaders".to_owned()));
}

#[test]
fn slow_headers_end_the_connection_if_there_is_an_alternative() {
    let mut bench = Bench::new();
    // An automatic connection would end for its old chain before.
    let first = bench.outbound(ConnectionType::Manual);
    let keep_alive = |bench: &mut Bench, minutes: u32| {
        for _ in 0..minutes {
            bench.wait(60 * SECOND);
            for peer in bench.fsm.peers(bench.now) {
                let sent = bench.sent(peer.id);
                for message in sent {
                    if let Message::Ping(nonce) = message {
                        bench.receive(peer.id, Message::Pong(nonce));
                    }
                }
            }
        }
    };
    // 15 minutes and one millisecond for each of some 2.5 million expected headers: less than two hours.
    keep_alive(&mut bench, 120);
    assert_eq!(bench.closed(first), None, "there is nobody else");
    let second = bench.outbound(ConnectionType::OutboundFullRelay);
    assert_eq!(bench.closed(first), Some(&DisconnectReason::HeadersTimeout));
    assert!(names(&bench.sent(second)).contains(&"getheaders".to_owned()));
}

#[test]
fn an_inv_of_an_unknown_block_leads_to_getheaders() {
    let mut bench = Bench::new();
    bench.mine(2);
    let peer = bench.inbound();
    bench.sent(peer);
    let blocks = bench.branch(&bench.chain.tip(), 2, 1);
    let inv = |hash: &BlockHash| Message::Inv(vec![Inventory::block(InvType::BLOCK, hash)]);
    bench.receive(peer, inv(&bench.chain.tip().hash));
    assert!(bench.sent(peer).is_empty());
    bench.receive(peer, inv(&blocks[1].hash()));
    let sent = bench.sent(peer);
    let [Message::GetHeaders(locate)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((locate.locator[0], locate.stop), (bench.chain.tip().hash, blocks[1].hash()));
    // Transactions are of no use yet, and no reason to leave.
    bench.receive(peer, Message::Inv(vec![Inventory { kind: InvType::WTX, hash: [1; 32] }]));
    assert!(bench.sent(peer).is_empty() && bench.closed(peer).is_none());
}

#[test]
fn bad_blocks_are_punished_once_the_verdict_is_there() {
    for (kind, score) in [
        (RejectKind::Consensus, 100),
        (RejectKind::Mutated, 100),
        (RejectKind::InvalidHeader, 100),
        (RejectKind::InvalidPrev, 100),
        (RejectKind::Checkpoint, 100),
        (RejectKind::MissingPrev, 10),
        (RejectKind::TimeFuture, 0),
        (RejectKind::RecentConsensusChange, 0),
        (RejectKind::CachedInvalid, 0),
    ] {
        let mut bench = Bench::new();
        bench.by_hand = true;
        // A manual peer keeps its score; an inbound one would be gone.
        let peer = bench.outbound(ConnectionType::Manual);
        let block = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
        let hash = block.hash();
        bench.receive(peer, Message::Block(block));
        let verdict = BlockVerdict::Invalid(Reject { kind, reason: "x".into() });
        bench.step(Input::BlockVerdict { peer, hash, verdict });
        assert_eq!(bench.score(peer), score, "{kind:?}");
    }
    // An automatic outbound peer on a chain that is known to be invalid is of no use.
    let mut bench = Bench::new();
    bench.by_hand = true;
    let peer = bench.outbound(ConnectionType::OutboundFullRelay);
    let block = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
    bench.receive(peer, Message::Block(Arc::clone(&block)));
    let verdict = BlockVerdict::Invalid(Reject { kind: RejectKind::CachedInvalid, reason: "duplicate".into() });
    bench.step(Input::BlockVerdict { peer, hash: block.hash(), verdict });
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
}

#[test]
fn a_block_that_proves_bad_later_is_still_somebodys() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    let parent = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
    let mut ahead = bench.chain.clone();
    ahead.submit_block(&parent);
    let time = u32::try_from(bench.now.as_secs()).unwrap();
    let bad = make_block(&ahead.tip(), time, BAD_BLOCK_NONCE, 1);
    bench.chain.submit_headers(&[*parent.header()]).unwrap();
    bench.receive(peer, Message::Block(Arc::clone(&bad)));
    assert_eq!(bench.score(peer), 0, "stored, its parent is missing");
    let reject = Reject { kind: RejectKind::Consensus, reason: "bad-toy".into() };
    bench.step(Input::BlockVerdict { peer, hash: bad.hash(), verdict: BlockVerdict::Invalid(reject) });
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
}

#[test]
fn outbound_peers_that_stay_behind_are_left() {
    let mut bench = Bench::new();
    bench.mine(5);
    let peer = bench.outbound(ConnectionType::OutboundFullRelay);
    let manual = bench.outbound(ConnectionType::Manual);
    let pong = |bench: &mut Bench| {
        for info in bench.fsm.peers(bench.now) {
            for message in bench.sent(info.id) {
                if let Message::Ping(nonce) = message {
                    bench.receive(info.id, Message::Pong(nonce));
                }
            }
        }
    };
    let mut asked = None;
    for minute in 1..=25 {
        pong(&mut bench);
        bench.wait(60 * SECOND);
        let sent: Vec<_> = bench.out.iter().filter(|o| matches!(o, Output::Send { peer: p, command, .. } if *p == peer && *command == CommandName::GETHEADERS)).collect();
        if !sent.is_empty() && asked.is_none() {
            asked = Some(minute);
        }
        if bench.closed(peer).is_some() {
            assert_eq!((asked, minute), (Some(21), 23), "20 minutes, one question, 2 minutes");
            break;
        }
    }
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::OldChain));
    assert_eq!(bench.closed(manual), None);
}

#[test]
fn headers_are_served() {
    let mut bench = Bench::new();
    bench.mine(2500);
    let peer = bench.inbound();
    bench.sent(peer);
    let answer = |bench: &mut Bench, locate: Locate| {
        bench.receive(peer, Message::GetHeaders(locate));
        match bench.sent(peer).pop() {
            Some(Message::Headers(headers)) => Some(headers),
            None => None,
            other => panic!("{other:?}"),
        }
    };
    let locate = locator_of(&bench, 0);
    let first = answer(&mut bench, locate).unwrap();
    assert_eq!((first.len(), first[1999].hash()), (2000, bench.chain.active(2000).unwrap().hash));
    let locate = locator_of(&bench, 2000);
    assert_eq!(answer(&mut bench, locate).unwrap().len(), 500);
    let locate = locator_of(&bench, 2500);
    assert_eq!(answer(&mut bench, locate), Some(Vec::new()));
    let stop = bench.chain.active(10).unwrap().hash;
    let locate = Locate { stop, ..locator_of(&bench, 5) };
    assert_eq!(answer(&mut bench, locate).unwrap().len(), 5);
    // Without a locator it is the stop block itself.
    let only = Locate { version: 0, locator: Vec::new(), stop };
    assert_eq!(answer(&mut bench, only).unwrap(), [bench.chain.active(10).unwrap().header]);
    let unknown = Locate { version: 0, locator: Vec::new(), stop: BlockHash::from_bytes([9; 32]) };
    assert_eq!(answer(&mut bench, unknown), None);
    // A locator of strangers starts at the genesis block.
    let strange = Locate { version: 0, locator: vec![BlockHash::from_bytes([9; 32])], stop: BlockHash::ZERO };
    assert_eq!(answer(&mut bench, strange).unwrap()[0], bench.chain.active(1).unwrap().header);
    let long = Locate { version: 0, locator: vec![BlockHash::ZERO; 102], stop: BlockHash::ZERO };
    bench.receive(peer, Message::GetHeaders(long));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::LocatorTooLong(102)));
}

#[test]
fn headers_are_not_served_while_catching_up() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    bench.sent(peer);
    let locate = locator_of(&bench, 0);
    bench.receive(peer, Message::GetHeaders(locate));
    assert!(bench.sent(peer).is_empty());
}

#[test]
fn getblocks_is_answered_in_batches() {
    let mut bench = Bench::new();
    bench.mine(700);
    let peer = bench.inbound();
    bench.sent(peer);
    let locate = locator_of(&bench, 0);
    bench.receive(peer, Message::GetBlocks(locate));
    let sent = bench.sent(peer);
    let [Message::Inv(first)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((first.len(), first[0].kind), (500, InvType::BLOCK));
    assert_eq!(first[499].block_hash(), bench.chain.active(500).unwrap().hash);
    // The last one of the batch is followed by our tip, which makes the peer ask on.
    let hash = first[499].block_hash();
    bench.receive(peer, Message::GetData(vec![first[499]]));
    assert!(bench.sent(peer).is_empty());
    bench.served(peer, hash, Some(300));
    let tip = Inventory::block(InvType::BLOCK, &bench.chain.tip().hash);
    assert_eq!(bench.sent(peer), [Message::Inv(vec![tip])]);
}

fn disk_reads(bench: &mut Bench) -> Vec<(BlockHash, Encoding)> {
    let mut found = Vec::new();
    bench.out.retain(|output| match output {
        Output::Need { wanted: Wanted::Block(hash, encoding), .. } => {
            found.push((*hash, *encoding));
            false
        }
        _ => true,
    });
    found
}

#[test]
fn blocks_are_served_in_the_encoding_asked_for_one_at_a_time() {
    let mut bench = Bench::new();
    let blocks = bench.mine(5);
    let peer = bench.inbound();
    bench.sent(peer);
    let stranger = Inventory::block(InvType::BLOCK, &BlockHash::from_bytes([3; 32]));
    let tx = Inventory { kind: InvType::MWEB_TX, hash: [4; 32] };
    let wanted = vec![
        tx,
        stranger,
        Inventory::block(InvType::BLOCK, &blocks[0].hash()),
        Inventory::block(InvType::WITNESS_BLOCK, &blocks[1].hash()),
        Inventory::block(InvType::MWEB_BLOCK, &blocks[2].hash()),
        Inventory::block(InvType(0x2000_0002), &blocks[3].hash()),
    ];
    bench.receive(peer, Message::GetData(wanted));
    // Unknown transactions are told, unknown blocks are not.
    assert_eq!(bench.sent(peer), [Message::NotFound(vec![tx])]);
    bench.receive(peer, Message::Ping(Some(8)));
    let order = [(0, Encoding::Base), (1, Encoding::Witness), (2, Encoding::Full)];
    for (at, encoding) in order {
        let hash = blocks[at].hash();
        assert!(bench.sent(peer).is_empty(), "the ping waits its turn");
        assert_eq!(disk_reads(&mut bench), [(hash, encoding)]);
        bench.served(peer, hash, None);
    }
    assert_eq!(bench.sent(peer), [Message::Pong(Some(8))]);
}

#[test]
fn a_peer_that_does_not_read_gets_nothing_more() {
    let mut bench = Bench::new();
    let blocks = bench.mine(3);
    let peer = bench.inbound();
    bench.sent(peer);
    let wanted = blocks.iter().map(|b| Inventory::block(InvType::MWEB_BLOCK, &b.hash())).collect();
    bench.receive(peer, Message::GetData(wanted));
    let [(hash, _)] = disk_reads(&mut bench)[..] else { panic!() };
    bench.served(peer, hash, Some(1_000_001));
    assert!(disk_reads(&mut bench).is_empty());
    bench.wait(10 * SECOND);
    assert!(disk_reads(&mut bench).is_empty());
    bench.step(Input::Sent { peer, bytes: 1 });
    assert_eq!(disk_reads(&mut bench).len(), 1);
}

#[test]
fn reports_of_the_writer_may_overtake_each_other() {
    let mut bench = Bench::new();
    let hash = bench.mine(1)[0].hash();
    let peer = bench.inbound();
    for _ in 0..5 {
        bench.receive(peer, Message::GetData(vec![Inventory::block(InvType::MWEB_BLOCK, &hash)]));
        assert_eq!(disk_reads(&mut bench).len(), 1);
        bench.step(Input::Sent { peer, bytes: 600_000 });
        bench.served(peer, hash, Some(600_000));
    }
}

#[test]
fn a_peer_that_sends_too_fast_is_not_read() {
    let mut bench = Bench::new();
    let blocks = bench.mine(1);
    let peer = bench.inbound();
    // The disk is slow, and everything after the request has to wait.
    bench.receive(peer, Message::GetData(vec![Inventory::block(InvType::MWEB_BLOCK, &blocks[0].hash())]));
    let inv: Vec<_> = (0..50_000).map(|_| Inventory { kind: InvType::WTX, hash: [1; 32] }).collect();
    let paused = |bench: &Bench| bench.out.iter().filter(|o| matches!(o, Output::PauseReading { .. })).count();
    let resumed = |bench: &Bench| bench.out.iter().filter(|o| matches!(o, Output::ResumeReading { .. })).count();
    for round in 1..=4 {
        bench.receive(peer, Message::Inv(inv.clone()));
        // 1.8 MB each, 5 MB are let in.
        assert_eq!(paused(&bench), usize::from(round >= 3));
    }
    assert_eq!(resumed(&bench), 0);
    bench.served(peer, blocks[0].hash(), None);
    assert_eq!(resumed(&bench), 1);
}

#[test]
fn stale_blocks_are_served_for_a_month_if_they_were_valid() {
    let mut bench = Bench::new();
    let stale = bench.mine(1);
    let genesis = bench.chain.active(0).unwrap();
    for block in bench.branch(&genesis, 2, 5) {
        bench.chain.submit_block(&block);
    }
    assert_ne!(bench.chain.tip().hash, stale[0].hash());
    let peer = bench.inbound();
    let ask = |bench: &mut Bench| {
        bench.receive(peer, Message::GetData(vec![Inventory::block(InvType::MWEB_BLOCK, &stale[0].hash())]));
        let found = disk_reads(bench);
        if let Some((hash, _)) = found.first() {
            bench.served(peer, *hash, None);
        }
        found.len()
    };
    assert_eq!(ask(&mut bench), 1);
    bench.now = bench.now + Duration::from_secs(31 * 24 * 3600);
    bench.step(Input::Sent { peer, bytes: 0 });
    bench.chain.submit_block(&bench.branch(&bench.chain.tip(), 1, 6)[0]);
    assert_eq!(ask(&mut bench), 0);
}

#[test]
fn announcements_by_headers_or_inv() {
    let mut bench = Bench::new();
    bench.mine(3);
    let (plain, modern) = (bench.inbound(), bench.inbound());
    bench.receive(modern, Message::SendHeaders);
    for peer in [plain, modern] {
        // Both have our tip.
        let tip = bench.chain.tip();
        bench.receive(peer, Message::Inv(vec![Inventory::block(InvType::BLOCK, &tip.hash)]));
        bench.sent(peer);
    }
    let block = bench.mine(1).remove(0);
    let inv = Message::Inv(vec![Inventory::block(InvType::BLOCK, &block.hash())]);
    assert_eq!(bench.sent(plain), std::slice::from_ref(&inv));
    assert_eq!(bench.sent(modern), [Message::Headers(vec![*block.header()])]);
    // A peer that has the block hears nothing.
    let next = bench.branch(&bench.chain.tip(), 1, 9);
    bench.receive(modern, headers(&next));
    bench.receive(modern, Message::Block(Arc::clone(&next[0])));
    assert_eq!(bench.chain.tip().hash, next[0].hash());
    let told =
        |messages: Vec<Message>| messages.into_iter().any(|m| matches!(m, Message::Headers(_) | Message::Inv(_)));
    assert!(!told(bench.sent(modern)));
    assert!(told(bench.sent(plain)));
    // What a peer was given on request it has.
    let asking = bench.inbound();
    bench.receive(asking, Message::SendHeaders);
    let locate = locator_of(&bench, 1);
    bench.receive(asking, Message::GetHeaders(locate));
    bench.sent(asking);
    let block = bench.mine(1).remove(0);
    assert_eq!(bench.sent(asking), [Message::Headers(vec![*block.header()])]);
    // A peer of which nothing is known gets an inv, as headers might not connect.
    let unknown = bench.inbound();
    bench.receive(unknown, Message::SendHeaders);
    bench.sent(unknown);
    let block = bench.mine(1).remove(0);
    assert_eq!(bench.sent(unknown), [Message::Inv(vec![Inventory::block(InvType::BLOCK, &block.hash())])]);
}

#[test]
fn a_reorg_is_announced_with_all_its_headers() {
    for (depth, by_headers) in [(8, true), (9, false)] {
        let mut bench = Bench::new();
        bench.mine(3);
        let peer = bench.inbound();
        bench.receive(peer, Message::SendHeaders);
        let fork = bench.chain.tip();
        bench.receive(peer, Message::Inv(vec![Inventory::block(InvType::BLOCK, &fork.hash)]));
        bench.mine(depth - 1);
        bench.sent(peer);
        let branch = bench.branch(&fork, depth, 7);
        let mut moved = None;
        for block in &branch {
            moved = bench.chain.submit_block(block).1.or(moved);
        }
        let moved = moved.unwrap();
        assert_eq!(moved.fork, fork.hash);
        bench.tip_changed(moved.tip, moved.fork);
        let sent = bench.sent(peer);
        if by_headers {
            assert_eq!(sent, [headers(&branch)]);
        } else {
            // The first of nine is left out, so nothing connects.
            let tip = Inventory::block(InvType::BLOCK, &branch.last().unwrap().hash());
            assert_eq!(sent, [Message::Inv(vec![tip])]);
        }
    }
}

#[test]
fn nothing_is_announced_while_catching_up() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    bench.sent(peer);
    let block = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
    let moved = bench.chain.submit_block(&block).1.unwrap();
    bench.step(Input::TipChanged { tip: moved.tip, fork: moved.fork, initial_download: true });
    assert!(!bench.sent(peer).iter().any(|m| matches!(m, Message::Inv(_) | Message::Headers(_))));
}
