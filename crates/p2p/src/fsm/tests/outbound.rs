//! Connections that the node chooses itself. The oracle is v0.21.5.5 src/net.cpp, ThreadOpenConnections and
//! ThreadDNSAddressSeed, and src/test/denialofservice_tests.cpp for the tip that stays old.

use std::collections::BTreeSet;

use super::*;
use crate::netaddr::{NetAddr, NetService, PeerAddress};

const PORT: u16 = 19444;

fn address(text: &str, port: u16, now: Time) -> PeerAddress {
    PeerAddress {
        service: NetService { addr: text.parse().unwrap(), port },
        services: ServiceFlags::OURS,
        time: u32::try_from(now.as_secs()).unwrap(),
    }
}

/// A node that chooses its peers, with so many addresses in its book, each of another group.
fn automatic(count: u8, change: impl FnOnce(&mut Config)) -> Bench {
    let mut bench = Bench::with(|config| {
        config.connect = None;
        change(config);
    });
    for n in 0..count {
        let told = address(&format!("{}.{}.1.1", 20 + n, n), PORT, bench.now);
        assert!(bench.fsm.add_addresses(bench.now, &[told], &told.service.addr), "{n}");
    }
    bench.step(Input::Tick);
    bench
}

impl Bench {
    /// Attempts that were asked for since the last look.
    fn dialled(&mut self) -> Vec<(AttemptId, String)> {
        let mut found = Vec::new();
        self.out.retain(|output| match output {
            Output::Connect { attempt, target } => {
                found.push((*attempt, target.clone()));
                false
            }
            _ => true,
        });
        found
    }

    /// Lets an attempt succeed, handshake included.
    fn reach(&mut self, (attempt, target): &(AttemptId, String)) -> PeerId {
        let peer = self.peers;
        self.peers += 1;
        let addr: SocketAddr = target.parse().unwrap_or_else(|_| format!("8.8.{peer}.8:9333").parse().unwrap());
        let addr = addr.into();
        let origin = Origin::Outbound(*attempt);
        self.step(Input::Connected { peer, addr, local: None, origin, permissions: Permissions::NONE });
        self.shake_hands(peer);
        peer
    }

    /// Time passes and each attempt succeeds, until nothing is dialled for a while.
    fn fill_slots(&mut self) {
        let mut quiet = 0;
        while quiet < 10 {
            self.wait(Duration::from_millis(500));
            let dialled = self.dialled();
            quiet = if dialled.is_empty() { quiet + 1 } else { 0 };
            for attempt in &dialled {
                self.reach(attempt);
            }
        }
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.fsm.peers(self.now).iter().map(|p| p.connection_type.name()).collect()
    }

    fn count(&self, kind: ConnectionType) -> usize {
        self.kinds().iter().filter(|name| **name == kind.name()).count()
    }

    /// The tip is fresh while time passes.
    fn live_well(&mut self, time: Duration) {
        self.fsm.outbound.tip_changed(self.now.as_secs());
        self.live(time);
    }

    /// Peers answer pings while time passes.
    fn live(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.wait(Duration::from_secs(10));
            let pings: Vec<_> = self.fsm.peers.values().map(|p| (p.id, p.ping.nonce)).collect();
            for (id, nonce) in pings {
                self.receive(id, Message::Pong(nonce.or(Some(1))));
            }
        }
    }
}

#[test]
fn eight_for_everything_then_two_for_blocks_each_of_another_group() {
    let mut bench = automatic(60, |_| {});
    // Two of each group: only one of them is ever wanted.
    for n in 0..60 {
        let told = address(&format!("{}.{n}.2.2", 20 + n), PORT, bench.now);
        bench.fsm.add_addresses(bench.now, &[told], &told.service.addr);
    }
    bench.fill_slots();
    let kinds = bench.kinds();
    assert_eq!(kinds[..8], ["outbound-full-relay"; 8]);
    assert_eq!(kinds[8..], ["block-relay-only"; 2]);
    let groups: BTreeSet<_> = bench.fsm.peers(bench.now).iter().map(|p| p.addr.addr.group()).collect();
    assert_eq!(groups.len(), 10);
    // One goes; another of the same kind comes.
    let gone = bench.fsm.peers(bench.now)[8].id;
    bench.step(Input::Disconnected { peer: gone, reason: LinkEnd::Closed });
    bench.fill_slots();
    assert_eq!(bench.count(ConnectionType::BlockRelay), 2);
}

#[test]
fn one_attempt_at_a_time_and_half_a_second_between() {
    let mut bench = automatic(30, |_| {});
    bench.step(Input::Tick);
    assert!(bench.dialled().is_empty());
    bench.wait(Duration::from_millis(500));
    let first = bench.dialled();
    assert_eq!(first.len(), 1);
    bench.wait(Duration::from_secs(30));
    assert!(bench.dialled().is_empty(), "the first is not through yet");
    bench.step(Input::ConnectFailed { attempt: first[0].0 });
    bench.wait(Duration::from_millis(499));
    assert!(bench.dialled().is_empty());
    bench.wait(Duration::from_millis(1));
    let second = bench.dialled();
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].1, second[0].1, "who was tried just now is not tried again soon");
}

#[test]
fn maxconnections_bounds_what_is_opened() {
    for (max, full, block) in [(125, 8, 2), (10, 8, 2), (9, 8, 1), (5, 5, 0), (0, 0, 0)] {
        let mut bench = automatic(60, |c| c.max_connections = max);
        bench.fill_slots();
        let found = (bench.count(ConnectionType::OutboundFullRelay), bench.count(ConnectionType::BlockRelay));
        assert_eq!(found, (full, block), "{max}");
    }
}

#[test]
fn named_peers_exclude_chosen_ones() {
    let mut bench = automatic(30, |c| c.connect = Some(vec!["1.2.3.4:5".into()]));
    bench.wait(Duration::from_secs(20));
    assert!(bench.dialled().iter().all(|(_, target)| target == "1.2.3.4:5"));
    let mut bench = automatic(30, |c| (c.connect, c.seed_nodes) = (Some(Vec::new()), vec!["seed".into()]));
    bench.wait(Duration::from_secs(600));
    assert!(bench.dialled().is_empty(), "-connect=0 stops everything");
}

#[test]
fn useless_addresses_are_not_tried() {
    let mut bench =
        automatic(0, |c| c.unreachable = vec![crate::netaddr::Network::Ipv6, crate::netaddr::Network::Onion]);
    let mut tell = |mut told: PeerAddress, services| {
        told.services = services;
        bench.fsm.add_addresses(bench.now, &[told], &told.service.addr);
    };
    tell(address("1.1.1.1", PORT, START), ServiceFlags::NETWORK | ServiceFlags::WITNESS);
    tell(address("2001:4860::1", PORT, START), ServiceFlags::OURS);
    tell(address("9.9.9.9", PORT, START), ServiceFlags::OURS);
    let subnet = "9.9.0.0/16".parse().unwrap();
    bench.command(Command::Ban { subnet, address: false, time: 1000, absolute: false }).unwrap();
    bench.wait(Duration::from_secs(60));
    assert!(bench.dialled().is_empty());
    bench.wait(Duration::from_secs(1000));
    let dialled = bench.dialled();
    assert_eq!(dialled.iter().map(|(_, target)| target.as_str()).collect::<Vec<_>>(), ["9.9.9.9:19444"]);
    // Another port than the network's is a last resort: nothing else is here.
    let mut bench = automatic(0, |_| {});
    let odd = address("8.8.8.8", 4444, bench.now);
    bench.fsm.add_addresses(bench.now, &[odd], &odd.service.addr);
    bench.step(Input::Tick);
    bench.wait(Duration::from_secs(60));
    assert_eq!(bench.dialled().iter().map(|(_, target)| target.as_str()).collect::<Vec<_>>(), ["8.8.8.8:4444"]);
}

#[test]
fn a_feeler_every_two_minutes_or_so() {
    let mut bench = automatic(75, |_| {});
    bench.fill_slots();
    let mut feelers = 0;
    let tried = bench.fsm.address_book().counts().1;
    for _ in 0..360 {
        bench.live_well(Duration::from_secs(10));
        for attempt in bench.dialled() {
            // Peers without a chain are left after a while, and others come.
            let peer = bench.reach(&attempt);
            feelers += usize::from(bench.closed(peer) == Some(&DisconnectReason::FeelerDone));
        }
    }
    // 30 in an hour on average.
    assert!((15..50).contains(&feelers), "{feelers}");
    assert!(bench.fsm.address_book().counts().1 > tried + 10, "they are known to be alive now");
    assert_eq!(bench.fsm.peers(bench.now).len(), 10);
}

#[test]
fn anchors_come_first_and_are_told_at_the_end() {
    let mut bench = automatic(60, |_| {});
    let anchors = [address("7.7.7.7", PORT, START), address("6.6.6.6", PORT, START), address("5.5.5.5", PORT, START)];
    bench.fsm.load_anchors(anchors.to_vec());
    assert_eq!(bench.fsm.waiting_anchors(), 2, "no more are taken");
    bench.wait(Duration::from_millis(500));
    for wanted in ["6.6.6.6:19444", "7.7.7.7:19444"] {
        let dialled = bench.dialled();
        assert_eq!(dialled.iter().map(|(_, target)| target.as_str()).collect::<Vec<_>>(), [wanted]);
        bench.reach(&dialled[0]);
        bench.wait(Duration::from_millis(500));
    }
    assert_eq!(bench.kinds(), ["block-relay-only"; 2]);
    let told = bench.fsm.anchors();
    let services: Vec<String> = told.iter().map(|anchor| anchor.service.to_string()).collect();
    assert_eq!(services, ["6.6.6.6:19444", "7.7.7.7:19444"]);
    assert!(told.iter().all(|anchor| anchor.services == ServiceFlags::OURS));
    bench.fill_slots();
    assert_eq!(bench.count(ConnectionType::OutboundFullRelay), 8);

    // An anchor that offers too little is passed over.
    let mut bench = automatic(0, |_| {});
    bench.fsm.load_anchors(vec![PeerAddress { services: ServiceFlags::NETWORK, ..anchors[0] }]);
    bench.wait(Duration::from_secs(5));
    assert!(bench.dialled().is_empty());
}

#[test]
fn seed_nodes_are_asked_and_left() {
    let mut bench = automatic(0, |c| c.seed_nodes = vec!["8.8.4.4:19444".into()]);
    bench.wait(Duration::from_millis(500));
    let dialled = bench.dialled();
    assert_eq!(dialled.len(), 1);
    let peer = bench.reach(&dialled[0]);
    assert_eq!(bench.kinds(), ["addr-fetch"]);
    let told = (0..40u8).map(|n| address(&format!("{}.1.1.1", 20 + n), PORT, bench.now)).collect();
    bench.receive(peer, Message::Addr(told));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::AddrFetchDone));
    bench.fill_slots();
    assert!(bench.count(ConnectionType::OutboundFullRelay) == 8, "{:?}", bench.kinds());
}

#[test]
fn a_contested_place_is_tested_by_a_feeler() {
    // Fill the book's tried table until somebody wants a place that is taken.
    let mut bench = automatic(0, |_| {});
    let mut newcomer = None;
    'outer: for a in 1..=255u8 {
        for b in 0..=255u8 {
            let told = address(&format!("9.9.{a}.{b}"), PORT, bench.now);
            let source = NetAddr::Ipv4([b, a, 1, 1]);
            bench.fsm.add_addresses(bench.now, &[told], &source);
            bench.fsm.address_book_mut().good(&told.service, bench.now.as_secs());
            let holder = bench.fsm.address_book_mut().select_tried_collision();
            if let Some(holder) = holder {
                newcomer = Some((told.service, holder.address.service));
                break 'outer;
            }
        }
    }
    let (newcomer, holder) = newcomer.expect("because one group has few places");
    // Too long ago to be sure.
    bench.now = bench.now + Duration::from_secs(5 * 3600);
    for n in 0..40u8 {
        let told = address(&format!("{}.{n}.1.1", 20 + n), PORT, bench.now);
        bench.fsm.add_addresses(bench.now, &[told], &told.service.addr);
    }
    // The newcomer was reached just now.
    bench.fsm.address_book_mut().good(&newcomer, bench.now.as_secs());
    let mut tested = false;
    for _ in 0..600 {
        bench.wait(Duration::from_millis(500));
        for attempt in bench.dialled() {
            let full = bench.kinds().len() == 10;
            assert!(!full || tested || attempt.1 == holder.to_string(), "{attempt:?} comes before the test");
            if full {
                // Nobody answers. A minute after that the newcomer has the place.
                tested |= attempt.1 == holder.to_string();
                bench.step(Input::ConnectFailed { attempt: attempt.0 });
            } else {
                bench.reach(&attempt);
            }
        }
    }
    assert!(tested);
    let tried = |bench: &Bench, service: NetService| bench.fsm.address_book().find(&service.addr).unwrap().is_tried();
    assert!(tried(&bench, newcomer) && !tried(&bench, holder));
}

#[test]
fn an_old_tip_allows_one_more_peer_and_the_least_useful_goes() {
    let mut bench = automatic(75, |_| {});
    bench.mine(1);
    bench.fill_slots();
    assert_eq!(bench.kinds().len(), 10);
    // Three times the spacing of regtest's blocks is 450 seconds.
    let spacing = Duration::from_secs(u64::try_from(bench.fsm.config.params.pow_target_spacing).unwrap());
    let full = bench.fsm.peers(bench.now).iter().map(|p| p.id).next().unwrap();
    let (start, mut extra) = (bench.now, Vec::new());
    while bench.now < start + spacing * 3 + Duration::from_secs(400) && extra.is_empty() {
        bench.live(Duration::from_secs(10));
        let reached: Vec<PeerId> = bench.dialled().iter().map(|attempt| bench.reach(attempt)).collect();
        extra = reached.into_iter().filter(|id| bench.closed(*id).is_none()).collect();
    }
    assert!(bench.now > start + spacing * 3, "not before the tip is old");
    assert_eq!(extra.len(), 1, "one more, for everything: {:?}", bench.kinds());
    assert_eq!(bench.count(ConnectionType::OutboundFullRelay), 9);
    // All but the extra one announced something lately.
    let ids: Vec<PeerId> = bench.fsm.peers(bench.now).iter().map(|p| p.id).collect();
    let now = bench.now;
    for id in ids {
        let peer = bench.fsm.peers.get_mut(&id).unwrap();
        peer.last_announcement = (id != full).then_some(now);
        peer.chain_sync.protected = false;
    }
    // Too fresh to be judged within half a minute; then who announced nothing goes.
    bench.live(Duration::from_secs(120));
    assert_eq!(bench.closed(full), Some(&DisconnectReason::ExtraOutbound));
    assert_eq!(bench.closed(extra[0]), None);
    assert_eq!(bench.kinds().len(), 10);
}

fn main_net(change: impl FnOnce(&mut Config)) -> Bench {
    let mut config = Config::new(Arc::new(Params::new(Network::Main)));
    config.listen = false;
    change(&mut config);
    let chain = ToyChain::new(&config.params.genesis);
    let fsm = Fsm::new(config, [9; 32]);
    Bench { fsm, chain, now: START, peers: 0, by_hand: false, out: Vec::new() }
}

impl Bench {
    /// Names that are to be looked up.
    fn looked_up(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        self.out.retain(|output| match output {
            Output::LookUp { host } => {
                found.push(host.clone());
                false
            }
            _ => true,
        });
        found
    }
}

#[test]
fn an_empty_book_asks_all_seeds_one_after_the_other() {
    let mut bench = main_net(|_| {});
    let seeds = bench.fsm.config.params.dns_seeds;
    let mut asked = BTreeSet::new();
    for n in 0..seeds.len() {
        bench.step(Input::Tick);
        let [host] = &bench.looked_up()[..] else { panic!("{n}: one at a time") };
        let host = host.clone();
        // Network, witness and MWEB.
        assert!(seeds.iter().any(|seed| host == format!("x1000009.{seed}")), "{host}");
        // The last one does not answer.
        let found = if n + 1 == seeds.len() {
            Vec::new()
        } else {
            (0..=255u8).flat_map(|b| [[30 + b / 8, b, 1, 1], [30 + b / 8, b, 1, 2]]).map(Into::into).collect()
        };
        bench.step(Input::LookedUp { host: host.clone(), found });
        asked.insert(host);
    }
    assert_eq!(asked.len(), seeds.len());
    assert!(bench.looked_up().is_empty());
    assert!(bench.fsm.address_book().len() <= 256, "no more than 256 of each seed, here always the same");
    let ages: Vec<i64> =
        bench.fsm.node_addresses(START, 0).iter().map(|told| START.as_secs() - i64::from(told.time)).collect();
    let day = 24 * 60 * 60;
    assert!(ages.iter().all(|age| (3 * day..7 * day).contains(age)) && ages.len() > 100);
    // It is asked as a peer instead.
    bench.wait(Duration::from_secs(1));
    let dialled = bench.dialled();
    assert!(seeds.contains(&dialled[0].1.as_str()), "{dialled:?}");
}

#[test]
fn seeds_wait_while_there_are_addresses() {
    let mut bench = main_net(|_| {});
    for n in 0..40u8 {
        let told = address(&format!("{}.{n}.1.1", 20 + n), 9333, bench.now);
        bench.fsm.add_addresses(bench.now, &[told], &told.service.addr);
    }
    bench.step(Input::Tick);
    bench.wait(Duration::from_millis(10_999));
    assert!(bench.looked_up().is_empty());
    bench.wait(Duration::from_millis(1));
    for _ in 0..3 {
        let [host] = &bench.looked_up()[..] else { panic!("three, one after the other") };
        let host = host.clone();
        bench.step(Input::LookedUp { host, found: Vec::new() });
    }
    assert!(bench.looked_up().is_empty(), "and then another pause");
    // Two peers are enough.
    bench.fill_slots();
    assert!(bench.count(ConnectionType::OutboundFullRelay) >= 2);
    bench.live(Duration::from_secs(60));
    assert!(bench.looked_up().is_empty());

    let mut forced = main_net(|c| c.force_dns_seed = true);
    let told = address("20.1.1.1", 9333, forced.now);
    forced.fsm.add_addresses(forced.now, &[told], &told.service.addr);
    forced.step(Input::Tick);
    assert_eq!(forced.looked_up().len(), 1);

    let mut off = main_net(|c| c.dns_seed = false);
    off.step(Input::Tick);
    off.wait(Duration::from_secs(59));
    assert!(off.looked_up().is_empty() && off.fsm.address_book().is_empty());
    // After a minute the fixed list is all that is left.
    off.wait(Duration::from_secs(3));
    assert!(off.fsm.address_book().len() > 60, "{}", off.fsm.address_book().len());
    assert!(off.dialled().len() == 1);

    let mut named = main_net(|c| (c.connect, c.dns_seed) = (Some(Vec::new()), false));
    named.wait(Duration::from_secs(100));
    assert!(named.looked_up().is_empty() && named.fsm.address_book().is_empty());
}

#[test]
fn addconnection_keeps_to_the_slots() {
    let mut bench = automatic(0, |_| {});
    for (kind, slots) in [(ConnectionType::OutboundFullRelay, 8), (ConnectionType::BlockRelay, 2)] {
        for n in 0..slots {
            assert_eq!(bench.command(Command::AddConnection(format!("1.{n}.3.4:5{slots}"), kind)), Ok(()));
        }
        let more = Command::AddConnection("9.9.9.9:9".into(), kind);
        assert_eq!(bench.command(more), Err(CommandError::AtCapacity), "{kind:?}");
    }
    let last = |name: &str| Command::AddConnection(name.into(), ConnectionType::Feeler);
    assert_eq!(bench.command(last("9.9.9.1:9")), Ok(()));
    assert_eq!(bench.command(last("9.9.9.2:9")), Err(CommandError::AtCapacity), "eleven in all");
    assert_eq!(bench.chain.tip().height, 0);
}
