//! Automatic outbound connections: which of them are wanted, and to whom (v0.21.5.5 src/net.cpp,
//! ThreadOpenConnections; src/net_processing.cpp, CheckForStaleTipAndEvictPeers).
//!
//! Eight connections for everything, two for blocks only and one place for short ones: feelers, which see whether an
//! address is alive, and address fetches. One attempt at a time, half a second between two, one connection for each
//! group of addresses. First come the anchors of the last run, then what the address book gives. When the tip is old,
//! one more connection is opened; when there is one too many, the peer that was of least use goes.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use rand::RngExt;

use super::{
    Context, Fsm,
    addresses::poisson_next,
    connections::{AttemptId, ConnectionType},
    input::PeerId,
    output::DisconnectReason,
};
use crate::{
    netaddr::{NetAddr, PeerAddress},
    services::ServiceFlags,
    time::Time,
};

/// v0.21.5.5 src/net.h: MAX_OUTBOUND_FULL_RELAY_CONNECTIONS, MAX_BLOCK_RELAY_ONLY_CONNECTIONS, MAX_FEELER_CONNECTIONS.
const MAX_FULL_RELAY: usize = 8;
const MAX_BLOCK_RELAY: usize = 2;
const MAX_FEELER: usize = 1;
/// Anchors that are kept from one run to the next.
pub const MAX_ANCHORS: usize = 2;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// Between feelers, on average.
const FEELER_INTERVAL: Duration = Duration::from_secs(120);
/// A feeler waits for a random part of this, so that nodes do not fall into step.
const FEELER_NOISE: Duration = Duration::from_secs(1);
/// Addresses looked at for one attempt.
const MAX_CHOICES: u32 = 100;
/// So many are looked at before one counts that was tried in the last ten minutes,
const CHOICES_BEFORE_RECENT: u32 = 30;
const RECENT: i64 = 600;
/// and so many before one with another port than the network's.
const CHOICES_BEFORE_ODD_PORT: u32 = 50;
/// Between looks for one outbound peer too many (EXTRA_PEER_CHECK_INTERVAL).
const EXTRA_PEER_INTERVAL: Duration = Duration::from_secs(45);
/// Between looks at the age of the tip (STALE_CHECK_INTERVAL, Litecoin's), seconds.
const STALE_CHECK_INTERVAL: i64 = 150;
/// An extra peer is not judged before it has been there for so long (MINIMUM_CONNECT_TIME).
const MINIMUM_CONNECT_TIME: Duration = Duration::from_secs(30);

/// What is remembered between attempts.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    /// When the first attempt was thought of, by the node's clock.
    pub(super) started: Option<Time>,
    next_try: Time,
    trying: Option<AttemptId>,
    next_feeler: Time,
    /// Chosen for a feeler that waits for its moment.
    feeler: Option<(Time, PeerAddress)>,
    anchors: Vec<PeerAddress>,
    /// Names to be asked for addresses: `-seednode`, and DNS seeds that do not answer.
    pub(super) fetches: VecDeque<String>,
    /// The tip is old: one connection more than usual.
    try_another: bool,
    next_extra_check: Time,
    /// Unix seconds.
    stale_check: i64,
    /// When the tip last changed, Unix seconds.
    last_tip_update: Option<i64>,
}

impl Outbound {
    pub(super) fn new(seed_nodes: &[String]) -> Self {
        Self { fetches: seed_nodes.iter().cloned().collect(), ..Self::default() }
    }

    /// An attempt is over.
    pub(super) fn finish(&mut self, attempt: AttemptId, now: Time) {
        if self.trying == Some(attempt) {
            self.trying = None;
            self.next_try = now + PAUSE;
        }
    }

    pub(super) fn tip_changed(&mut self, now: i64) {
        self.last_tip_update = Some(now);
    }
}

/// Why an automatic connection is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anchor,
    Kind(ConnectionType),
}

/// Connections that take one of the automatic places.
pub(super) const fn takes_slot(kind: ConnectionType) -> bool {
    !matches!(kind, ConnectionType::Inbound | ConnectionType::Manual)
}

impl Fsm {
    /// The anchors of the last run, before the first connection. More than two are left out.
    pub fn load_anchors(&mut self, mut anchors: Vec<PeerAddress>) {
        anchors.truncate(MAX_ANCHORS);
        self.outbound.anchors = anchors;
    }

    /// How many of them were not tried yet.
    pub fn waiting_anchors(&self) -> usize {
        self.outbound.anchors.len()
    }

    /// The peers to begin with after the next start; none when the operator names all peers.
    pub fn anchors(&self) -> Vec<PeerAddress> {
        let peers = self.peers.values().filter(|p| p.kind == ConnectionType::BlockRelay && self.is_automatic());
        let address = |p: &super::Peer| PeerAddress {
            service: p.addr,
            services: p.services,
            time: u32::try_from(p.connected_at.as_secs()).unwrap_or(u32::MAX),
        };
        peers.take(MAX_ANCHORS).map(address).collect()
    }

    /// Connections are chosen by the node: no `-connect`.
    pub(super) fn is_automatic(&self) -> bool {
        self.config.connect.is_none()
    }

    pub(super) fn max_full_relay(&self) -> usize {
        MAX_FULL_RELAY.min(self.config.max_connections)
    }

    pub(super) fn max_block_relay(&self) -> usize {
        MAX_BLOCK_RELAY.min(self.config.max_connections - self.max_full_relay())
    }

    /// What `-maxconnections` leaves for inbound peers.
    pub(super) fn max_inbound(&self) -> usize {
        let outbound = self.max_full_relay() + self.max_block_relay() + MAX_FEELER;
        self.config.max_connections.saturating_sub(outbound)
    }

    /// Connections of a kind, open or on the way.
    fn count(&self, kind: ConnectionType) -> usize {
        self.peers.values().filter(|p| p.kind == kind).count() + self.connections.attempts_of(kind)
    }

    fn has_free_slot(&self) -> bool {
        let kinds = [
            ConnectionType::OutboundFullRelay,
            ConnectionType::BlockRelay,
            ConnectionType::AddrFetch,
            ConnectionType::Feeler,
        ];
        let held: usize = kinds.into_iter().map(|kind| self.count(kind)).sum();
        let all = self.max_full_relay() + self.max_block_relay() + MAX_FEELER;
        held < all.min(self.config.max_connections)
    }

    /// Whether `addconnection` may open one more of this kind.
    pub(super) fn has_capacity(&self, kind: ConnectionType) -> bool {
        let limit = match kind {
            ConnectionType::Inbound | ConnectionType::Manual => 0,
            ConnectionType::OutboundFullRelay => self.max_full_relay(),
            ConnectionType::BlockRelay => self.max_block_relay(),
            ConnectionType::AddrFetch | ConnectionType::Feeler => usize::MAX,
        };
        self.count(kind) < limit && self.has_free_slot()
    }

    /// Opens an automatic connection, if one is wanted and due.
    pub(super) fn open_automatic(&mut self, cx: Context<'_>) {
        if self.config.connect.as_ref().is_some_and(Vec::is_empty) {
            return;
        }
        if self.outbound.started.is_none() {
            self.outbound.started = Some(cx.clock);
            self.outbound.next_try = cx.now + PAUSE;
            self.outbound.next_feeler = poisson_next(&mut self.addresses.rng, cx.now, FEELER_INTERVAL);
        }
        self.add_fixed_seeds(cx);
        if let Some((at, address)) = self.outbound.feeler {
            if at <= cx.now {
                self.outbound.feeler = None;
                let groups = self.connected_groups().len();
                self.connect_to(cx, address, ConnectionType::Feeler, groups);
            }
            return;
        }
        if self.outbound.trying.is_some() || cx.now < self.outbound.next_try || !self.has_free_slot() {
            return;
        }
        if let Some(name) = self.outbound.fetches.pop_front() {
            self.outbound.trying = self.try_once(&name, ConnectionType::AddrFetch);
            self.outbound.next_try = cx.now + PAUSE;
            return;
        }
        let Some(wanted) = self.wanted(cx) else { return };
        self.outbound.next_try = cx.now + PAUSE;
        let groups = self.connected_groups();
        self.addresses.book.resolve_collisions(cx.adjusted);
        let (kind, chosen) = match wanted {
            Wanted::Anchor => (ConnectionType::BlockRelay, self.choose_anchor(cx, &groups)),
            Wanted::Kind(kind) => (kind, None),
        };
        if kind == ConnectionType::Feeler {
            self.outbound.next_feeler = poisson_next(&mut self.addresses.rng, cx.now, FEELER_INTERVAL);
        }
        let Some(address) = chosen.or_else(|| self.choose(cx, kind, &groups)) else { return };
        if kind == ConnectionType::Feeler {
            let noise = FEELER_NOISE.mul_f64(self.addresses.rng.random::<f64>());
            self.outbound.feeler = Some((cx.now + noise, address));
        } else {
            self.connect_to(cx, address, kind, groups.len());
        }
    }

    fn connect_to(&mut self, cx: Context<'_>, address: PeerAddress, kind: ConnectionType, groups: usize) {
        let addr = address.service.addr;
        let known = self.addresses.is_ours(&addr) || self.addresses.is_unwelcome(&addr, cx.clock);
        if known || self.is_connected_to(&addr) {
            return;
        }
        tracing::debug!(target: "net", "trying {} connection to {}", kind.name(), address.service);
        // Failures mean nothing while nobody can be reached.
        let count_failure = groups >= 2.min(self.config.max_connections.saturating_sub(1));
        let (attempt, output) = self.connections.start_to(address.service, kind, count_failure);
        self.outbound.trying = Some(attempt);
        self.out.push(output);
    }

    fn is_connected_to(&self, addr: &NetAddr) -> bool {
        self.peers.values().any(|p| p.addr.addr == *addr)
    }

    /// What kind of connection is missing most.
    fn wanted(&self, cx: Context<'_>) -> Option<Wanted> {
        if !self.is_automatic() {
            return None;
        }
        let block_relay = self.count(ConnectionType::BlockRelay) < self.max_block_relay();
        if !self.outbound.anchors.is_empty() && block_relay {
            return Some(Wanted::Anchor);
        }
        let full_relay = self.count(ConnectionType::OutboundFullRelay) < self.max_full_relay();
        let kind = if full_relay {
            ConnectionType::OutboundFullRelay
        } else if block_relay {
            ConnectionType::BlockRelay
        } else if self.outbound.try_another {
            ConnectionType::OutboundFullRelay
        } else if cx.now > self.outbound.next_feeler {
            ConnectionType::Feeler
        } else {
            return None;
        };
        Some(Wanted::Kind(kind))
    }

    /// The groups of our own choices. Inbound and named peers do not count: others could choose those for us.
    fn connected_groups(&self) -> BTreeSet<Vec<u8>> {
        let chosen = self.peers.values().filter(|p| takes_slot(p.kind));
        chosen.map(|p| p.addr.addr.group()).collect()
    }

    fn choose_anchor(&mut self, cx: Context<'_>, groups: &BTreeSet<Vec<u8>>) -> Option<PeerAddress> {
        while let Some(anchor) = self.outbound.anchors.pop() {
            let addr = anchor.service.addr;
            let desirable = anchor.services.desirable(cx.chain.is_initial_download());
            let good = addr.is_valid()
                && !self.addresses.is_ours(&addr)
                && self.is_reachable(addr.network())
                && anchor.services.has(desirable)
                && !groups.contains(&addr.group());
            if good {
                return Some(anchor);
            }
        }
        None
    }

    fn choose(&mut self, cx: Context<'_>, kind: ConnectionType, groups: &BTreeSet<Vec<u8>>) -> Option<PeerAddress> {
        let feeler = kind == ConnectionType::Feeler;
        let initial_download = cx.chain.is_initial_download();
        for choice in 1..=MAX_CHOICES {
            let found = if feeler { self.select_feeler(cx) } else { self.addresses.book.select(false, cx.adjusted) };
            let found = found?;
            let PeerAddress { service, services, .. } = found.address;
            if !feeler && groups.contains(&service.addr.group()) {
                return None;
            }
            if !service.addr.is_valid() || self.addresses.is_ours(&service.addr) {
                return None;
            }
            let recent = cx.adjusted - found.last_try < RECENT && choice < CHOICES_BEFORE_RECENT;
            let useful = if feeler {
                services & (ServiceFlags::NETWORK | ServiceFlags::NETWORK_LIMITED) != ServiceFlags::NONE
            } else {
                services.has(services.desirable(initial_download))
            };
            let odd_port = service.port != self.config.params.port && choice < CHOICES_BEFORE_ODD_PORT;
            if self.is_reachable(service.addr.network()) && !recent && useful && !odd_port {
                return Some(found.address);
            }
        }
        None
    }

    /// Somebody in the tried table whose place is wanted, or somebody of whom was only told.
    fn select_feeler(&mut self, cx: Context<'_>) -> Option<crate::addrman::AddrInfo> {
        let Some(tested) = self.addresses.book.select_tried_collision() else {
            return self.addresses.book.select(true, cx.adjusted);
        };
        if !self.is_connected_to(&tested.address.service.addr) {
            return Some(tested);
        }
        // It answers: that needs no test.
        self.addresses.book.good(&tested.address.service, cx.adjusted);
        self.addresses.book.select(true, cx.adjusted)
    }

    /// When something is to be done here although nothing comes in.
    pub(super) fn next_automatic(&self, cx: Context<'_>) -> Time {
        if self.config.connect.as_ref().is_some_and(Vec::is_empty) {
            return Time::NEVER;
        }
        let state = &self.outbound;
        let extra = if self.is_automatic() { state.next_extra_check } else { Time::NEVER };
        if let Some((at, _)) = state.feeler {
            return extra.min(at);
        }
        if state.trying.is_some() || !self.has_free_slot() {
            return extra;
        }
        let waits = !state.fetches.is_empty() || !state.anchors.is_empty();
        if !waits && self.addresses.book.is_empty() {
            // Whatever brings an address wakes the machine.
            return extra.min(self.next_fixed_seeds(cx));
        }
        let due = match self.wanted(cx) {
            Some(_) => state.next_try,
            None if waits => state.next_try,
            None if self.is_automatic() => state.next_try.max(state.next_feeler + Duration::from_micros(1)),
            None => Time::NEVER,
        };
        extra.min(due)
    }

    /// Each 45 seconds: is there one peer too many, is the tip too old?
    pub(super) fn check_outbound(&mut self, cx: Context<'_>) {
        if !self.is_automatic() || cx.now < self.outbound.next_extra_check {
            return;
        }
        let first = self.outbound.next_extra_check == Time::default();
        self.outbound.next_extra_check = cx.now + EXTRA_PEER_INTERVAL;
        if first {
            return;
        }
        self.leave_extra_peer(cx);
        let clock = cx.clock.as_secs();
        if clock <= self.outbound.stale_check {
            return;
        }
        let updated = *self.outbound.last_tip_update.get_or_insert(clock);
        let stale = updated < clock - self.config.params.pow_target_spacing * 3 && self.in_flight.is_empty();
        let another = stale && !cx.chain.is_importing() && self.network_active;
        if another {
            tracing::info!(
                "Potential stale tip detected, will try using extra outbound peer (last tip update: {} seconds ago)",
                clock - updated
            );
        }
        if another != self.outbound.try_another {
            tracing::debug!(target: "net", another, "try another outbound peer");
        }
        self.outbound.try_another = another;
        self.outbound.stale_check = clock + STALE_CHECK_INTERVAL;
    }

    fn leave_extra_peer(&mut self, cx: Context<'_>) {
        let open = |p: &&super::Peer| p.kind.is_replaceable() && p.closing.is_none();
        let count = self.peers.values().filter(open).filter(|p| p.established).count();
        if count <= self.max_full_relay() + self.max_block_relay() {
            return;
        }
        // Who announced a new block longest ago; of those who never did, the youngest.
        let candidates = self
            .peers
            .values()
            .filter(open)
            .filter(|p| p.kind == ConnectionType::OutboundFullRelay && !p.chain_sync.protected);
        let worst: Option<PeerId> =
            candidates.min_by_key(|p| (p.last_announcement, std::cmp::Reverse(p.id))).map(|p| p.id);
        let Some(peer) = worst.and_then(|id| self.peers.get_mut(&id)) else { return };
        if cx.clock.since(peer.connected_at) > MINIMUM_CONNECT_TIME && peer.in_flight.is_empty() {
            tracing::debug!(target: "net", peer = peer.id, "disconnecting extra outbound peer");
            peer.close(DisconnectReason::ExtraOutbound);
            self.outbound.try_another = false;
        }
    }
}
