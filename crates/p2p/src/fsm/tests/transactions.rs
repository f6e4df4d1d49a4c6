//! Transactions from peers: what v0.21.5.5 does is the oracle, read off src/net_processing.cpp and its functional tests
//! (p2p_tx_download.py, p2p_blocksonly.py, p2p_segwit.py, p2p_invalid_tx.py, p2p_permissions.py).

use bytes::Bytes;
use litecast_primitives::{OutPoint, Transaction};

use super::*;
use crate::{
    message::CompactBlock,
    pool::{GenTxid, Pool},
    simulator::{
        toy_chain::{free_coin, make_block_of, transaction_of},
        toy_pool::bad_value,
    },
};

/// A node out of the initial download that relays transactions.
pub(super) fn bench() -> Bench {
    bench_with(|_| {})
}

pub(super) fn bench_with(change: impl FnOnce(&mut Config)) -> Bench {
    let mut bench = Bench::with(|config| {
        config.relay_transactions = true;
        change(config);
    });
    bench.mine(1);
    bench
}

/// How a peer presents itself.
#[derive(Clone, Copy)]
pub(super) struct Who {
    pub(super) kind: ConnectionType,
    pub(super) wtxid: bool,
    pub(super) services: ServiceFlags,
    pub(super) permissions: Permissions,
    pub(super) relay: bool,
}

pub(super) const INBOUND: Who = Who {
    kind: ConnectionType::Inbound,
    wtxid: true,
    services: ServiceFlags::OURS,
    permissions: Permissions::NONE,
    relay: true,
};
pub(super) const OUTBOUND: Who = Who { kind: ConnectionType::OutboundFullRelay, ..INBOUND };

impl Bench {
    pub(super) fn meet(&mut self, who: Who) -> PeerId {
        let peer = if who.kind == ConnectionType::Inbound {
            let peer = self.peers;
            self.peers += 1;
            let addr = SocketAddr::new([1, 2, 3, u8::try_from(peer % 250).unwrap()].into(), 19444);
            let (local, origin, permissions) = (None, Origin::Inbound, who.permissions);
            self.step(Input::Connected { peer, addr: addr.into(), local, origin, permissions });
            peer
        } else {
            self.outbound_raw(who.kind)
        };
        let version = Version { services: who.services, relay: who.relay, ..version() };
        self.receive(peer, Message::Version(Box::new(version)));
        if who.wtxid {
            self.receive(peer, Message::WtxidRelay);
        }
        self.receive(peer, Message::Verack);
        self.sent(peer);
        peer
    }

    /// What a peer was asked for since the last look; all else that was sent to it is thrown away.
    fn asked(&mut self, peer: PeerId) -> Vec<Inventory> {
        let sent = self.sent(peer).into_iter();
        sent.flat_map(|message| if let Message::GetData(entries) = message { entries } else { Vec::new() }).collect()
    }

    /// Transactions that were given to the mempool since the last look.
    fn submitted(&mut self) -> Vec<(PeerId, Arc<Transaction>)> {
        let mut found = Vec::new();
        self.out.retain(|output| match output {
            Output::SubmitTx { peer, tx } => {
                found.push((*peer, Arc::clone(tx)));
                false
            }
            _ => true,
        });
        found
    }

    pub(super) fn has(&self, tx: &Transaction) -> bool {
        self.chain.has_tx(&GenTxid::Txid(tx.txid()))
    }

    fn announce(&mut self, peer: PeerId, tx: &Transaction) {
        let inv = if self.fsm.peers[&peer].wtxid_relay { wtx(tx) } else { by_txid(InvType::TX, tx) };
        self.receive(peer, Message::Inv(vec![inv]));
    }

    fn give(&mut self, peer: PeerId, tx: &Arc<Transaction>) {
        self.receive(peer, Message::Tx(Arc::clone(tx)));
    }
}

pub(super) fn tx(n: u32) -> Arc<Transaction> {
    transaction_of(&[free_coin(1, n)], &[10, 1])
}

pub(super) fn child(parents: &[&Transaction]) -> Arc<Transaction> {
    let coins: Vec<_> = parents.iter().map(|parent| OutPoint { txid: parent.txid(), vout: 0 }).collect();
    transaction_of(&coins, &[10, 1])
}

fn bad(n: u32, kind: TxRejectKind) -> Arc<Transaction> {
    transaction_of(&[free_coin(2, n)], &[bad_value(kind)])
}

pub(super) fn wtx(tx: &Transaction) -> Inventory {
    Inventory { kind: InvType::WTX, hash: *tx.wtxid().as_bytes() }
}

pub(super) fn by_txid(kind: InvType, tx: &Transaction) -> Inventory {
    Inventory::tx(kind, &tx.txid())
}

#[test]
fn announced_transactions_are_asked_for_sooner_or_later() {
    let mut bench = bench();
    let old = bench.meet(Who { wtxid: false, ..INBOUND });
    bench.announce(old, &tx(0));
    bench.wait(2 * SECOND);
    assert_eq!(bench.asked(old), [by_txid(InvType::MWEB_TX, &tx(0))], "two seconds for a peer that came by itself");
    let (outbound, inbound) = (bench.meet(OUTBOUND), bench.meet(INBOUND));
    bench.announce(inbound, &tx(1));
    bench.announce(outbound, &tx(2));
    bench.announce(old, &tx(3));
    assert_eq!(bench.asked(outbound), [wtx(&tx(2))], "at once of a peer of our choice");
    bench.wait(Duration::from_millis(1900));
    assert!(bench.asked(inbound).is_empty());
    bench.wait(Duration::from_millis(100));
    assert_eq!(bench.asked(inbound), [wtx(&tx(1))]);
    bench.wait(Duration::from_millis(1900));
    assert!(bench.asked(old).is_empty(), "two more by txid while somebody announces by wtxid");
    bench.wait(Duration::from_millis(100));
    assert_eq!(bench.asked(old), [by_txid(InvType::MWEB_TX, &tx(3))]);
}

#[test]
fn requests_by_txid_name_all_that_the_peer_can_give() {
    let witness = ServiceFlags(ServiceFlags::OURS.0 & !ServiceFlags::MWEB.0);
    let none = ServiceFlags::NETWORK;
    for (services, kind) in [(ServiceFlags::OURS, 0x6000_0001), (witness, 0x4000_0001), (none, 1)] {
        let mut bench = bench();
        let peer = bench.meet(Who { wtxid: false, services, ..INBOUND });
        bench.announce(peer, &tx(0));
        bench.wait(2 * SECOND);
        assert_eq!(bench.asked(peer), [by_txid(InvType(kind), &tx(0))]);
    }
}

#[test]
fn announcements_are_of_the_kind_that_was_settled() {
    let mut bench = bench();
    let (new, old) = (bench.meet(INBOUND), bench.meet(Who { wtxid: false, ..INBOUND }));
    bench.receive(new, Message::Inv(vec![by_txid(InvType::TX, &tx(0))]));
    bench.receive(old, Message::Inv(vec![wtx(&tx(1))]));
    bench.wait(10 * SECOND);
    assert!(bench.asked(new).is_empty() && bench.asked(old).is_empty());
}

#[test]
fn one_peer_is_asked_at_a_time() {
    let mut bench = bench();
    let peers: Vec<_> = (0..3).map(|_| bench.meet(OUTBOUND)).collect();
    for peer in &peers {
        bench.announce(*peer, &tx(0));
    }
    assert_eq!(bench.asked(peers[0]), [wtx(&tx(0))], "the first one");
    bench.wait(59 * SECOND);
    assert!(peers.iter().all(|peer| bench.asked(*peer).is_empty()));
    bench.wait(2 * SECOND);
    let asked: Vec<usize> = peers.iter().map(|peer| bench.asked(*peer).len()).collect();
    assert_eq!((asked[0], asked[1] + asked[2]), (0, 1), "after a minute another one");
    let (second, third) = if asked[1] == 1 { (peers[1], peers[2]) } else { (peers[2], peers[1]) };
    bench.receive(second, Message::NotFound(vec![wtx(&tx(0))]));
    bench.wait(SECOND);
    assert_eq!(bench.asked(third), [wtx(&tx(0))], "who does not have it is not waited for");
    bench.give(third, &tx(0));
    assert!(bench.has(&tx(0)));
    bench.announce(peers[0], &tx(0));
    bench.wait(120 * SECOND);
    assert!(peers.iter().all(|peer| bench.asked(*peer).is_empty()), "it is here");
}

#[test]
fn what_a_peer_that_left_was_asked_for_is_asked_of_another() {
    let mut bench = bench();
    let peers = [bench.meet(OUTBOUND), bench.meet(OUTBOUND)];
    peers.iter().for_each(|peer| bench.announce(*peer, &tx(0)));
    bench.step(Input::Disconnected { peer: peers[0], reason: LinkEnd::Closed });
    bench.wait(SECOND);
    assert_eq!(bench.asked(peers[1]), [wtx(&tx(0))]);
}

#[test]
fn nothing_is_asked_for_in_the_initial_download() {
    let mut bench = Bench::with(|config| config.relay_transactions = true);
    let peer = bench.meet(OUTBOUND);
    bench.announce(peer, &tx(0));
    bench.wait(10 * SECOND);
    assert!(bench.asked(peer).is_empty());
}

#[test]
fn who_was_told_not_to_send_transactions_is_left() {
    let refused = Some(&DisconnectReason::UnwantedTransaction);
    let messages = [Message::Tx(tx(0)), Message::Inv(vec![wtx(&tx(0))])];
    for message in messages.clone() {
        let mut bench = Bench::new();
        bench.mine(1);
        let peer = bench.meet(INBOUND);
        let trusted = bench.meet(Who { permissions: Permissions::RELAY, ..INBOUND });
        bench.receive(trusted, message.clone());
        assert_eq!(bench.closed(trusted), None, "but for the permission");
        bench.receive(peer, message);
        assert_eq!(bench.closed(peer), refused);
    }
    for message in messages {
        let mut bench = bench();
        let peer = bench.meet(Who { kind: ConnectionType::BlockRelay, ..OUTBOUND });
        bench.receive(peer, message);
        assert_eq!(bench.closed(peer), refused, "a connection for blocks");
    }
}

#[test]
fn announcements_of_a_peer_are_bounded() {
    let mut bench = bench();
    let trusted = bench.meet(Who { permissions: Permissions::RELAY, ..INBOUND });
    let peer = bench.meet(INBOUND);
    let entry = |n: u32| {
        let mut hash = [3; 32];
        hash[..4].copy_from_slice(&n.to_le_bytes());
        Inventory { kind: InvType::WTX, hash }
    };
    bench.receive(peer, Message::Inv((0..6000).map(entry).collect()));
    assert_eq!(bench.fsm.transaction_load().0, 5000);
    bench.wait(3 * SECOND);
    let asked = bench.asked(peer);
    assert_eq!((asked.len(), asked[4999]), (5000, entry(4999)), "in the order of the announcements");
    bench.receive(peer, Message::Inv(vec![entry(7000)]));
    bench.wait(10 * SECOND);
    assert!(bench.asked(peer).is_empty());
    for start in [10_000, 60_000] {
        bench.receive(trusted, Message::Inv((start..start + 50_000).map(entry).collect()));
    }
    assert_eq!(bench.fsm.transaction_load().0, 50_000, "even with the permission");
}

#[test]
fn a_busy_peer_is_asked_later() {
    let mut bench = bench();
    let peer = bench.meet(OUTBOUND);
    for n in 0..100 {
        bench.announce(peer, &tx(n));
    }
    assert_eq!(bench.asked(peer).len(), 100);
    bench.announce(peer, &tx(100));
    bench.wait(Duration::from_millis(1900));
    assert!(bench.asked(peer).is_empty());
    bench.wait(Duration::from_millis(200));
    assert_eq!(bench.asked(peer), [wtx(&tx(100))]);
}

#[test]
fn what_waits_counts_as_it_is_in_memory() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    bench.by_hand = true;
    bench.give(peer, &tx(0));
    // A byte each on the wire.
    let mut parts = tx(1).parts().clone();
    parts.inputs[0].witness = vec![Bytes::new(); 100_000];
    let stacked = Arc::new(Transaction::from(parts));
    assert!(stacked.bytes().len() < 101_000);
    let paused = |bench: &Bench| bench.out.iter().any(|output| matches!(output, Output::PauseReading { .. }));
    bench.give(peer, &stacked);
    assert!(!paused(&bench), "3.3 MB of 5");
    bench.give(peer, &stacked);
    assert!(paused(&bench));
}

#[test]
fn other_messages_wait_for_the_verdict() {
    let mut bench = bench();
    let (peer, other) = (bench.meet(INBOUND), bench.meet(INBOUND));
    bench.by_hand = true;
    bench.give(peer, &tx(0));
    bench.give(peer, &tx(1));
    bench.receive(peer, Message::Ping(Some(7)));
    bench.give(other, &tx(0));
    assert_eq!(bench.submitted(), [(peer, tx(0))], "once, and one for each peer");
    assert!(bench.sent(peer).is_empty());
    let verdict = |bench: &mut Bench, tx: Arc<Transaction>| {
        let verdict = bench.chain.submit_tx(&tx);
        bench.step(Input::TxVerdict { peer, tx, verdict });
    };
    verdict(&mut bench, tx(0));
    assert_eq!(bench.submitted(), [(peer, tx(1))]);
    assert!(bench.sent(peer).is_empty());
    verdict(&mut bench, tx(1));
    assert_eq!(bench.sent(peer), [Message::Pong(Some(7))]);
    assert!(bench.fsm.peers(bench.now)[0].last_transaction.is_some());
}

#[test]
fn a_verdict_counts_although_the_peer_is_gone() {
    let mut bench = bench();
    let (peer, other) = (bench.meet(INBOUND), bench.meet(INBOUND));
    bench.by_hand = true;
    bench.give(peer, &bad(0, TxRejectKind::NotStandard));
    bench.step(Input::Disconnected { peer, reason: LinkEnd::Closed });
    bench.by_hand = false;
    let tx = bad(0, TxRejectKind::NotStandard);
    let verdict = bench.chain.submit_tx(&tx);
    bench.step(Input::TxVerdict { peer, tx, verdict });
    bench.announce(other, &bad(0, TxRejectKind::NotStandard));
    bench.wait(10 * SECOND);
    assert!(bench.asked(other).is_empty());
    assert_eq!(bench.fsm.transaction_load().2, 0);
}

#[test]
fn parents_of_an_orphan_are_asked_of_who_sent_it() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let (first, second) = (tx(0), tx(1));
    let orphan = child(&[&first, &second]);
    bench.give(peer, &orphan);
    bench.wait(3 * SECOND);
    assert!(bench.asked(peer).is_empty(), "by txid takes longer");
    bench.wait(2 * SECOND);
    let mut asked = bench.asked(peer);
    asked.sort_by_key(|entry| entry.hash);
    let mut expected = [by_txid(InvType::MWEB_TX, &first), by_txid(InvType::MWEB_TX, &second)];
    expected.sort_by_key(|entry| entry.hash);
    assert_eq!(asked, expected);
    bench.announce(peer, &orphan);
    bench.wait(5 * SECOND);
    assert!(bench.asked(peer).is_empty(), "an orphan is here");
    bench.give(peer, &first);
    assert!(!bench.has(&orphan));
    bench.give(peer, &second);
    assert!(bench.has(&orphan), "now it is complete");
    assert_eq!(bench.fsm.transaction_load().1, 0);
}

#[test]
fn orphans_are_tried_one_by_one_before_the_next_message() {
    let mut bench = bench();
    let (peer, other) = (bench.meet(INBOUND), bench.meet(INBOUND));
    let parent = tx(0);
    let good = child(&[&parent]);
    let grandchild = child(&[&good]);
    let evil = transaction_of(&[OutPoint { txid: parent.txid(), vout: 1 }], &[bad_value(TxRejectKind::Consensus)]);
    for orphan in [&grandchild, &good] {
        bench.give(peer, orphan);
    }
    bench.by_hand = true;
    bench.give(other, &evil);
    bench.submitted();
    // As an orphan it was not looked at closely.
    bench.step(Input::TxVerdict { peer: other, tx: Arc::clone(&evil), verdict: TxVerdict::MissingInputs });
    bench.give(peer, &parent);
    bench.receive(peer, Message::Ping(Some(7)));
    bench.sent(peer);
    let mut turns = Vec::new();
    while let [(turn, tx)] = &bench.submitted()[..] {
        assert!(bench.sent(peer).is_empty());
        turns.push((*turn, tx.txid()));
        let verdict = bench.chain.submit_tx(tx);
        bench.step(Input::TxVerdict { peer: *turn, tx: Arc::clone(tx), verdict });
    }
    let mut children = [good.txid(), evil.txid()];
    children.sort();
    let at = |txid| turns.iter().position(|(_, other)| *other == txid).unwrap();
    assert_eq!(turns[0], (peer, parent.txid()));
    assert!(turns.iter().all(|(turn, _)| *turn == peer) && turns.len() == 4, "in the turn of who brought the parent");
    assert!(at(grandchild.txid()) > at(good.txid()));
    assert!(bench.sent(peer).contains(&Message::Pong(Some(7))));
    assert!(bench.has(&good) && bench.has(&grandchild));
    assert_eq!(bench.closed(other), Some(&DisconnectReason::Misbehaved), "who sent the orphan pays for it");
    assert_eq!(bench.closed(peer), None);
}

#[test]
fn work_on_orphans_goes_on_when_a_peer_leaves() {
    let mut bench = bench();
    let (sender, bringer) = (bench.meet(INBOUND), bench.meet(INBOUND));
    let parent = tx(0);
    let orphan = child(&[&parent]);
    bench.give(sender, &orphan);
    bench.by_hand = true;
    bench.give(bringer, &parent);
    bench.step(Input::Disconnected { peer: bringer, reason: LinkEnd::Closed });
    bench.by_hand = false;
    let verdict = bench.chain.submit_tx(&parent);
    bench.step(Input::TxVerdict { peer: bringer, tx: parent, verdict });
    assert!(bench.has(&orphan));
    // The parent is accepted; one of its children is at the mempool when the peer leaves, the other one waits.
    let bringer = bench.meet(INBOUND);
    let parent = tx(1);
    let second = transaction_of(&[OutPoint { txid: parent.txid(), vout: 1 }], &[10]);
    let children = [child(&[&parent]), second];
    children.iter().for_each(|orphan| bench.give(sender, orphan));
    bench.submitted();
    bench.by_hand = true;
    bench.give(bringer, &parent);
    let verdict = bench.chain.submit_tx(&parent);
    bench.step(Input::TxVerdict { peer: bringer, tx: parent, verdict });
    let [_, (_, at_work)] = &bench.submitted()[..] else { panic!() };
    bench.by_hand = false;
    bench.step(Input::Disconnected { peer: bringer, reason: LinkEnd::Closed });
    let verdict = bench.chain.submit_tx(at_work);
    bench.step(Input::TxVerdict { peer: bringer, tx: Arc::clone(at_work), verdict });
    assert!(children.iter().all(|orphan| bench.has(orphan)));
    // With its sender an orphan goes.
    bench.give(sender, &child(&[&tx(5)]));
    assert_eq!(bench.fsm.transaction_load().1, 1);
    bench.step(Input::Disconnected { peer: sender, reason: LinkEnd::Closed });
    assert_eq!(bench.fsm.transaction_load().1, 0);
}

#[test]
fn a_parent_from_elsewhere_helps_too() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let (local, mined) = (tx(0), tx(1));
    let orphans = [child(&[&local]), child(&[&mined])];
    orphans.iter().for_each(|orphan| bench.give(peer, orphan));
    assert_eq!(bench.fsm.transaction_load().1, 2);
    bench.chain.submit_tx(&local);
    bench.step(Input::TxAdded { tx: local });
    assert!(bench.has(&orphans[0]));
    let time = u32::try_from(bench.now.as_secs()).unwrap();
    let block = make_block_of(&bench.chain.tip(), time, 0, 9, vec![mined], None);
    let (_, moved) = bench.chain.submit_block(&block);
    bench.moved(&moved.unwrap());
    assert!(bench.has(&orphans[1]));
}

#[test]
fn there_are_a_hundred_orphans() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    for n in 0..150 {
        bench.give(peer, &child(&[&tx(n)]));
    }
    assert_eq!(bench.fsm.transaction_load().1, 100);
}

#[test]
fn rejected_transactions_are_remembered_until_there_is_a_new_tip() {
    use TxRejectKind::{InputsNotStandard, NotStandard, WitnessStripped};
    // Asked for again by wtxid, by txid.
    for (kind, again) in [(NotStandard, (0, 1)), (WitnessStripped, (1, 1)), (InputsNotStandard, (0, 0))] {
        let mut bench = bench();
        let (new, old) = (bench.meet(INBOUND), bench.meet(Who { wtxid: false, ..INBOUND }));
        let tx = bad(0, kind);
        bench.give(new, &tx);
        let asked = |bench: &mut Bench, peer| {
            bench.announce(peer, &tx);
            bench.wait(5 * SECOND);
            let asked = bench.asked(peer).len();
            bench.receive(peer, Message::NotFound(vec![wtx(&tx), by_txid(InvType::TX, &tx)]));
            asked
        };
        assert_eq!((asked(&mut bench, new), asked(&mut bench, old)), again, "{kind:?}");
        assert_eq!(bench.score(new), 0);
        bench.mine(1);
        assert_eq!((asked(&mut bench, new), asked(&mut bench, old)), (1, 1), "{kind:?}");
    }
}

#[test]
fn only_broken_consensus_is_punished() {
    for n in 0..9u32 {
        let kind = [
            TxRejectKind::Consensus,
            TxRejectKind::RecentConsensusChange,
            TxRejectKind::InputsNotStandard,
            TxRejectKind::NotStandard,
            TxRejectKind::PrematureSpend,
            TxRejectKind::WitnessMutated,
            TxRejectKind::WitnessStripped,
            TxRejectKind::Conflict,
            TxRejectKind::MempoolPolicy,
        ][n as usize];
        let mut bench = bench();
        let peer = bench.meet(INBOUND);
        bench.give(peer, &bad(n, kind));
        let punished = kind == TxRejectKind::Consensus;
        assert_eq!(bench.closed(peer), punished.then_some(&DisconnectReason::Misbehaved), "{kind:?}");
    }
}

#[test]
fn an_orphan_of_a_rejected_parent_is_rejected() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let parent = bad(0, TxRejectKind::InputsNotStandard);
    bench.give(peer, &parent);
    let orphan = child(&[&parent]);
    bench.give(peer, &orphan);
    assert_eq!(bench.fsm.transaction_load().1, 0);
    let old = bench.meet(Who { wtxid: false, ..INBOUND });
    bench.announce(old, &orphan);
    bench.announce(peer, &orphan);
    bench.wait(10 * SECOND);
    assert!(bench.asked(peer).is_empty() && bench.asked(old).is_empty());
}

#[test]
fn what_is_in_a_block_is_not_asked_for() {
    let mut bench = bench();
    let peer = bench.meet(OUTBOUND);
    let (mined, precluded) = (tx(0), transaction_of(&[free_coin(1, 0), free_coin(9, 9)], &[3]));
    let orphan = transaction_of(&[free_coin(1, 0), OutPoint { txid: tx(7).txid(), vout: 0 }], &[3]);
    bench.give(peer, &orphan);
    bench.announce(peer, &mined);
    bench.asked(peer);
    let time = u32::try_from(bench.now.as_secs()).unwrap();
    let block = make_block_of(&bench.chain.tip(), time, 0, 9, vec![Arc::clone(&mined)], None);
    let (_, moved) = bench.chain.submit_block(&block);
    bench.moved(&moved.unwrap());
    assert_eq!(
        bench.fsm.transaction_load(),
        (2, 0, 0),
        "orphans that cannot be any more are gone: its parents are wanted"
    );
    let second = bench.meet(OUTBOUND);
    bench.announce(second, &mined);
    bench.wait(70 * SECOND);
    assert!(bench.asked(second).is_empty() && !bench.has(&precluded));
    // Two blocks on the old tip: the transaction may come again.
    let parent = bench.chain.entry(&block.header().prev).unwrap();
    let others = bench.branch(&parent, 2, 77);
    for other in &others {
        if let (_, Some(moved)) = bench.chain.submit_block(other) {
            bench.chain.set_unbroadcast(&mined.txid(), false);
            bench.moved(&moved);
        }
    }
    assert!(bench.has(&mined), "it is in the mempool again");
    let evil = bench.meet(OUTBOUND);
    let gone = tx(40);
    bench.announce(evil, &gone);
    assert_eq!(bench.asked(evil), [wtx(&gone)]);
}

#[test]
fn what_was_not_let_in_helps_compact_blocks() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let cheap = bad(0, TxRejectKind::MempoolPolicy);
    let (loser, winner) = (tx(1), transaction_of(&[free_coin(1, 1)], &[1000]));
    let orphan = child(&[&tx(2)]);
    for tx in [&cheap, &loser, &winner, &orphan] {
        bench.give(peer, tx);
    }
    assert!(bench.has(&winner) && !bench.has(&loser));
    let extra = |bench: &Bench, list: &[&Arc<Transaction>]| {
        let list = list.iter().map(|tx| Arc::clone(tx)).collect();
        let block = make_block_of(&bench.chain.tip(), 0, 0, 0, list, None);
        let compact: CompactBlock = crate::compact::compact_block(&block, Encoding::Full, 1);
        let partial = crate::compact::PartialBlock::new(compact).unwrap();
        let cx = bench.fsm.context(bench.now, &bench.chain);
        bench.fsm.pool_matches(cx, partial.wanted()).extra.len()
    };
    assert_eq!(extra(&bench, &[&cheap, &loser, &winner, &orphan]), 3);
    // Only the last hundred.
    for n in 0..99 {
        bench.give(peer, &bad(100 + n, TxRejectKind::MempoolPolicy));
    }
    assert_eq!(extra(&bench, &[&cheap, &loser, &orphan]), 1);
}
