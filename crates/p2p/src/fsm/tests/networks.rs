//! Peers that are not on an IP network, or nobody knows where; who is worth an encrypted handshake.

use super::*;
use crate::netaddr::{NetAddr, NetService, Network as Net, PeerAddress};

const ONION: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:9333";

impl Bench {
    /// A connection to this name, which turns out to be at this address.
    fn reach_named(&mut self, name: &str, kind: ConnectionType, addr: NetService) -> PeerId {
        let attempt = self.attempt(name, kind);
        let peer = self.peers;
        self.peers += 1;
        let (origin, permissions) = (Origin::Outbound(attempt), Permissions::NONE);
        self.step(Input::Connected { peer, addr, local: None, origin, permissions });
        self.shake_hands(peer);
        peer
    }

    fn attempt(&mut self, name: &str, kind: ConnectionType) -> AttemptId {
        self.command(Command::AddConnection(name.to_owned(), kind)).unwrap();
        let found = self.out.iter().rev().find_map(|o| match o {
            Output::Connect { attempt, .. } => Some(*attempt),
            _ => None,
        });
        found.unwrap()
    }
}

#[test]
fn an_onion_peer_is_a_peer() {
    let mut bench = Bench::new();
    let addr: NetService = ONION.parse().unwrap();
    let peer = bench.reach_named(ONION, ConnectionType::OutboundFullRelay, addr);
    let info = bench.fsm.peers(bench.now).pop().unwrap();
    assert_eq!((info.addr, info.network, info.name.as_str()), (addr, Net::Onion, ONION));
    // Its address does not fit into `version`.
    let Some(Message::Version(version)) = bench.sent(peer).into_iter().next() else { panic!("no version") };
    assert_eq!(version.receiver, NetAddress::none(ServiceFlags::NONE));
    // It is known by its address, and punished by it.
    bench
        .command(Command::Ban { subnet: "1.2.3.0/24".parse().unwrap(), address: false, time: 0, absolute: false })
        .unwrap();
    assert_eq!(bench.closed(peer), None);
    bench.command(Command::DisconnectAddress(ONION.to_owned())).unwrap();
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Command));
}

#[test]
fn a_peer_behind_a_name_is_nowhere() {
    let mut bench = Bench::new();
    let peer = bench.reach_named("node.noumenon:8333", ConnectionType::Manual, NetService::UNSPECIFIED);
    let info = bench.fsm.peers(bench.now).pop().unwrap();
    assert_eq!((info.id, info.addr.to_string().as_str(), info.network.name()), (peer, "[::]:0", "unroutable"));
    assert_eq!(info.name, "node.noumenon:8333");
    assert!(bench.fsm.address_book().is_empty());
}

#[test]
fn tor_may_come_later() {
    let mut bench = Bench::new();
    let onion: NetService = ONION.parse().unwrap();
    assert!(!bench.fsm.add_local_address(onion, LocalScore::Manual), "nobody can reach Tor yet");
    bench.fsm.set_reachable(Net::Onion);
    assert!(bench.fsm.add_local_address(onion, LocalScore::Manual));
    assert_eq!(bench.fsm.local_addresses().iter().map(|local| local.service).collect::<Vec<_>>(), [onion]);
    bench.fsm.remove_local_address(&onion.addr);
    assert!(bench.fsm.local_addresses().is_empty());
}

#[test]
fn encryption_is_tried_where_there_is_hope() {
    let mut bench = Bench::new();
    let services = ServiceFlags::OURS | ServiceFlags::P2P_V2;
    for (addr, services) in [("8.8.8.8", services), ("8.8.4.4", ServiceFlags::OURS)] {
        let service = NetService { addr: addr.parse().unwrap(), port: 9333 };
        let told = PeerAddress { service, services, time: 1_699_900_000 };
        bench.fsm.add_addresses(bench.now, &[told], &"9.9.9.9".parse::<NetAddr>().unwrap());
    }
    for (name, kind, hope) in [
        ("8.8.8.8:9333", ConnectionType::OutboundFullRelay, EncryptionHope::Offered),
        ("8.8.8.8:9333", ConnectionType::Manual, EncryptionHope::Offered),
        // Somebody else there.
        ("8.8.8.8:9334", ConnectionType::OutboundFullRelay, EncryptionHope::None),
        ("8.8.4.4:9333", ConnectionType::BlockRelay, EncryptionHope::None),
        ("8.8.4.4:9333", ConnectionType::Manual, EncryptionHope::Perhaps),
        ("node.noumenon", ConnectionType::Manual, EncryptionHope::Perhaps),
        ("1.1.1.1:9333", ConnectionType::Feeler, EncryptionHope::None),
    ] {
        let attempt = bench.attempt(name, kind);
        assert_eq!(bench.fsm.encryption_hope(attempt), hope, "{name} {kind:?}");
        bench.step(Input::ConnectFailed { attempt });
        assert_eq!(bench.fsm.encryption_hope(attempt), EncryptionHope::None, "it is over");
    }
}
