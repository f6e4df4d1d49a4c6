//! Compact blocks, with what v0.21.5.5 does as the oracle (test/functional/p2p_compactblocks.py, mweb_p2p.py).

use litecast_primitives::Transaction;

use super::*;
use crate::{
    compact::{
        compact_block,
        tests::{extension_block, hogex},
    },
    message::{BlockTxn, CompactBlock, GetBlockTxn},
    simulator::toy_chain::{make_block_of, make_transaction},
};

fn sendcmpct(announce: bool, version: u64) -> Message {
    Message::SendCmpct { announce, version }
}

/// A node with a recent tip and a peer that speaks version 3.
fn bench() -> (Bench, PeerId) {
    let mut bench = Bench::new();
    bench.mine(1);
    let peer = compact_peer(&mut bench);
    (bench, peer)
}

fn compact_peer(bench: &mut Bench) -> PeerId {
    let peer = bench.inbound();
    bench.receive(peer, sendcmpct(false, 3));
    bench.sent(peer);
    peer
}

/// A block on top of the tip with this many transactions besides the coinbase.
fn block(bench: &Bench, count: u32, tag: u64) -> Arc<Block> {
    block_on(&bench.chain.tip(), bench, count, tag, false)
}

fn block_on(parent: &BlockEntry, bench: &Bench, count: u32, tag: u64, with_extension: bool) -> Arc<Block> {
    let mut list: Vec<_> = (0..count).map(|n| make_transaction(tag, n)).collect();
    if with_extension {
        list.push(hogex());
    }
    let time = u32::try_from(bench.now.as_secs()).unwrap();
    make_block_of(parent, time, 0, tag, list, with_extension.then(extension_block))
}

fn compact(block: &Block) -> CompactBlock {
    compact_block(block, Encoding::Full, 5)
}

/// As it comes in: through the encoding.
fn cmpctblock(compact: CompactBlock) -> Message {
    let message = Message::CmpctBlock(Box::new(compact));
    Message::decode(CommandName::CMPCTBLOCK, message.encode()).unwrap().unwrap()
}

fn blocktxn(block: &Block, indexes: &[usize]) -> Message {
    let transactions = indexes.iter().map(|at| Arc::clone(&block.transactions()[*at])).collect();
    Message::BlockTxn(BlockTxn { block: block.hash(), transactions })
}

fn getblocktxn(block: &Block, indexes: &[u16]) -> Message {
    Message::GetBlockTxn(GetBlockTxn { block: block.hash(), indexes: indexes.to_vec() })
}

fn whole(block: &Block) -> Message {
    Message::GetData(vec![Inventory::block(InvType::MWEB_BLOCK, &block.hash())])
}

fn wanted(bench: &mut Bench) -> Vec<Wanted> {
    let mut found = Vec::new();
    bench.out.retain(|output| match output {
        Output::Need { wanted, .. } => {
            found.push(wanted.clone());
            false
        }
        _ => true,
    });
    found
}

fn fill_pool(bench: &mut Bench, transactions: &[Arc<Transaction>]) {
    transactions.iter().for_each(|tx| bench.chain.add_to_pool(tx));
}

#[test]
fn three_versions_are_offered_and_the_first_known_one_counts() {
    let mut bench = Bench::new();
    let blocks = bench.mine(1);
    let peer = bench.inbound();
    let offered: Vec<_> = bench.sent(peer).into_iter().filter(|m| m.command() == CommandName::SENDCMPCT).collect();
    assert_eq!(offered, [sendcmpct(false, 3), sendcmpct(false, 2), sendcmpct(false, 1)]);
    let mut asked = |versions: &[u64]| {
        let peer = bench.inbound();
        for version in versions {
            bench.receive(peer, sendcmpct(false, *version));
        }
        let hash = blocks[0].hash();
        bench.receive(peer, Message::GetData(vec![Inventory::block(InvType::CMPCT_BLOCK, &hash)]));
        let found = wanted(&mut bench);
        let [Wanted::CompactBlock(found, encoding, _)] = found[..] else { panic!("{found:?}") };
        assert_eq!(found, hash);
        encoding
    };
    assert_eq!(asked(&[]), Encoding::Base);
    assert_eq!(asked(&[3, 2, 1]), Encoding::Full);
    assert_eq!(asked(&[2, 3]), Encoding::Witness);
    assert_eq!(asked(&[1, 3]), Encoding::Base);
    assert_eq!(asked(&[4, 0, 3]), Encoding::Full, "unknown versions are ignored");
}

#[test]
fn old_blocks_are_served_whole() {
    let (mut bench, peer) = bench();
    let blocks = bench.mine(20);
    let tip = blocks.len() - 1;
    let mut ask = |message: Message| {
        bench.receive(peer, message);
        let found = wanted(&mut bench);
        for wanted in &found {
            bench.served(peer, wanted.block(), None);
        }
        found
    };
    let compact = |at: usize| Message::GetData(vec![Inventory::block(InvType::CMPCT_BLOCK, &blocks[at].hash())]);
    assert!(matches!(ask(compact(tip - 5))[..], [Wanted::CompactBlock(_, Encoding::Full, _)]));
    assert_eq!(ask(compact(tip - 6)), [Wanted::Block(blocks[tip - 6].hash(), Encoding::Full)]);
    let request = GetBlockTxn { block: blocks[tip - 10].hash(), indexes: vec![0] };
    assert_eq!(ask(Message::GetBlockTxn(request.clone())), [Wanted::Transactions(request, Encoding::Full)]);
    assert_eq!(
        ask(getblocktxn(&blocks[tip - 11], &[0])),
        [Wanted::Block(blocks[tip - 11].hash(), Encoding::Full)],
        "the peer has to read what we have to read"
    );
    let unknown = GetBlockTxn { block: BlockHash::from_bytes([1; 32]), indexes: vec![0] };
    assert_eq!(ask(Message::GetBlockTxn(unknown)), []);
}

#[test]
fn indexes_beyond_the_block_are_misbehaviour() {
    let (mut bench, peer) = bench();
    let hash = bench.chain.tip().hash;
    bench.receive(peer, Message::GetBlockTxn(GetBlockTxn { block: hash, indexes: vec![0, 1] }));
    let found = wanted(&mut bench);
    let sent = found[0].answer(&bench.chain).map(|(command, payload)| (command, payload.len()));
    assert_eq!(sent, Err(Unserved::BadIndexes));
    bench.step(Input::Served { peer, hash, sent });
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
}

#[test]
fn a_block_that_the_pool_knows_needs_no_word() {
    let (mut bench, peer) = bench();
    let block = block(&bench, 5, 1);
    fill_pool(&mut bench, block.transactions());
    bench.receive(peer, cmpctblock(compact(&block)));
    assert_eq!(bench.chain.tip().hash, block.hash());
    assert!(bench.out.iter().any(|o| matches!(o, Output::SubmitBlock { requested: true, .. })));
    // It was the first who gave a new tip: it shall announce the next one so.
    assert_eq!(bench.sent(peer), [sendcmpct(true, 3)]);
    let info = &bench.fsm.peers(bench.now)[0];
    assert_eq!((info.in_flight.len(), info.last_block), (0, Some(bench.now)));
    // A pool does not go into the step twice: what is known already is nothing new.
    bench.receive(peer, cmpctblock(compact(&block)));
    assert!(bench.sent(peer).is_empty());
}

#[test]
fn what_the_pool_lacks_is_asked_for() {
    for with_extension in [false, true] {
        let (mut bench, peer) = bench();
        if with_extension {
            bench.chain.mweb_height = 0;
        }
        let block = block_on(&bench.chain.tip(), &bench, 5, 1, with_extension);
        fill_pool(&mut bench, &block.transactions()[2..4]);
        bench.receive(peer, cmpctblock(compact(&block)));
        assert_eq!(bench.sent(peer), [getblocktxn(&block, &[1, 4, 5])]);
        assert_eq!(bench.fsm.peers(bench.now)[0].in_flight, [2]);
        // The same again, and transactions of another block, change nothing.
        bench.receive(peer, cmpctblock(compact(&block)));
        let other = block_on(&bench.chain.tip(), &bench, 1, 9, false);
        bench.receive(peer, blocktxn(&other, &[1]));
        assert!(bench.sent(peer).is_empty());
        bench.receive(peer, blocktxn(&block, &[1, 4, 5]));
        assert_eq!(bench.chain.tip().hash, block.hash());
        assert_eq!(bench.chain.block(&block.hash()).unwrap().bytes(), block.bytes(), "extension block included");
        assert_eq!(bench.score(peer), 0);
    }
}

#[test]
fn versions_without_mweb_are_no_use_for_an_mweb_block() {
    let mut bench = Bench::new();
    bench.mine(1);
    bench.chain.mweb_height = 0;
    let peer = bench.inbound();
    bench.receive(peer, sendcmpct(false, 2));
    bench.sent(peer);
    let block = block_on(&bench.chain.tip(), &bench, 1, 1, true);
    let mut stripped = Vec::new();
    compact(&block).encode(Encoding::Witness, &mut stripped);
    let message = Message::decode(CommandName::CMPCTBLOCK, stripped.into()).unwrap().unwrap();
    bench.receive(peer, message);
    assert!(!bench.sent(peer).iter().any(|m| matches!(m, Message::GetBlockTxn(_))));
    assert!(bench.chain.entry(&block.hash()).is_some(), "its header counts");
    assert!(bench.closed(peer).is_none());
    // A message of another version than that of the connection is ignored.
    let (mut bench, peer) = self::bench();
    let block = self::block(&bench, 1, 1);
    let mut stripped = Vec::new();
    compact(&block).encode(Encoding::Witness, &mut stripped);
    let message = Message::decode(CommandName::CMPCTBLOCK, stripped.into()).unwrap().unwrap();
    bench.receive(peer, message);
    assert!(bench.chain.entry(&block.hash()).is_none());
    assert_eq!(bench.score(peer), 0);
}

#[test]
fn compact_blocks_that_cannot_be_are_misbehaviour() {
    let changes: [&dyn Fn(&mut CompactBlock); 3] =
        [&|c| c.prefilled[0].skipped = 4, &|c| c.prefilled[0].skipped = u16::MAX, &|c| {
            (c.short_ids, c.prefilled) = (Vec::new(), Vec::new());
        }];
    for change in changes {
        let (mut bench, peer) = bench();
        let block = block(&bench, 3, 1);
        let mut bad = compact(&block);
        change(&mut bad);
        bench.receive(peer, cmpctblock(bad));
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
        assert!(bench.fsm.in_flight.is_empty());
    }
}

#[test]
fn equal_short_ids_lead_to_the_whole_block() {
    let (mut bench, peer) = bench();
    let block = block(&bench, 3, 1);
    let mut collided = compact(&block);
    collided.short_ids[2] = collided.short_ids[0];
    bench.receive(peer, cmpctblock(collided));
    assert_eq!(bench.sent(peer), [whole(&block)]);
    assert_eq!((bench.score(peer), bench.fsm.in_flight.len()), (0, 1));
    bench.receive(peer, Message::Block(Arc::clone(&block)));
    assert_eq!(bench.chain.tip().hash, block.hash());
}

#[test]
fn wrong_transactions_lead_to_the_whole_block_and_too_many_to_the_end() {
    let (mut bench, peer) = bench();
    let block = block(&bench, 3, 1);
    bench.receive(peer, cmpctblock(compact(&block)));
    bench.receive(peer, blocktxn(&block, &[2, 1, 3]));
    assert_eq!(bench.sent(peer), [getblocktxn(&block, &[1, 2, 3]), whole(&block)]);
    assert_eq!(bench.score(peer), 0, "a collision with the pool would look the same");
    // There is nothing left that a second answer could complete.
    bench.receive(peer, blocktxn(&block, &[1, 2, 3]));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
    for indexes in [&[1, 2][..], &[1, 2, 3, 3], &[]] {
        let (mut bench, peer) = self::bench();
        let block = self::block(&bench, 3, 1);
        bench.receive(peer, cmpctblock(compact(&block)));
        bench.receive(peer, blocktxn(&block, indexes));
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved), "{indexes:?}");
        assert!(bench.fsm.in_flight.is_empty());
    }
}

#[test]
fn transactions_that_nobody_asked_for_are_ignored() {
    let (mut bench, peer) = bench();
    let other = compact_peer(&mut bench);
    let block = block(&bench, 3, 1);
    bench.receive(peer, blocktxn(&block, &[1, 2, 3]));
    bench.receive(peer, cmpctblock(compact(&block)));
    // Not by the one who was asked.
    bench.receive(other, blocktxn(&block, &[1, 2, 3]));
    assert_eq!((bench.score(peer), bench.score(other)), (0, 0));
    assert_eq!(bench.chain.tip().height, 1);
    // Of a block that was asked for whole.
    let next = bench.branch(&bench.chain.tip(), 2, 4);
    bench.receive(other, headers(&next));
    bench.receive(other, blocktxn(&next[0], &[0]));
    assert_eq!(bench.score(other), 0);
}

#[test]
fn one_partial_block_for_each_peer() {
    let (mut bench, peer) = bench();
    let (first, second) = (block(&bench, 3, 1), block(&bench, 3, 2));
    bench.receive(peer, cmpctblock(compact(&first)));
    bench.receive(peer, cmpctblock(compact(&second)));
    // The second one's header is known, and its block comes the usual way.
    assert_eq!(bench.sent(peer), [getblocktxn(&first, &[1, 2, 3]), whole(&second)]);
    let partials =
        |bench: &Bench| bench.fsm.peers.values().flat_map(|p| &p.in_flight).filter(|b| b.partial.is_waiting()).count();
    assert_eq!(partials(&bench), 1);
    // Sixteen blocks under way and no more.
    let branches: Vec<_> = (10..40).map(|tag| block(&bench, 1, tag)).collect();
    for block in &branches {
        bench.receive(peer, cmpctblock(compact(block)));
        assert!(bench.fsm.in_flight.len() <= MAX_BLOCKS_IN_TRANSIT_PER_PEER);
        assert_eq!(partials(&bench), 1);
    }
}

#[test]
fn a_block_under_way_elsewhere_is_taken_if_it_is_complete() {
    let (mut bench, slow) = bench();
    let fast = compact_peer(&mut bench);
    let block = block(&bench, 3, 1);
    bench.receive(slow, cmpctblock(compact(&block)));
    bench.receive(fast, cmpctblock(compact(&block)));
    assert!(!bench.sent(fast).iter().any(|m| matches!(m, Message::GetBlockTxn(_) | Message::GetData(_))));
    // The rest comes by another way.
    fill_pool(&mut bench, block.transactions());
    let mut forged = compact(&block);
    forged.extension = crate::message::ExtensionField::Present(Box::new(extension_block()));
    bench.by_hand = true;
    bench.receive(fast, cmpctblock(forged));
    bench.step(Input::HeadersVerdict { peer: fast, verdict: Ok(()) });
    let submitted = bench.out.iter().any(|o| matches!(o, Output::SubmitBlock { peer, .. } if *peer == fast));
    assert!(submitted, "the marker of the extension block is not in the root");
    let mutated = Reject { kind: RejectKind::Mutated, reason: "unexpected-mweb-data".into() };
    bench.step(Input::BlockVerdict { peer: fast, hash: block.hash(), verdict: BlockVerdict::Invalid(mutated) });
    assert_eq!((bench.score(fast), bench.fsm.in_flight.len()), (0, 1), "the download goes on");
    bench.by_hand = false;
    bench.receive(fast, cmpctblock(compact(&block)));
    assert_eq!(bench.chain.tip().hash, block.hash());
    assert!(bench.fsm.in_flight.is_empty());
}

#[test]
fn guesses_are_counted() {
    let (mut bench, slow) = bench();
    let fast = compact_peer(&mut bench);
    let block = block(&bench, 3, 1);
    bench.receive(slow, cmpctblock(compact(&block)));
    for _ in 0..4 {
        bench.receive(fast, cmpctblock(compact(&block)));
    }
    // The mempool is not looked through once more for this peer, whatever it has now.
    fill_pool(&mut bench, block.transactions());
    bench.receive(fast, cmpctblock(compact(&block)));
    assert_ne!(bench.chain.tip().hash, block.hash());
    let other = compact_peer(&mut bench);
    bench.receive(other, cmpctblock(compact(&block)));
    assert_eq!(bench.chain.tip().hash, block.hash());
}

#[test]
fn headers_of_compact_blocks_are_judged_mildly() {
    // Nothing connects: the headers between are asked for.
    let (mut bench, peer) = bench();
    let far = bench.branch(&bench.chain.tip(), 2, 1);
    bench.receive(peer, cmpctblock(compact(&far[1])));
    assert!(matches!(&bench.sent(peer)[..], [Message::GetHeaders(_)]));
    for (kind, ends) in [
        (RejectKind::InvalidHeader, true),
        (RejectKind::InvalidPrev, true),
        (RejectKind::Checkpoint, true),
        (RejectKind::CachedInvalid, false),
        (RejectKind::Consensus, false),
        (RejectKind::TimeFuture, false),
    ] {
        let mut bench = Bench::new();
        bench.mine(1);
        bench.by_hand = true;
        let peer = bench.outbound(ConnectionType::OutboundFullRelay);
        bench.receive(peer, sendcmpct(false, 3));
        let block = block(&bench, 1, 1);
        bench.receive(peer, cmpctblock(compact(&block)));
        bench.step(Input::HeadersVerdict { peer, verdict: Err(Reject { kind, reason: "x".into() }) });
        assert_eq!(bench.closed(peer).is_some(), ends, "{kind:?}");
        assert!(bench.fsm.in_flight.is_empty());
    }
}

#[test]
fn who_relays_a_bad_block_compactly_is_not_punished() {
    let (mut bench, peer) = bench();
    let time = u32::try_from(bench.now.as_secs()).unwrap();
    let bad = make_block(&bench.chain.tip(), time, BAD_BLOCK_NONCE, 1);
    bench.receive(peer, cmpctblock(compact(&bad)));
    assert!(bench.chain.entry(&bad.hash()).unwrap().failed);
    assert_eq!(bench.score(peer), 0);
}

#[test]
fn far_ahead_it_is_a_header_and_behind_it_is_nothing() {
    let (mut bench, peer) = bench();
    let ahead = bench.branch(&bench.chain.tip(), 4, 1);
    bench.receive(peer, headers(&ahead[..3]));
    bench.sent(peer);
    bench.receive(peer, cmpctblock(compact(&ahead[3])));
    assert_eq!(bench.sent(peer), [whole(&ahead[3])], "fetched like an announced header");
    // Less work than the tip has.
    let (mut bench, peer) = self::bench();
    bench.mine(1);
    bench.sent(peer);
    let side = bench.branch(&bench.chain.active(0).unwrap(), 1, 7).remove(0);
    bench.receive(peer, cmpctblock(compact(&side)));
    assert!(bench.sent(peer).is_empty() && bench.fsm.in_flight.is_empty());
}

#[test]
fn a_single_announced_block_is_asked_for_compactly() {
    let (mut bench, peer) = bench();
    let blocks = bench.branch(&bench.chain.tip(), 1, 1);
    bench.receive(peer, headers(&blocks));
    let compactly = Message::GetData(vec![Inventory::block(InvType::CMPCT_BLOCK, &blocks[0].hash())]);
    assert_eq!(bench.sent(peer), [compactly]);
    bench.receive(peer, cmpctblock(compact(&blocks[0])));
    assert_eq!(bench.chain.tip().hash, blocks[0].hash(), "a coinbase is all there is");
    // Not if something else is under way, not two at once, not from a peer of another version.
    bench.sent(peer);
    let two = bench.branch(&bench.chain.tip(), 2, 2);
    bench.receive(peer, headers(&two));
    let kinds = |sent: Vec<Message>| match &sent[..] {
        [Message::GetData(list)] => list.iter().map(|entry| entry.kind).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kinds(bench.sent(peer)), [InvType::MWEB_BLOCK; 2]);
    let other = compact_peer(&mut bench);
    let third = bench.branch(&bench.chain.tip(), 1, 3);
    bench.receive(other, headers(&third));
    assert_eq!(kinds(bench.sent(other)), [InvType::MWEB_BLOCK]);
    let mut bench = Bench::new();
    bench.mine(1);
    let old = bench.inbound();
    bench.receive(old, sendcmpct(false, 2));
    bench.sent(old);
    let next = bench.branch(&bench.chain.tip(), 1, 3);
    bench.receive(old, headers(&next));
    assert_eq!(kinds(bench.sent(old)), [InvType::MWEB_BLOCK]);
}

#[test]
fn three_peers_announce_compactly() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peers: Vec<_> = (0..4).map(|_| compact_peer(&mut bench)).collect();
    let give = |bench: &mut Bench, peer: PeerId, tag: u64| {
        let block = block(bench, 0, tag);
        bench.receive(peer, Message::Block(block));
        let cmpct = |m: &Message| matches!(m, Message::SendCmpct { .. });
        peers.iter().map(|p| bench.sent(*p).into_iter().filter(cmpct).collect()).collect::<Vec<Vec<_>>>()
    };
    for (at, peer) in peers.iter().enumerate().take(3) {
        let sent = give(&mut bench, *peer, at as u64);
        for (other, messages) in sent.into_iter().enumerate() {
            assert_eq!(messages, if other == at { vec![sendcmpct(true, 3)] } else { Vec::new() });
        }
    }
    // The first gives another one, so the second is the oldest when the fourth comes.
    assert!(give(&mut bench, peers[0], 10).iter().all(Vec::is_empty));
    let sent = give(&mut bench, peers[3], 11);
    assert_eq!((&sent[1][..], &sent[3][..]), (&[sendcmpct(false, 3)][..], &[sendcmpct(true, 3)][..]));
    assert!(sent[0].is_empty() && sent[2].is_empty());
}

#[test]
fn new_blocks_are_announced_compactly_in_order() {
    let (mut bench, peer) = bench();
    bench.receive(peer, sendcmpct(true, 3));
    let tip = bench.chain.tip();
    bench.receive(peer, Message::Inv(vec![Inventory::block(InvType::BLOCK, &tip.hash)]));
    bench.receive(peer, Message::SendHeaders);
    let first = bench.mine(1).remove(0);
    let found = wanted(&mut bench);
    assert!(matches!(found[..], [Wanted::CompactBlock(hash, Encoding::Full, _)] if hash == first.hash()));
    // More tips wait until the first one is on its way.
    let more = bench.mine(2);
    assert!(bench.sent(peer).is_empty() && wanted(&mut bench).is_empty());
    bench.served(peer, first.hash(), Some(300));
    assert_eq!(bench.sent(peer), [headers(&more)]);
    // While a block is read for the peer, a header does.
    bench.receive(peer, Message::GetData(vec![Inventory::block(InvType::MWEB_BLOCK, &first.hash())]));
    let next = bench.mine(1);
    assert_eq!(bench.sent(peer), [headers(&next)]);
    bench.served(peer, first.hash(), Some(300));
    // What the peer has is not announced to it.
    wanted(&mut bench);
    let theirs = bench.branch(&bench.chain.tip(), 1, 8).remove(0);
    bench.receive(peer, cmpctblock(compact(&theirs)));
    assert_eq!(bench.chain.tip().hash, theirs.hash());
    assert!(wanted(&mut bench).is_empty());
    // Another version is no request.
    bench.receive(peer, sendcmpct(false, 2));
    bench.mine(1);
    assert!(matches!(wanted(&mut bench)[..], [Wanted::CompactBlock(..)]));
}
