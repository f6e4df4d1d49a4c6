//! Our own addresses, and telling them to peers (v0.21.5.5 src/net.cpp, mapLocalHost, GetLocal, AdvertiseLocal;
//! src/netaddress.cpp, GetReachabilityFrom).

use std::collections::BTreeMap;

use rand::RngExt;

use super::{Context, Fsm, NetAddr, NetService, Network, Peer, PeerAddress, PeerId};

/// How sure it is that an address is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocalScore {
    /// Of an interface that we listen on.
    Interface = 1,
    /// Bound to by name.
    Bind = 2,
    /// Mapped by a router.
    Mapped = 3,
    /// The operator said so (`-externalip`).
    Manual = 4,
}

/// An entry of `localaddresses` in `getnetworkinfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress {
    /// Where.
    pub service: NetService,
    /// How sure, and how often peers have confirmed it.
    pub score: u32,
}

/// By address: score and port.
#[derive(Debug, Default)]
pub(super) struct LocalAddresses(BTreeMap<NetAddr, (u32, u16)>);

impl LocalAddresses {
    fn add(&mut self, service: NetService, score: u32) {
        match self.0.get_mut(&service.addr) {
            Some(entry) if score >= entry.0 => *entry = (score + 1, service.port),
            Some(_) => {}
            None => {
                self.0.insert(service.addr, (score, service.port));
            }
        }
    }

    pub(super) fn knows(&self, addr: &NetAddr) -> bool {
        self.0.contains_key(addr)
    }

    /// The one that a peer reaches best.
    fn best(&self, for_peer: &NetAddr) -> Option<LocalAddress> {
        let mut best: Option<((u8, u32), LocalAddress)> = None;
        for (addr, (score, port)) in &self.0 {
            let rank = (reachability(addr, for_peer), *score);
            if best.is_none_or(|(found, _)| rank > found) {
                let service = NetService { addr: *addr, port: *port };
                best = Some((rank, LocalAddress { service, score: *score }));
            }
        }
        best.map(|(_, local)| local)
    }
}

/// How well `ours` is reached from `theirs`; more is better.
fn reachability(ours: &NetAddr, theirs: &NetAddr) -> u8 {
    const UNREACHABLE: u8 = 0;
    const DEFAULT: u8 = 1;
    const TEREDO: u8 = 2;
    const IPV6_WEAK: u8 = 3;
    const IPV4: u8 = 4;
    const IPV6_STRONG: u8 = 5;
    const PRIVATE: u8 = 6;
    if !ours.is_routable() {
        return UNREACHABLE;
    }
    let network = ours.network();
    let teredo = ours.is_teredo();
    if theirs.is_teredo() {
        return match network {
            _ if teredo => TEREDO,
            Network::Ipv6 => IPV6_WEAK,
            Network::Ipv4 => IPV4,
            _ => DEFAULT,
        };
    }
    match (theirs.network(), network) {
        (Network::Ipv4, Network::Ipv4) => IPV4,
        (Network::Ipv4, _) => DEFAULT,
        (Network::Ipv6, _) if teredo => TEREDO,
        (Network::Ipv6, Network::Ipv4) => IPV4,
        (Network::Ipv6, Network::Ipv6) if ours.is_tunnel() => IPV6_WEAK,
        (Network::Ipv6, Network::Ipv6) => IPV6_STRONG,
        (Network::Ipv6, _) => DEFAULT,
        (Network::Onion, Network::Ipv4) => IPV4,
        (Network::Onion, Network::Onion) => PRIVATE,
        (Network::Onion, _) => DEFAULT,
        (_, _) if teredo => TEREDO,
        (_, Network::Ipv6) => IPV6_WEAK,
        (_, Network::Ipv4) => IPV4,
        (_, Network::Onion) => PRIVATE,
        (_, _) => DEFAULT,
    }
}

impl Fsm {
    /// Learns one of our own addresses. False if it is of no use: not routable, not reachable by configuration, or
    /// found out while `-discover` is off.
    pub fn add_local_address(&mut self, service: NetService, score: LocalScore) -> bool {
        let welcome = service.addr.is_routable()
            && (self.config.discover || score >= LocalScore::Manual)
            && self.is_reachable(service.addr.network());
        if welcome {
            self.addresses.local.add(service, score as u32);
        }
        welcome
    }

    /// An address is not ours any more (RemoveLocal).
    pub fn remove_local_address(&mut self, addr: &NetAddr) {
        self.addresses.local.0.remove(addr);
    }

    /// The answer to `getnetworkinfo`, `localaddresses`.
    pub fn local_addresses(&self) -> Vec<LocalAddress> {
        let entries = self.addresses.local.0.iter();
        entries
            .map(|(addr, (score, port))| LocalAddress {
                service: NetService { addr: *addr, port: *port },
                score: *score,
            })
            .collect()
    }

    /// An inbound peer has said where it reached us (SeenLocal).
    pub(in crate::fsm) fn seen_local(&mut self, addr: &NetAddr) {
        if let Some((score, _)) = self.addresses.local.0.get_mut(addr).filter(|_| addr.is_routable()) {
            *score = score.saturating_add(1);
        }
    }

    /// What the peer takes for our address, if that may help others (IsPeerAddrLocalGood).
    fn seen_by(&self, peer: &Peer) -> Option<NetAddr> {
        let seen = NetAddr::from(peer.addr_local?.ip());
        let good = self.config.discover
            && peer.addr.addr.is_routable()
            && seen.is_routable()
            && self.is_reachable(seen.network());
        good.then_some(seen)
    }

    /// There is nothing to tell this peer about ourselves.
    pub(super) fn is_nameless(&self, peer: &Peer) -> bool {
        self.addresses.local.0.is_empty() && self.seen_by(peer).is_none()
    }

    fn ourselves(&self, now: super::Time, service: NetService) -> PeerAddress {
        let time = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        PeerAddress { service, services: self.config.services, time }
    }

    /// Tells a peer that we have connected to where we are.
    pub(super) fn introduce(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let known = self.addresses.local.best(&peer.addr.addr).map(|local| local.service);
        let known = known.filter(|service| service.addr.is_routable());
        let seen = self.seen_by(peer).map(|addr| NetService { addr, port: self.config.listen_port });
        if let Some(service) = known.or(seen) {
            let address = self.ourselves(cx.clock, service);
            self.push_address(cx.clock, id, &address);
        }
    }

    /// Tells a peer where we are, now and then in its own words.
    pub(super) fn advertise_local(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let known = self.addresses.local.best(&peer.addr.addr);
        let seen = self.seen_by(peer);
        let chance = if known.is_some_and(|local| local.score > LocalScore::Manual as u32) { 8 } else { 2 };
        let service = match (known, seen) {
            (Some(known), Some(seen)) if self.addresses.rng.random_range(0..chance) == 0 => {
                NetService { addr: seen, port: known.service.port }
            }
            (Some(known), _) => known.service,
            (None, Some(seen)) => NetService { addr: seen, port: self.config.listen_port },
            (None, None) => return,
        };
        let address = self.ourselves(cx.clock, service);
        self.push_address(cx.clock, id, &address);
    }
}
