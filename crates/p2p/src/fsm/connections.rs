//! Which connections exist and which the operator wants: `-connect`, `-addnode`, single tries. Those that the node
//! chooses itself are in `outbound.rs`.
//!
//! Owns the retry times; refuses to resolve names or to know sockets. A target is tried again for ever: `-connect`
//! after half a second and up to five and a half, `-addnode` a minute after the last try
//! (v0.21.5.5 src/net.cpp, ThreadOpenConnections and ThreadOpenAddedConnections).

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use super::{Context, Fsm, input::Origin, input::PeerId, output::DisconnectReason, output::Output, peer::Peer};
use crate::{
    fsm::input::{Command, CommandError, Permissions},
    netaddr::NetService,
    services::ServiceFlags,
    time::Time,
};

/// Most `-addnode` connections (v0.21.5.5 src/net.h, MAX_ADDNODE_CONNECTIONS).
const MAX_ADDNODE_CONNECTIONS: usize = 8;
const CONNECT_RETRY: Duration = Duration::from_millis(500);
const ADDNODE_RETRY: Duration = Duration::from_secs(60);
const ADDNODE_POLL: Duration = Duration::from_secs(2);

/// Number of an attempt to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub u64);

/// Why a connection exists (v0.21.5.5 src/net.h, ConnectionType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionType {
    /// The peer opened it.
    Inbound,
    /// For blocks, transactions and addresses.
    OutboundFullRelay,
    /// The operator named the peer.
    Manual,
    /// Only to see whether somebody is there.
    Feeler,
    /// For blocks only.
    BlockRelay,
    /// Only to ask for addresses.
    AddrFetch,
}

impl ConnectionType {
    /// The name in `getpeerinfo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundFullRelay => "outbound-full-relay",
            Self::Manual => "manual",
            Self::Feeler => "feeler",
            Self::BlockRelay => "block-relay-only",
            Self::AddrFetch => "addr-fetch",
        }
    }

    /// The peer must offer the desirable services (ExpectServicesFromConn).
    pub(super) const fn expects_services(self) -> bool {
        matches!(self, Self::OutboundFullRelay | Self::BlockRelay | Self::AddrFetch)
    }

    /// An automatic connection for blocks, which may be given up for a better one (IsOutboundOrBlockRelayConn).
    pub(super) const fn is_replaceable(self) -> bool {
        matches!(self, Self::OutboundFullRelay | Self::BlockRelay)
    }
}

/// Whether it is worth to try the encrypted transport with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionHope {
    /// It says that it speaks it.
    Offered,
    /// Nobody knows; the operator named it.
    Perhaps,
    /// It does not say so.
    None,
}

/// An entry of `getaddednodeinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedNode {
    /// As the operator wrote it.
    pub name: String,
    /// The connection to it, if there is one, and whether it is inbound.
    pub connected: Option<(NetService, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Connect,
    AddNode,
}

#[derive(Debug)]
struct Target {
    name: String,
    purpose: Purpose,
    next_try: Time,
    tries: u32,
    trying: Option<AttemptId>,
}

#[derive(Debug)]
struct Attempt {
    target: String,
    kind: ConnectionType,
    /// From the address book.
    service: Option<NetService>,
    /// A failure counts against the address.
    count_failure: bool,
}

/// Targets and attempts.
#[derive(Debug, Default)]
pub(super) struct Connections {
    targets: Vec<Target>,
    attempts: BTreeMap<AttemptId, Attempt>,
    next_attempt: u64,
}

impl Connections {
    pub(super) fn new(connect: &[String], add_nodes: &[String]) -> Self {
        let mut this = Self::default();
        for name in connect {
            this.add_target(name, Purpose::Connect);
        }
        for name in add_nodes {
            this.add_target(name, Purpose::AddNode);
        }
        this
    }

    fn add_target(&mut self, name: &str, purpose: Purpose) {
        let (name, next_try) = (name.to_owned(), Time::default());
        self.targets.push(Target { name, purpose, next_try, tries: 0, trying: None });
    }

    fn start(&mut self, target: &str, kind: ConnectionType) -> (AttemptId, Output) {
        self.begin(Attempt { target: target.to_owned(), kind, service: None, count_failure: false })
    }

    /// To an address that the node chose.
    pub(super) fn start_to(
        &mut self,
        service: NetService,
        kind: ConnectionType,
        count_failure: bool,
    ) -> (AttemptId, Output) {
        self.begin(Attempt { target: service.to_string(), kind, service: Some(service), count_failure })
    }

    fn begin(&mut self, begun: Attempt) -> (AttemptId, Output) {
        let attempt = AttemptId(self.next_attempt);
        self.next_attempt += 1;
        let target = begun.target.clone();
        self.attempts.insert(attempt, begun);
        (attempt, Output::Connect { attempt, target })
    }

    /// Attempts of a kind that are under way.
    pub(super) fn attempts_of(&self, kind: ConnectionType) -> usize {
        self.attempts.values().filter(|attempt| attempt.kind == kind).count()
    }

    /// The attempt is over, one way or the other.
    fn finish(&mut self, attempt: AttemptId) -> Option<Attempt> {
        for target in &mut self.targets {
            if target.trying == Some(attempt) {
                target.trying = None;
            }
        }
        self.attempts.remove(&attempt)
    }

    /// A peer left: an added node is not tried before the next poll.
    pub(super) fn lost(&mut self, name: &str, now: Time) {
        for target in self.targets.iter_mut().filter(|t| t.name == name) {
            let pause = if target.purpose == Purpose::AddNode { ADDNODE_POLL } else { CONNECT_RETRY };
            target.next_try = target.next_try.max(now + pause);
        }
    }
}

/// Whether a peer is the one that an operator's text names: by the same text or by the same address.
fn is_named(peer: &Peer, name: &str) -> bool {
    peer.name == name || name.parse::<NetService>().is_ok_and(|addr| addr == peer.addr)
}

impl Fsm {
    /// Opens what is due.
    pub(super) fn open_connections(&mut self, cx: Context<'_>) {
        self.ask_seeds(cx);
        if !self.network_active {
            return;
        }
        self.open_automatic(cx);
        let added = self.connections.targets.iter().filter(|t| t.purpose == Purpose::AddNode);
        let mut added_open =
            added.filter(|t| t.trying.is_some() || self.peers.values().any(|p| is_named(p, &t.name))).count();
        for i in 0..self.connections.targets.len() {
            let target = &self.connections.targets[i];
            let wanted = target.trying.is_none()
                && target.next_try <= cx.now
                && !self.peers.values().any(|p| is_named(p, &target.name));
            if !wanted || (target.purpose == Purpose::AddNode && added_open >= MAX_ADDNODE_CONNECTIONS) {
                continue;
            }
            let name = target.name.clone();
            let (attempt, output) = self.connections.start(&name, ConnectionType::Manual);
            self.out.push(output);
            let target = &mut self.connections.targets[i];
            target.trying = Some(attempt);
            target.tries = target.tries.saturating_add(1);
            target.next_try = cx.now
                + match target.purpose {
                    Purpose::Connect => CONNECT_RETRY * target.tries.min(11),
                    Purpose::AddNode => ADDNODE_RETRY,
                };
            added_open += usize::from(target.purpose == Purpose::AddNode);
        }
    }

    /// When something is due next.
    pub(super) fn next_connection(&self, cx: Context<'_>) -> Time {
        if !self.network_active {
            return self.next_seeding();
        }
        let automatic = self.next_automatic(cx).min(self.next_seeding());
        let waiting = self.connections.targets.iter().filter(|t| t.trying.is_none());
        waiting
            .filter(|t| !self.peers.values().any(|p| is_named(p, &t.name)))
            .map(|t| t.next_try)
            .min()
            .unwrap_or(Time::NEVER)
            .min(automatic)
    }

    pub(super) fn on_connected(
        &mut self,
        cx: Context<'_>,
        id: PeerId,
        (addr, local): (NetService, Option<SocketAddr>),
        origin: Origin,
        permissions: Permissions,
    ) {
        if self.peers.contains_key(&id) {
            tracing::error!(target: "net", peer = id, "the driver used the number of a peer twice");
            return;
        }
        let mut count_failure = false;
        let (name, kind) = match origin {
            Origin::Inbound | Origin::Onion => (addr.to_string(), ConnectionType::Inbound),
            Origin::Outbound(attempt) => match self.finish_attempt(cx, attempt) {
                Some(attempt) => {
                    count_failure = attempt.count_failure;
                    (attempt.target, attempt.kind)
                }
                None => (addr.to_string(), ConnectionType::Manual),
            },
        };
        let refusal = if !self.network_active {
            Some(DisconnectReason::NetworkInactive)
        } else if kind == ConnectionType::Inbound {
            let full = self.inbound_count() >= self.max_inbound();
            match self.refuse_inbound(cx, &addr.addr, permissions) {
                None if full && !self.evict_inbound(cx.chain.is_initial_download()) => Some(DisconnectReason::Full),
                refusal => refusal,
            }
        } else {
            self.learn_attempt(cx, &addr, count_failure);
            None
        };
        if let Some(reason) = refusal {
            match reason {
                DisconnectReason::Banned => tracing::debug!(target: "net", "connection from {addr} dropped (banned)"),
                DisconnectReason::NetworkInactive => {
                    tracing::info!("connection from {addr} dropped: not accepting new connections");
                }
                _ => tracing::debug!(target: "net", %reason, "connection from {addr} dropped"),
            }
            self.out.push(Output::Disconnect { peer: id, reason });
            return;
        }
        tracing::debug!(target: "net", peer = id, %addr, kind = kind.name(), "added connection");
        let nonce = self.random_nonce();
        let mut peer = Peer::new(id, name, (addr, local), kind, permissions, nonce, cx.now);
        peer.addresses.begin(cx.clock);
        peer.onion = origin == Origin::Onion;
        peer.prefer_evict = kind == ConnectionType::Inbound && self.addresses.bans.is_discouraged(&addr.addr);
        self.peers.insert(id, peer);
        if kind != ConnectionType::Inbound {
            self.send_version(cx, id);
        }
    }

    /// What is known of the target of [`Output::Connect`].
    pub fn encryption_hope(&self, attempt: AttemptId) -> EncryptionHope {
        let Some(attempt) = self.connections.attempts.get(&attempt) else { return EncryptionHope::None };
        let service = attempt.target.parse::<NetService>().ok();
        let known = service.and_then(|service| {
            self.addresses.book.find(&service.addr).filter(|known| known.address.service == service)
        });
        match known {
            Some(known) if known.address.services.has(ServiceFlags::P2P_V2) => EncryptionHope::Offered,
            _ if attempt.kind == ConnectionType::Manual => EncryptionHope::Perhaps,
            _ => EncryptionHope::None,
        }
    }

    pub(super) fn on_connect_failed(&mut self, cx: Context<'_>, attempt: AttemptId) {
        let Some(attempt) = self.finish_attempt(cx, attempt) else { return };
        let named = || attempt.target.parse::<NetService>().ok();
        if let Some(service) = attempt.service.or_else(named) {
            self.learn_attempt(cx, &service, attempt.count_failure);
        }
    }

    fn finish_attempt(&mut self, cx: Context<'_>, attempt: AttemptId) -> Option<Attempt> {
        self.outbound.finish(attempt, cx.now);
        self.connections.finish(attempt)
    }

    /// Carries out an operator's command; the outputs are those of a step.
    pub fn command(
        &mut self,
        now: Time,
        command: Command,
        chain: &dyn crate::chain::Chain,
    ) -> Result<Vec<Output>, CommandError> {
        let cx = self.context(now, chain);
        match command {
            Command::AddNode(name) => {
                let added = |t: &Target| t.purpose == Purpose::AddNode && t.name == name;
                if self.connections.targets.iter().any(added) {
                    return Err(CommandError::NodeAlreadyAdded);
                }
                self.connections.add_target(&name, Purpose::AddNode);
            }
            Command::RemoveNode(name) => {
                let before = self.connections.targets.len();
                self.connections.targets.retain(|t| t.purpose != Purpose::AddNode || t.name != name);
                if before == self.connections.targets.len() {
                    return Err(CommandError::NodeNotAdded);
                }
            }
            Command::OneTry(name) => drop(self.try_once(&name, ConnectionType::Manual)),
            Command::AddConnection(name, kind) => {
                if kind != ConnectionType::Manual && !self.has_capacity(kind) {
                    return Err(CommandError::AtCapacity);
                }
                self.try_once(&name, kind);
            }
            Command::DisconnectAddress(name) => {
                let found = self.peers.values().find(|p| is_named(p, &name)).map(|p| p.id);
                self.close(found.ok_or(CommandError::NodeNotConnected)?, DisconnectReason::Command);
            }
            Command::DisconnectPeer(id) => {
                if !self.peers.contains_key(&id) {
                    return Err(CommandError::NodeNotConnected);
                }
                self.close(id, DisconnectReason::Command);
            }
            Command::Ping => self.queue_pings(),
            Command::Ban { subnet, address, time, absolute } => self.set_ban(cx, (subnet, address), time, absolute)?,
            Command::Unban(subnet) => self.unset_ban(&subnet)?,
            Command::ClearBanned => self.addresses.bans.clear(),
            Command::SetNetworkActive(active) => {
                tracing::info!("SetNetworkActive: {active}");
                self.network_active = active;
                if !active {
                    for peer in self.peers.values_mut() {
                        peer.close(DisconnectReason::NetworkInactive);
                    }
                }
            }
        }
        Ok(self.finish(cx, super::Scope::All))
    }

    pub(super) fn try_once(&mut self, name: &str, kind: ConnectionType) -> Option<AttemptId> {
        if !self.network_active || self.peers.values().any(|p| is_named(p, name)) {
            return None;
        }
        let (attempt, output) = self.connections.start(name, kind);
        self.out.push(output);
        Some(attempt)
    }

    /// The answer to `getaddednodeinfo`.
    pub fn added_nodes(&self) -> Vec<AddedNode> {
        let added = self.connections.targets.iter().filter(|t| t.purpose == Purpose::AddNode);
        added
            .map(|t| {
                let peer = self.peers.values().find(|p| is_named(p, &t.name));
                let connected = peer.map(|p| (p.addr, p.kind == ConnectionType::Inbound));
                AddedNode { name: t.name.clone(), connected }
            })
            .collect()
    }

    pub(super) fn inbound_count(&self) -> usize {
        self.peers.values().filter(|p| p.kind == ConnectionType::Inbound).count()
    }
}
