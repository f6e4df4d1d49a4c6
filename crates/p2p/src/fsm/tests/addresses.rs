//! Addresses: asked, answered, passed on, limited; and bans.

use crate::{
    message::MAX_ADDR_TO_SEND,
    netaddr::{NetAddr, NetService, PeerAddress},
};

use super::*;

/// Long enough for all batches, too short for a peer that is silent to be left.
const A_WHILE: Duration = Duration::from_secs(600);

fn address(n: u32, time: Time) -> PeerAddress {
    let service = NetService {
        addr: NetAddr::Ipv4(0x0b00_0000u32.wrapping_add(n.wrapping_mul(65_521)).to_be_bytes()),
        port: 9333,
    };
    PeerAddress { service, services: ServiceFlags::OURS, time: u32::try_from(time.as_secs()).unwrap() }
}

fn addresses(range: std::ops::Range<u32>, time: Time) -> Vec<PeerAddress> {
    range.map(|n| address(n, time)).collect()
}

impl Bench {
    /// All addresses that a peer was told since the last look, in either form.
    fn told(&mut self, to: PeerId) -> Vec<PeerAddress> {
        let messages = self.sent(to).into_iter();
        messages
            .flat_map(|message| match message {
                Message::Addr(told) | Message::AddrV2(told) => {
                    assert!(!told.is_empty() && told.len() <= MAX_ADDR_TO_SEND);
                    told
                }
                _ => Vec::new(),
            })
            .collect()
    }

    fn inbound_from(&mut self, ip: &str) -> PeerId {
        let peer = self.connect(Origin::Inbound, ip);
        self.shake_hands(peer);
        peer
    }

    fn info(&self, id: PeerId) -> PeerInfo {
        self.fsm.peers(self.now).into_iter().find(|peer| peer.id == id).unwrap()
    }

    /// Time passes and the peers answer pings.
    pub(super) fn rest(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.wait(Duration::from_secs(300));
            let pings: Vec<_> = self.fsm.peers.values().map(|peer| (peer.id, peer.ping.nonce)).collect();
            for (id, nonce) in pings {
                self.receive(id, Message::Pong(nonce.or(Some(1))));
            }
        }
    }

    /// Fills the book as if from a DNS seed.
    fn fill(&mut self, count: u32) {
        for address in addresses(0..count, self.now) {
            self.fsm.add_addresses(self.now, &[address], &address.service.addr);
        }
    }
}

#[test]
fn outbound_peers_are_asked() {
    let mut bench = Bench::new();
    let full = bench.outbound(ConnectionType::OutboundFullRelay);
    assert!(names(&bench.sent(full)).contains(&"getaddr".to_owned()));
    let blocks = bench.outbound(ConnectionType::BlockRelay);
    let inbound = bench.inbound();
    for peer in [blocks, inbound] {
        assert!(!names(&bench.sent(peer)).contains(&"getaddr".to_owned()));
    }
    // A thousand in one message are looked at, as they were asked for.
    bench.receive(full, Message::Addr(addresses(0..1000, bench.now)));
    let info = bench.info(full);
    assert_eq!((info.addr_processed, info.addr_rate_limited), (1000, 0));
    assert!(bench.fsm.address_book().len() > 500);
    // A peer for blocks only tells us nothing, not even too much.
    bench.receive(blocks, Message::Addr(addresses(2000..2010, bench.now)));
    assert!(bench.fsm.address_book().find(&address(2000, bench.now).service.addr).is_none());
    let many = MessageError::TooMany { command: CommandName::ADDR, count: 1001 };
    for peer in [blocks, full] {
        let error = many.clone();
        bench.step(Input::Malformed { peer, command: CommandName::ADDR, error, size: 30_000 });
    }
    assert_eq!((bench.score(blocks), bench.score(full)), (0, 20));
}

#[test]
fn the_book_learns_from_connections() {
    let mut bench = Bench::new();
    let service = NetService { addr: "5.6.7.0".parse().unwrap(), port: 19_444 };
    let told = PeerAddress { service, services: ServiceFlags::NETWORK, time: 1_699_900_000 };
    bench.fsm.add_addresses(bench.now, &[told], &service.addr);
    let peer = bench.outbound_raw(ConnectionType::OutboundFullRelay);
    let entry = |bench: &Bench| bench.fsm.address_book().find(&service.addr).unwrap().clone();
    assert_eq!((entry(&bench).last_try, entry(&bench).is_tried()), (START.as_secs(), false));
    bench.shake_hands(peer);
    assert!(entry(&bench).is_tried());
    assert_eq!(entry(&bench).address.services, ServiceFlags::OURS);
    assert_eq!(entry(&bench).address.time, 1_699_900_000, "nobody can tell that we are connected");
    bench.step(Input::Disconnected { peer, reason: LinkEnd::Closed });
    assert_eq!(i64::from(entry(&bench).address.time), START.as_secs());

    // Of connections that others opened, and of those for blocks only, the book shows nothing.
    bench.now = START + 10 * A_WHILE;
    let inbound = bench.inbound_from("5.6.7.0");
    bench.step(Input::Disconnected { peer: inbound, reason: LinkEnd::Closed });
    let next = NetService { addr: format!("5.6.7.{}", bench.peers).parse().unwrap(), port: 19_444 };
    bench.fsm.add_addresses(bench.now, &[PeerAddress { service: next, ..told }], &next.addr);
    let blocks = bench.outbound(ConnectionType::BlockRelay);
    bench.step(Input::Disconnected { peer: blocks, reason: LinkEnd::Closed });
    assert_eq!(i64::from(entry(&bench).address.time), START.as_secs());
    let secret = bench.fsm.address_book().find(&next.addr).unwrap();
    assert_eq!((secret.is_tried(), secret.address.time), (true, told.time));
}

#[test]
fn fresh_addresses_are_passed_on_to_two_peers() {
    let mut bench = Bench::new();
    bench.mine(1);
    let peers: Vec<PeerId> = (1..=6).map(|n| bench.inbound_from(&format!("2.{n}.1.1"))).collect();
    let blocks = bench.outbound(ConnectionType::BlockRelay);
    bench.rest(A_WHILE);
    for peer in peers.iter().chain([&blocks]) {
        bench.sent(*peer);
    }
    let fresh = address(1, bench.now);
    bench.receive(peers[0], Message::Addr(vec![fresh]));
    assert!(peers.iter().all(|peer| bench.told(*peer).is_empty()), "not at once");
    bench.rest(A_WHILE);
    let told: Vec<PeerId> = peers.iter().copied().filter(|peer| bench.told(*peer) == [fresh]).collect();
    // The two that were chosen, without the one that told it.
    assert!((1..=2).contains(&told.len()) && !told.contains(&peers[0]), "{told:?}");
    assert!(bench.told(blocks).is_empty());
    // The same ones again: they know it already.
    for peer in &peers[..3] {
        bench.receive(*peer, Message::Addr(vec![address(1, bench.now)]));
    }
    bench.rest(A_WHILE);
    assert!(peers.iter().all(|peer| bench.told(*peer).is_empty()));
    // Old addresses, and those of long messages, stay here.
    let old = address(2, bench.now - 2 * A_WHILE);
    bench.receive(peers[1], Message::Addr(vec![old]));
    bench.rest(3 * A_WHILE);
    bench.receive(peers[1], Message::Addr(addresses(10..21, bench.now)));
    bench.rest(A_WHILE);
    assert!(peers.iter().all(|peer| bench.told(*peer).is_empty()));
    assert!(bench.fsm.address_book().find(&old.service.addr).is_some());
}

#[test]
fn tor_v3_goes_to_those_who_can_read_it() {
    let mut bench = Bench::new();
    let modern: Vec<PeerId> = (1..=2)
        .map(|n| {
            let peer = bench.connect(Origin::Inbound, &format!("2.{n}.1.1"));
            bench.receive(peer, Message::Version(Box::new(version())));
            bench.receive(peer, Message::SendAddrV2);
            bench.receive(peer, Message::Verack);
            peer
        })
        .collect();
    let onion = PeerAddress {
        service: NetService {
            addr: "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion".parse().unwrap(),
            port: 9333,
        },
        ..address(0, bench.now)
    };
    bench.receive(modern[0], Message::AddrV2(vec![onion]));
    assert!(bench.fsm.address_book().is_empty(), "Tor cannot be reached");
    bench.rest(A_WHILE);
    let sent = bench.sent(modern[1]);
    let told = sent.contains(&Message::AddrV2(vec![onion]));
    // Unreachable ones go to one peer or two, and one of the two here has told it.
    let other = bench.sent(modern[0]);
    assert!(!other.iter().any(|message| matches!(message, Message::AddrV2(_))));
    let old = bench.inbound_from("2.9.1.1");
    let next = PeerAddress { service: NetService { port: 9444, ..onion.service }, ..address(0, bench.now) };
    bench.receive(old, Message::AddrV2(vec![next]));
    bench.rest(A_WHILE);
    assert!(bench.told(old).is_empty());
    let passed_on = told || modern.iter().any(|peer| bench.told(*peer).contains(&next));
    assert!(passed_on);
}

#[test]
fn getaddr_is_answered_once_and_the_same_for_a_day() {
    let mut bench = Bench::new();
    bench.fill(4000);
    let first = bench.inbound();
    bench.sent(first);
    bench.receive(first, Message::GetAddr);
    bench.rest(A_WHILE);
    let told = bench.told(first);
    let book = bench.fsm.address_book().len();
    assert_eq!(told.len(), (book * 23 / 100).min(1000));
    bench.receive(first, Message::GetAddr);
    bench.rest(A_WHILE);
    assert!(bench.told(first).is_empty(), "once for each connection");

    let second = bench.inbound_from("2.2.2.2");
    bench.receive(second, Message::GetAddr);
    bench.rest(A_WHILE);
    let sorted = |mut told: Vec<PeerAddress>| {
        told.sort_by_key(|address| address.service);
        told
    };
    assert_eq!(sorted(bench.told(second)), sorted(told.clone()), "the book cannot be read out");

    let outbound = bench.outbound(ConnectionType::OutboundFullRelay);
    bench.receive(outbound, Message::GetAddr);
    bench.rest(A_WHILE);
    assert!(bench.told(outbound).is_empty());

    bench.rest(27 * 6 * A_WHILE);
    let later = bench.inbound_from("2.3.3.3");
    bench.receive(later, Message::GetAddr);
    bench.rest(A_WHILE);
    let again = bench.told(later);
    assert!(!again.is_empty());
    assert_ne!(sorted(again), sorted(told));
}

#[test]
fn a_flood_of_addresses_is_limited() {
    let mut bench = Bench::new();
    let hostile = bench.inbound();
    let victim = bench.inbound_from("2.2.2.2");
    for n in 0..200 {
        bench.receive(hostile, Message::Addr(addresses(n * 1000..(n + 1) * 1000, bench.now)));
    }
    let info = bench.info(hostile);
    assert_eq!((info.addr_processed, info.addr_rate_limited), (1, 199_999));
    assert!(bench.fsm.address_book().len() <= 1);
    // One in ten seconds, up to a thousand.
    bench.wait(Duration::from_secs(100));
    bench.receive(hostile, Message::Addr(addresses(0..1000, bench.now)));
    assert_eq!(bench.info(hostile).addr_processed, 11);
    bench.rest(A_WHILE);
    assert!(bench.told(victim).len() <= 1);
    assert!(bench.fsm.peers.values().all(|peer| peer.inbox_bytes == 0));
}

#[test]
fn who_may_tell_everything_is_bounded_too() {
    let mut bench = Bench::new();
    let peer = bench.peers;
    bench.peers += 1;
    let addr = "1.2.3.4:19444".parse().unwrap();
    let permissions = Permissions::ADDR;
    bench.step(Input::Connected { peer, addr, local: None, origin: Origin::Inbound, permissions });
    bench.shake_hands(peer);
    let other = bench.inbound_from("2.2.2.2");
    bench.sent(other);
    for n in 0..20_000u32 {
        bench.receive(peer, Message::Addr(addresses(n * 5..n * 5 + 5, bench.now)));
    }
    assert_eq!(bench.info(peer).addr_rate_limited, 0);
    assert!(bench.fsm.address_book().len() <= 64 * 64, "one group gets 64 buckets of the new table");
    bench.rest(A_WHILE);
    assert!(bench.told(other).len() <= MAX_ADDR_TO_SEND);
}

#[test]
fn our_own_address_is_told() {
    let mut bench = Bench::with(|config| config.listen = true);
    let early = bench.outbound(ConnectionType::OutboundFullRelay);
    bench.rest(A_WHILE);
    assert!(bench.told(early).is_empty(), "not in the initial download");
    bench.mine(1);
    bench.rest(A_WHILE);
    // No address is known but the one that the peer sees.
    let seen = NetService { addr: "9.9.9.9".parse().unwrap(), port: 19_444 };
    let told = bench.told(early);
    assert_eq!(told.iter().map(|told| (told.service, told.services)).collect::<Vec<_>>(), [(seen, ServiceFlags::OURS)]);
    let ours = NetService { addr: "8.8.4.4".parse().unwrap(), port: 1234 };
    assert!(bench.fsm.add_local_address(ours, LocalScore::Manual));
    assert!(
        !bench.fsm.add_local_address(NetService { addr: "10.0.0.1".parse().unwrap(), port: 1 }, LocalScore::Manual)
    );
    let late = bench.outbound(ConnectionType::OutboundFullRelay);
    let blocks = bench.outbound(ConnectionType::BlockRelay);
    bench.rest(A_WHILE);
    assert!(bench.told(late).iter().any(|told| told.service == ours));
    assert!(bench.told(blocks).is_empty());
    assert_eq!(bench.fsm.local_addresses().len(), 1);
}

#[test]
fn an_addr_fetch_is_over_when_it_has_its_answer() {
    let mut bench = Bench::new();
    let peer = bench.outbound(ConnectionType::AddrFetch);
    bench.receive(peer, Message::Addr(addresses(0..500, bench.now)));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::AddrFetchDone));
    assert!(bench.fsm.address_book().len() > 300);
}

#[test]
fn bans_close_and_refuse() {
    let mut bench = Bench::new();
    let (inside, outside) = (bench.inbound(), bench.inbound_from("1.2.4.4"));
    let subnet = "1.2.3.0/24".parse().unwrap();
    let ban = || Command::Ban { subnet, address: false, time: 0, absolute: false };
    bench.command(ban()).unwrap();
    assert_eq!(bench.closed(inside), Some(&DisconnectReason::Banned));
    assert_eq!(bench.closed(outside), None);
    assert_eq!(bench.command(ban()), Err(CommandError::AlreadyBanned));
    let single = |address| Command::Ban { subnet: "1.2.3.9".parse().unwrap(), address, time: 0, absolute: false };
    assert_eq!(bench.command(single(true)), Err(CommandError::AlreadyBanned), "as part of the range");
    bench.command(single(false)).unwrap();
    bench.command(Command::Unban("1.2.3.9".parse().unwrap())).unwrap();
    let again = bench.connect(Origin::Inbound, "1.2.3.200");
    assert_eq!(bench.closed(again), Some(&DisconnectReason::Banned));
    assert!(bench.fsm.bans().is_dirty());
    // Nor are its addresses taken or told.
    let unwelcome = NetService { addr: "1.2.3.77".parse().unwrap(), port: 9333 };
    let told = PeerAddress { service: unwelcome, ..address(0, bench.now) };
    bench.receive(outside, Message::Addr(vec![told]));
    assert!(bench.fsm.address_book().is_empty());
    bench.fsm.add_addresses(bench.now, &[told], &unwelcome.addr);
    assert!(bench.fsm.node_addresses(bench.now, 0).is_empty());

    bench.command(Command::Unban(subnet)).unwrap();
    assert_eq!(bench.command(Command::Unban(subnet)), Err(CommandError::NotBanned));
    assert_eq!(bench.fsm.node_addresses(bench.now, 0).len(), 1);
    bench.command(ban()).unwrap();
    bench.command(Command::ClearBanned).unwrap();
    let back = bench.connect(Origin::Inbound, "1.2.3.200");
    assert_eq!(bench.closed(back), None);
}

#[test]
fn who_misbehaved_does_not_get_the_last_slot() {
    let mut bench = Bench::with(|config| config.max_connections = 14);
    let bad = bench.inbound_from("6.6.6.6");
    for _ in 0..100 {
        bench.receive(bad, Message::Version(Box::new(version())));
    }
    assert_eq!(bench.closed(bad), Some(&DisconnectReason::Misbehaved));
    let back = bench.connect(Origin::Inbound, "6.6.6.6");
    assert_eq!(bench.closed(back), None, "there is room");
    bench.inbound_from("7.7.7.7");
    let last = bench.connect(Origin::Inbound, "6.6.6.6");
    assert_eq!(bench.closed(last), Some(&DisconnectReason::Discouraged));
    let good = bench.connect(Origin::Inbound, "8.8.8.8");
    assert_eq!(bench.closed(good), None);
}
