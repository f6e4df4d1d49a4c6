//! Transactions to peers: what v0.21.5.5 does is the oracle, read off src/net_processing.cpp and its functional tests
//! (p2p_tx_privacy.py, p2p_leak_tx.py, p2p_feefilter.py, mempool_unbroadcast.py, p2p_blocksonly.py).

use litecast_primitives::{OutPoint, Transaction, Txid, Wtxid};

use super::{
    transactions::{INBOUND, OUTBOUND, Who, bench, by_txid, child, tx, wtx},
    *,
};
use crate::simulator::toy_chain::{free_coin, transaction_of};

const MINUTE: Duration = Duration::from_secs(60);

impl Bench {
    /// A transaction from the operator.
    pub(super) fn put(&mut self, tx: &Arc<Transaction>) {
        self.chain.look_at_clock(self.now);
        assert!(matches!(self.chain.submit_tx(tx), TxVerdict::Accepted { .. }));
        self.chain.set_unbroadcast(&tx.txid(), true);
        self.step(Input::TxAdded { tx: Arc::clone(tx) });
    }

    /// What a peer was told since the last look, one entry for each message.
    pub(super) fn heard(&mut self, peer: PeerId) -> Vec<Vec<Inventory>> {
        let sent = self.sent(peer).into_iter();
        sent.filter_map(|message| if let Message::Inv(entries) = message { Some(entries) } else { None }).collect()
    }

    /// The answer to a request, as it travels.
    fn ask(&mut self, peer: PeerId, entries: &[Inventory]) -> Vec<Vec<u8>> {
        self.sent(peer);
        self.out.retain(|output| !matches!(output, Output::Send { .. }));
        self.receive(peer, Message::GetData(entries.to_vec()));
        let frames = self.out.iter().filter_map(|output| match output {
            Output::Send { frame, .. } => Some(frame[HEADER_SIZE..].to_vec()),
            _ => None,
        });
        frames.collect()
    }

    /// Seconds until a peer is told something.
    fn wait_for_news(&mut self, peer: PeerId) -> (f64, Vec<Inventory>) {
        let start = self.now;
        for _ in 0..10_000 {
            self.wait(Duration::from_millis(100));
            let told = self.heard(peer).concat();
            if !told.is_empty() {
                return (self.now.since(start).as_secs_f64(), told);
            }
        }
        panic!("nothing is told");
    }
}

fn not_found(entries: &[Inventory]) -> Vec<u8> {
    Message::NotFound(entries.to_vec()).encode().to_vec()
}

#[test]
fn peers_are_told_in_batches_at_random_moments() {
    let mut bench = bench();
    // Not one of those that have to show a good chain.
    let manual = Who { kind: ConnectionType::Manual, ..OUTBOUND };
    let peers = [bench.meet(INBOUND), bench.meet(INBOUND), bench.meet(manual)];
    let (mut inbound, mut outbound) = (0.0, 0.0);
    let rounds = 300;
    for n in 0..rounds {
        bench.put(&tx(n));
        let start = bench.now;
        let mut when = [None; 3];
        while when.iter().any(Option::is_none) {
            let next = bench.fsm.timer.unwrap();
            bench.now = next;
            bench.step(Input::Tick);
            for (peer, when) in peers.iter().zip(&mut when) {
                if !bench.heard(*peer).is_empty() {
                    *when = Some(bench.now.since(start).as_secs_f64());
                }
            }
        }
        assert_eq!(when[0], when[1], "all inbound peers at the same moment");
        inbound += when[0].unwrap();
        outbound += when[2].unwrap();
        for peer in peers {
            // They answer pings.
            let nonce = bench.fsm.peers[&peer].ping.nonce;
            bench.receive(peer, Message::Pong(nonce.or(Some(1))));
        }
    }
    let (inbound, outbound) = (inbound / f64::from(rounds), outbound / f64::from(rounds));
    // The standard deviation of the mean is 0.3 and 0.12.
    assert!((3.8..6.2).contains(&inbound), "5 seconds on average: {inbound}");
    assert!((1.5..2.6).contains(&outbound), "2 seconds on average: {outbound}");
}

#[test]
fn a_batch_is_the_best_of_what_waits() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let parents: Vec<_> = (0..50).map(|n| transaction_of(&[free_coin(1, n)], &[10 + i64::from(n)])).collect();
    let children: Vec<_> =
        parents.iter().map(|parent| transaction_of(&[OutPoint { txid: parent.txid(), vout: 0 }], &[100])).collect();
    parents.iter().chain(&children).for_each(|tx| bench.put(tx));
    let (_, first) = bench.wait_for_news(peer);
    let expected: Vec<_> = parents.iter().rev().take(35).map(|tx| wtx(tx)).collect();
    assert_eq!(first, expected, "fewest ancestors, then the best fee, seven for each second");
    let (_, second) = bench.wait_for_news(peer);
    assert_eq!(second.len(), 35);
    assert!(second[..15].iter().eq(parents.iter().rev().skip(35).map(|tx| wtx(tx)).collect::<Vec<_>>().iter()));
    assert_eq!(bench.wait_for_news(peer).1.len(), 30);
    bench.wait(MINUTE);
    assert!(bench.heard(peer).is_empty(), "once");
}

#[test]
fn ids_are_of_the_kind_that_was_settled_and_the_sender_is_not_told() {
    let mut bench = bench();
    let (new, old) = (bench.meet(INBOUND), bench.meet(Who { wtxid: false, ..INBOUND }));
    let sender = bench.meet(OUTBOUND);
    bench.receive(sender, Message::Tx(tx(0)));
    bench.wait(MINUTE);
    assert_eq!(bench.heard(new), [[wtx(&tx(0))]]);
    assert_eq!(bench.heard(old), [[by_txid(InvType::TX, &tx(0))]]);
    assert!(bench.heard(sender).is_empty());
    // Who announces it knows it too.
    bench.receive(new, Message::Inv(vec![wtx(&tx(1))]));
    bench.receive(sender, Message::Tx(tx(1)));
    bench.wait(MINUTE);
    assert!(bench.heard(new).is_empty() && bench.heard(old).len() == 1);
}

#[test]
fn who_wants_no_transactions_hears_of_none() {
    let mut bench = bench();
    let silent = bench.meet(Who { relay: false, ..INBOUND });
    let blocks = bench.meet(Who { kind: ConnectionType::BlockRelay, ..OUTBOUND });
    let noban = bench.meet(Who { permissions: Permissions::NOBAN, ..INBOUND });
    bench.put(&tx(0));
    assert_eq!(bench.heard(noban), [[wtx(&tx(0))]], "from these nothing is hidden");
    bench.wait(5 * MINUTE);
    assert!(bench.heard(silent).is_empty() && bench.heard(blocks).is_empty());
    assert!(bench.ask(blocks, &[wtx(&tx(0))]).is_empty(), "not even notfound");
}

#[test]
fn what_pays_too_little_for_a_peer_is_not_told() {
    let mut bench = bench();
    let peer = bench.meet(OUTBOUND);
    // 10,000 litoshis for some 100 bytes of weight 327.
    let size = tx(0).weight().div_ceil(4);
    let rate = i64::try_from(10_000 * 1000 / size).unwrap();
    bench.receive(peer, Message::FeeFilter(rate + 100));
    bench.put(&tx(0));
    bench.wait(MINUTE);
    assert!(bench.heard(peer).is_empty());
    bench.receive(peer, Message::FeeFilter(-1));
    bench.receive(peer, Message::FeeFilter(84_000_000 * 100_000_000 + 1));
    assert_eq!(bench.fsm.peers(bench.now)[0].min_fee_filter, rate + 100, "no amounts");
    bench.receive(peer, Message::FeeFilter(rate));
    bench.put(&tx(1));
    bench.wait(MINUTE);
    assert_eq!(bench.heard(peer), [[wtx(&tx(1))]], "the first one was thrown away");
}

#[test]
fn only_what_was_announced_or_is_old_can_be_had() {
    let mut bench = bench();
    let (spy, peer) = (bench.meet(INBOUND), bench.meet(OUTBOUND));
    bench.put(&tx(0));
    assert_eq!(bench.ask(spy, &[wtx(&tx(0))]), [not_found(&[wtx(&tx(0))])]);
    bench.wait(30 * SECOND);
    assert_eq!(bench.ask(peer, &[wtx(&tx(0))]), [tx(0).bytes().to_vec()], "it was announced");
    // Two of them, so that one can be out of the filter: to the peer without announcement after two minutes.
    let silent = bench.meet(Who { relay: false, ..INBOUND });
    bench.wait(89 * SECOND);
    assert_eq!(bench.ask(silent, &[wtx(&tx(0))]), [not_found(&[wtx(&tx(0))])]);
    bench.wait(2 * SECOND);
    assert_eq!(bench.ask(silent, &[by_txid(InvType::WITNESS_TX, &tx(0))]), [tx(0).bytes().to_vec()]);
    let unknown = [wtx(&tx(7)), by_txid(InvType::MWEB_TX, &tx(8))];
    assert_eq!(bench.ask(peer, &unknown), [not_found(&unknown)]);
}

#[test]
fn what_was_announced_can_be_had_for_a_quarter_of_an_hour() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    bench.put(&tx(0));
    bench.wait(MINUTE);
    // Something better takes its place.
    bench.put(&transaction_of(&[free_coin(1, 0)], &[1000]));
    assert_eq!(bench.ask(peer, &[wtx(&tx(0))]), [tx(0).bytes().to_vec()]);
    bench.wait(13 * MINUTE);
    assert_eq!(bench.ask(peer, &[by_txid(InvType::TX, &tx(0))]).len(), 1);
    bench.wait(3 * MINUTE);
    // Old entries go when new ones come.
    bench.put(&tx(1));
    bench.wait(MINUTE);
    assert_eq!(bench.ask(peer, &[wtx(&tx(0))]), [not_found(&[wtx(&tx(0))])]);
}

#[test]
fn transactions_travel_in_the_encoding_that_was_asked_for() {
    let mut bench = bench();
    let no_mweb = ServiceFlags(ServiceFlags::OURS.0 & !ServiceFlags::MWEB.0);
    let (full, plain) = (bench.meet(INBOUND), bench.meet(Who { services: no_mweb, ..INBOUND }));
    let mweb = litecast_primitives::mweb::Tx {
        kernel_offset: [1; 32],
        stealth_offset: [2; 32],
        body: litecast_primitives::mweb::TxBody::default(),
    };
    let parts = litecast_primitives::transaction::TxParts { mweb: Some(mweb), ..tx(0).parts().clone() };
    let loose = Arc::new(Transaction::from(parts));
    bench.put(&loose);
    bench.wait(3 * MINUTE);
    for (kind, encoding) in [
        (InvType::TX, Encoding::Base),
        (InvType::WITNESS_TX, Encoding::Full),
        (InvType::MWEB_TX, Encoding::Full),
        (InvType::WTX, Encoding::Full),
    ] {
        let entry = if kind == InvType::WTX { wtx(&loose) } else { by_txid(kind, &loose) };
        assert_eq!(bench.ask(full, &[entry]), [loose.encode(encoding).to_vec()], "{kind:?}");
        let less = if encoding == Encoding::Full { Encoding::Witness } else { encoding };
        assert_eq!(bench.ask(plain, &[entry]), [loose.encode(less).to_vec()], "{kind:?} without MWEB");
    }
}

#[test]
fn with_a_transaction_its_parents_can_be_had() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let parent = tx(0);
    bench.receive(peer, Message::FeeFilter(50_000));
    let cheap = transaction_of(&[free_coin(1, 1)], &[1]);
    bench.put(&cheap);
    let orphan = child(&[&cheap]);
    bench.put(&orphan);
    bench.put(&parent);
    bench.wait(30 * SECOND);
    assert!(!bench.heard(peer).concat().contains(&wtx(&cheap)), "the parent pays too little");
    let entry = by_txid(InvType::MWEB_TX, &cheap);
    assert_eq!(bench.ask(peer, &[entry]), [not_found(&[entry])]);
    bench.ask(peer, &[wtx(&orphan)]);
    assert_eq!(bench.ask(peer, &[entry]), [cheap.bytes().to_vec()]);
}

#[test]
fn the_whole_pool_is_told_to_who_may_ask() {
    let mut bench = bench();
    for n in 0..100 {
        bench.put(&tx(n));
    }
    let cheap = transaction_of(&[free_coin(1, 1000)], &[1]);
    bench.put(&cheap);
    let stranger = bench.meet(INBOUND);
    bench.receive(stranger, Message::Mempool);
    assert_eq!(bench.closed(stranger), Some(&DisconnectReason::NotServed(CommandName::MEMPOOL)));
    let noban = bench.meet(Who { permissions: Permissions::NOBAN, ..INBOUND });
    bench.receive(noban, Message::Mempool);
    assert!(bench.closed(noban).is_none() && bench.heard(noban).is_empty());
    let friend = bench.meet(Who { permissions: Permissions::MEMPOOL, ..INBOUND });
    bench.receive(friend, Message::FeeFilter(50_000));
    assert_eq!(bench.ask(friend, &[wtx(&tx(3))]), [not_found(&[wtx(&tx(3))])]);
    bench.receive(friend, Message::Mempool);
    let (_, told) = bench.wait_for_news(friend);
    assert_eq!(told.len(), 100, "but for what it does not want");
    assert_eq!(bench.ask(friend, &[wtx(&tx(3))]), [tx(3).bytes().to_vec()], "all can be had then");
    let mut offered = Bench::with(|config| {
        config.relay_transactions = true;
        config.services = ServiceFlags(config.services.0 | ServiceFlags::BLOOM.0);
    });
    offered.mine(1);
    let stranger = offered.meet(INBOUND);
    offered.put(&tx(0));
    offered.receive(stranger, Message::Mempool);
    assert_eq!(offered.wait_for_news(stranger).1, [wtx(&tx(0))]);
}

#[test]
fn local_transactions_are_told_until_somebody_asks() {
    let mut bench = bench();
    bench.wait(SECOND);
    bench.put(&tx(0));
    let mut late = Vec::new();
    let mut rounds = 0;
    let start = bench.now;
    // Each new peer hears of it at the next round, and does not ask.
    while bench.now.since(start) < 60 * MINUTE {
        let peer = bench.meet(INBOUND);
        let (waited, told) = bench.wait_for_news(peer);
        assert_eq!(told, [wtx(&tx(0))]);
        rounds += 1;
        late.push(waited);
        if rounds == 3 {
            assert_eq!(bench.ask(peer, &[wtx(&tx(0))]).len(), 1);
            break;
        }
    }
    assert!(late[1..].iter().all(|waited| (570.0..960.0).contains(waited)), "{late:?}");
    assert!(bench.out.iter().any(|output| matches!(output, Output::Broadcast { txid } if *txid == tx(0).txid())));
    let peer = bench.meet(INBOUND);
    bench.rest(30 * MINUTE);
    assert!(bench.heard(peer).is_empty());
}

#[test]
fn known_transactions_of_a_gateway_are_told_again() {
    let mut bench = bench();
    bench.put(&tx(0));
    let gateway = bench.meet(Who { permissions: Permissions::FORCERELAY, ..INBOUND });
    let peer = bench.meet(INBOUND);
    bench.receive(peer, Message::Tx(tx(0)));
    bench.receive(gateway, Message::Tx(tx(0)));
    let other = bench.meet(INBOUND);
    bench.wait(MINUTE);
    assert!(bench.heard(other).is_empty(), "it came later");
    bench.receive(gateway, Message::Tx(tx(0)));
    bench.wait(MINUTE);
    assert_eq!(bench.heard(other), [[wtx(&tx(0))]]);
}

#[test]
fn announcements_that_wait_are_bounded() {
    let mut bench = bench();
    let peer = bench.meet(INBOUND);
    let ids = |n: u64| {
        let mut hash = [9; 32];
        hash[..8].copy_from_slice(&n.to_le_bytes());
        (Txid::from_bytes(hash), Wtxid::from_bytes(hash))
    };
    for n in 0..MAX_TO_ANNOUNCE as u64 + 10 {
        let (txid, wtxid) = ids(n);
        let cx = bench.fsm.context(bench.now, &bench.chain);
        bench.fsm.relay_transaction(cx, txid, wtxid);
    }
    assert_eq!(bench.fsm.peers[&peer].relay.as_ref().unwrap().waiting(), MAX_TO_ANNOUNCE);
    // What the pool does not have takes no place in a batch.
    bench.wait(MINUTE);
    assert_eq!(bench.fsm.peers[&peer].relay.as_ref().unwrap().waiting(), 0);
}

#[test]
fn announced_transactions_are_bounded() {
    let mut memory = crate::fsm::relay::RelayMemory::default();
    for n in 0..50_100 {
        memory.insert(&tx(n), START);
    }
    assert_eq!(memory.load().0, 100_000);
    for n in 0..150 {
        let mut large = tx(n).parts().clone();
        large.inputs[0].witness[0] = vec![0; 1_000_000].into();
        memory.insert(&Arc::new(large.into()), START);
        assert!(memory.load().1 <= 52_100_000, "no more than one above the limit");
    }
    memory.insert(&tx(0), START + 16 * MINUTE);
    assert_eq!(memory.load(), (2, 2 * tx(0).bytes().len()), "all others were too old");
}

fn fee_filters(bench: &mut Bench, peer: PeerId) -> Vec<i64> {
    let sent = bench.sent(peer).into_iter();
    sent.filter_map(|message| if let Message::FeeFilter(rate) = message { Some(rate) } else { None }).collect()
}

fn filter_bench(initial_download: bool) -> Bench {
    let mut bench = Bench::with(|config| {
        config.relay_transactions = true;
        config.fee_filter = true;
    });
    if !initial_download {
        bench.mine(1);
    }
    bench
}

/// Connects without throwing away what is sent.
fn greet(bench: &mut Bench, kind: ConnectionType, version_number: i32) -> PeerId {
    let peer = if kind == ConnectionType::Inbound {
        bench.connect(Origin::Inbound, "1.2.3.4")
    } else {
        bench.outbound_raw(kind)
    };
    bench.receive(peer, Message::Version(Box::new(Version { version: version_number, ..version() })));
    bench.receive(peer, Message::Verack);
    peer
}

#[test]
fn peers_hear_what_is_not_wanted() {
    let mut bench = filter_bench(false);
    let peer = greet(&mut bench, ConnectionType::Inbound, 70_017);
    assert_eq!(fee_filters(&mut bench, peer), [1000], "at least -minrelaytxfee");
    let old = greet(&mut bench, ConnectionType::Inbound, 70_012);
    let blocks = greet(&mut bench, ConnectionType::BlockRelay, 70_017);
    assert!(fee_filters(&mut bench, old).is_empty() && fee_filters(&mut bench, blocks).is_empty());
    bench.rest(60 * MINUTE);
    assert!(fee_filters(&mut bench, peer).is_empty(), "nothing new");
    // A large change is told within five minutes.
    bench.chain.set_min_fee(100_000);
    bench.step(Input::Tick);
    bench.wait(10 * MINUTE);
    let told = fee_filters(&mut bench, peer);
    assert!(!told.is_empty() && told.iter().all(|rate| (90_000..=110_000).contains(rate)), "{told:?}");
    assert!(fee_filters(&mut bench, blocks).is_empty());
}

#[test]
fn nothing_is_wanted_in_the_initial_download() {
    let mut bench = filter_bench(true);
    let peer = greet(&mut bench, ConnectionType::Inbound, 70_017);
    let [highest] = fee_filters(&mut bench, peer)[..] else { panic!() };
    assert!(highest > 9_000_000);
    bench.mine(1);
    assert_eq!(fee_filters(&mut bench, peer), [1000], "at once");
    let permissions = Permissions::FORCERELAY;
    let id = bench.peers;
    let addr = "1.2.3.9:1".parse().unwrap();
    bench.peers += 1;
    bench.step(Input::Connected { peer: id, addr, local: None, origin: Origin::Inbound, permissions });
    bench.shake_hands(id);
    assert!(fee_filters(&mut bench, id).is_empty(), "from these everything is");
}
