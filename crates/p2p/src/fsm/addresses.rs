//! Addresses: `getaddr`, `addr`, `addrv2`, and what the address book learns from connections
//! (v0.21.5.5 src/net_processing.cpp, ProcessMessage and SendMessages; src/net.cpp, GetAddresses).
//!
//! Each peer may tell a burst of one address, a thousand more after it was asked, and one each ten seconds. Fresh
//! addresses in short messages are passed on to one or two peers, the same ones for a day, in batches each 30 seconds
//! or so. `getaddr` of inbound peers is answered once for each connection, and for about a day with the same addresses
//! for all peers of a network that reach us on the same address, so that the book cannot be read out.

mod local;

use std::{collections::BTreeMap, hash::Hasher, time::Duration};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use siphasher::sip::SipHasher24;

use super::{
    Context, Fsm,
    connections::ConnectionType,
    input::{PeerId, Permissions},
    output::DisconnectReason,
    peer::Peer,
};
use crate::{
    addrman::AddrMan,
    bans::BanList,
    bloom::RollingBloom,
    message::{MAX_ADDR_TO_SEND, Message},
    netaddr::{NetAddr, NetService, Network, PeerAddress},
    services::ServiceFlags,
    time::Time,
};

use local::LocalAddresses;
pub use local::{LocalAddress, LocalScore};

/// Share of the book that `getaddr` tells.
const MAX_PCT_ADDR_TO_SEND: usize = 23;
/// Between batches of addresses to a peer, on average.
const AVG_ADDRESS_BROADCAST_INTERVAL: Duration = Duration::from_secs(30);
/// Between self-advertisements to a peer, on average.
const AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// Addresses that a peer may tell, on average, each second.
const MAX_ADDR_RATE_PER_SECOND: f64 = 0.1;
/// Unused permissions to tell addresses do not pile up beyond this.
const MAX_TOKENS: f64 = 1000.0;
/// Answers that are kept: one for each network and own address.
const MAX_CACHED_ANSWERS: usize = 64;
/// Told times are taken back by so much, in seconds.
const TIME_PENALTY: i64 = 2 * 60 * 60;
const RANDOMIZER_ID_ADDRESS_RELAY: u64 = 0x3cac_0035_b586_6b90;
const DAY: u64 = 24 * 60 * 60;

/// The address book and everything about addresses that is not of one peer.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) book: AddrMan,
    pub(super) bans: BanList,
    /// Of its own, so that the rest of the machine draws the same with and without addresses.
    pub(super) rng: StdRng,
    relay_key: (u64, u64),
    /// Orders the groups of inbound peers.
    group_key: (u64, u64),
    answers: BTreeMap<(Network, Option<NetAddr>), (Time, Vec<PeerAddress>)>,
    local: LocalAddresses,
}

impl Addresses {
    pub(super) fn new(seed: [u8; 32], ban_time: i64) -> Self {
        let mut rng = StdRng::from_seed(seed.map(|byte| !byte));
        let mut book_seed = [0; 32];
        rng.fill_bytes(&mut book_seed);
        let mut key = || (rng.next_u64(), rng.next_u64());
        let (relay_key, filter_key, group_key) = (key(), key(), key());
        Self {
            book: AddrMan::new(book_seed),
            bans: BanList::new(ban_time, filter_key),
            rng,
            relay_key,
            group_key,
            answers: BTreeMap::new(),
            local: LocalAddresses::default(),
        }
    }

    pub(super) fn group_key(&self) -> (u64, u64) {
        self.group_key
    }

    /// One of our own addresses.
    pub(super) fn is_ours(&self, addr: &NetAddr) -> bool {
        self.local.knows(addr)
    }

    pub(super) fn is_unwelcome(&self, addr: &NetAddr, now: Time) -> bool {
        self.bans.is_discouraged(addr) || self.bans.is_banned(addr, now.as_secs())
    }

    /// Addresses for somebody who asks.
    fn draw(&mut self, max: usize, percent: usize, now: Time) -> Vec<PeerAddress> {
        let mut found = self.book.get_addr(max, percent, now.as_secs());
        found.retain(|address| !self.is_unwelcome(&address.service.addr, now));
        found
    }
}

/// What is known of one peer.
#[derive(Debug)]
pub(super) struct PeerAddresses {
    to_send: Vec<PeerAddress>,
    /// Addresses that it has told or was told. `None`: none are exchanged with it.
    known: Option<RollingBloom>,
    next_send: Time,
    next_local: Time,
    /// It was asked for addresses and the answer may still come.
    asked: bool,
    /// It has asked, and got its answer.
    answered: bool,
    tokens: f64,
    tokens_at: Time,
    pub(super) processed: u64,
    pub(super) rate_limited: u64,
}

impl PeerAddresses {
    pub(super) fn new(kind: ConnectionType, nonce: u64, now: Time) -> Self {
        // Addresses would tell others that this connection exists.
        let relays = kind != ConnectionType::BlockRelay;
        Self {
            to_send: Vec::new(),
            known: relays.then(|| RollingBloom::new(5000, 10, (nonce, !nonce))),
            next_send: Time::default(),
            next_local: Time::default(),
            asked: false,
            answered: false,
            tokens: 1.0,
            tokens_at: now,
            processed: 0,
            rate_limited: 0,
        }
    }

    /// The connection is open.
    pub(super) fn begin(&mut self, clock: Time) {
        self.tokens_at = clock;
    }

    fn refill(&mut self, now: Time) {
        if self.tokens < MAX_TOKENS {
            let earned = now.since(self.tokens_at).as_secs_f64() * MAX_ADDR_RATE_PER_SECOND;
            self.tokens = (self.tokens + earned).min(MAX_TOKENS);
        }
        self.tokens_at = now;
    }

    /// Whether one more address may be looked at.
    fn spend(&mut self, limited: bool) -> bool {
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return true;
        }
        !limited
    }
}

/// A moment at which something happens that happens on average once in an interval.
pub(super) fn poisson_next(rng: &mut StdRng, now: Time, average: Duration) -> Time {
    let unit = rng.random::<f64>();
    now + average.mul_f64(-(-unit).ln_1p())
}

impl Fsm {
    /// Takes the content of `peers.dat`, before the first connection.
    pub fn load_addresses(&mut self, book: AddrMan) {
        self.addresses.book = book;
    }

    /// The address book, to be written to `peers.dat`.
    pub fn address_book(&self) -> &AddrMan {
        &self.addresses.book
    }

    /// The address book, for who chooses connections from it.
    pub fn address_book_mut(&mut self) -> &mut AddrMan {
        &mut self.addresses.book
    }

    /// Addresses that did not come from a peer: DNS seeds, the fixed ones, `addpeeraddress`. True if any was not known.
    pub fn add_addresses(&mut self, now: Time, addresses: &[PeerAddress], source: &NetAddr) -> bool {
        self.addresses.book.add(addresses, source, 0, now.as_secs())
    }

    /// The answer to `getnodeaddresses`: at most `max`, or all for zero; nobody who is banned or discouraged.
    pub fn node_addresses(&mut self, now: Time, max: usize) -> Vec<PeerAddress> {
        self.addresses.draw(max, 0, now)
    }

    /// Whether this node can reach a network (`-onlynet`, `-onion`, `-proxy`).
    pub(super) fn is_reachable(&self, network: Network) -> bool {
        !self.config.unreachable.contains(&network)
    }

    /// A network can be reached from now on: Tor runs after all.
    pub fn set_reachable(&mut self, network: Network) {
        self.config.unreachable.retain(|other| *other != network);
    }

    /// What the book learns when a peer that we connected to says its version.
    pub(super) fn learn_services(&mut self, id: PeerId, services: ServiceFlags) {
        let Some(peer) = self.peers.get(&id).filter(|peer| !peer.is_inbound()) else { return };
        self.addresses.book.set_services(&peer.addr, services);
    }

    /// The handshake with a peer that we connected to is as good as over: asks for addresses, tells our own.
    pub(super) fn greet_with_addresses(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get(&id).filter(|peer| !peer.is_inbound()) else { return };
        let service = peer.addr;
        if peer.addresses.known.is_some() {
            if self.config.listen && !cx.chain.is_initial_download() {
                self.introduce(cx, id);
            }
            self.send(id, &Message::GetAddr);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.addresses.asked = true;
                peer.addresses.tokens += MAX_TOKENS;
            }
        }
        self.addresses.book.good(&service, cx.adjusted);
    }

    /// A connection to this address was tried. Failures of connections that the operator named do not count against it.
    pub(super) fn learn_attempt(&mut self, cx: Context<'_>, service: &NetService, count_failure: bool) {
        self.addresses.book.attempt(service, count_failure, cx.adjusted);
    }

    /// What the book learns when a connection ends that we opened, and that is no secret.
    pub(super) fn learn_connected(&mut self, cx: Context<'_>, peer: &Peer) {
        let shows = peer.established && !peer.is_inbound() && peer.kind != ConnectionType::BlockRelay;
        if peer.misbehaviour == 0 && shows {
            self.addresses.book.connected(&peer.addr, cx.adjusted);
        }
    }

    pub(super) fn on_addr(&mut self, cx: Context<'_>, id: PeerId, mut told: Vec<PeerAddress>) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.addresses.known.is_none() {
            return;
        }
        peer.addresses.refill(cx.clock);
        let limited = !peer.permissions.has(Permissions::ADDR);
        let may_relay = !peer.addresses.asked && told.len() <= 10;
        let (source, kind, count) = (peer.addr.addr, peer.kind, told.len());
        let now = cx.adjusted;
        told.shuffle(&mut self.addresses.rng);
        let mut good = Vec::new();
        for mut address in told {
            let Some(peer) = self.peers.get_mut(&id) else { return };
            if !peer.addresses.spend(limited) {
                peer.addresses.rate_limited += 1;
                continue;
            }
            // Full nodes only, also those that this node would not connect to.
            let serves = ServiceFlags(ServiceFlags::NETWORK.0 | ServiceFlags::NETWORK_LIMITED.0);
            let desirable = address.services.desirable(cx.chain.is_initial_download());
            if address.services & serves == ServiceFlags::NONE && !address.services.has(desirable) {
                continue;
            }
            if address.time <= crate::netaddr::TIME_INIT || i64::from(address.time) > now + 10 * 60 {
                address.time = u32::try_from((now - 5 * 24 * 60 * 60).max(0)).unwrap_or(u32::MAX);
            }
            if let Some(known) = &mut peer.addresses.known {
                known.insert(&address.service.key());
            }
            let addr = address.service.addr;
            if self.addresses.is_unwelcome(&addr, cx.clock) {
                continue;
            }
            peer.addresses.processed += 1;
            let reachable = self.is_reachable(addr.network());
            if may_relay && i64::from(address.time) > now - 10 * 60 && addr.is_routable() {
                self.relay_address(cx, &address, reachable);
            }
            if reachable {
                good.push(address);
            }
        }
        self.addresses.book.add(&good, &source, TIME_PENALTY, now);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if count < MAX_ADDR_TO_SEND {
            peer.addresses.asked = false;
        }
        if kind == ConnectionType::AddrFetch {
            peer.close(DisconnectReason::AddrFetchDone);
        }
    }

    /// Passes an address on to one or two peers, the same for a day.
    fn relay_address(&mut self, cx: Context<'_>, address: &PeerAddress, reachable: bool) {
        let addr = address.service.addr;
        if !reachable && !addr.is_relayable() {
            return;
        }
        let hash = addr.hash64();
        let now = cx.clock.as_micros() / 1_000_000;
        let mut hasher = SipHasher24::new_with_keys(self.addresses.relay_key.0, self.addresses.relay_key.1);
        for word in [RANDOMIZER_ID_ADDRESS_RELAY, hash << 32, now.wrapping_add(hash) / DAY] {
            hasher.write(&word.to_le_bytes());
        }
        let count = if reachable || hasher.finish() & 1 == 1 { 2 } else { 1 };
        let open = |p: &&Peer| p.established && p.closing.is_none() && p.addresses.known.is_some();
        let mut ranked: Vec<(u64, PeerId)> = self
            .peers
            .values()
            .filter(open)
            .map(|peer| {
                let mut hasher = hasher;
                hasher.write(&peer.id.to_le_bytes());
                (hasher.finish(), peer.id)
            })
            .collect();
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        for (_, id) in ranked.into_iter().take(count) {
            self.push_address(cx.clock, id, address);
        }
    }

    /// Queues an address for a peer that does not know it and can read it.
    fn push_address(&mut self, now: Time, id: PeerId, address: &PeerAddress) {
        let rng = &mut self.addresses.rng;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let addr = &address.service.addr;
        let readable = peer.wants_addrv2 || addr.to_legacy().is_some();
        let state = &mut peer.addresses;
        let Some(known) = state.known.as_ref().filter(|_| readable && addr.is_valid()) else { return };
        if known.contains(&address.service.key()) {
            return;
        }
        if state.to_send.len() >= MAX_ADDR_TO_SEND {
            let replaced = rng.random_range(0..state.to_send.len());
            state.to_send[replaced] = *address;
        } else {
            state.to_send.push(*address);
        }
        // A moment that passed while there was nothing to send is drawn again: it must not tell when this came.
        if state.next_send != Time::default() && state.next_send < now {
            state.next_send = poisson_next(rng, now, AVG_ADDRESS_BROADCAST_INTERVAL);
        }
    }

    pub(super) fn on_getaddr(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        // Who could have given us addresses of its choice must not see which of them we kept.
        if !peer.is_inbound() || std::mem::replace(&mut peer.addresses.answered, true) {
            tracing::debug!(target: "net", peer = id, "ignoring getaddr");
            return;
        }
        peer.addresses.to_send.clear();
        let network = if peer.onion { Network::Onion } else { peer.addr.addr.network() };
        let key = (network, peer.local.map(|local| NetAddr::from(local.ip())));
        let answer = if peer.permissions.has(Permissions::ADDR) {
            self.addresses.draw(MAX_ADDR_TO_SEND, MAX_PCT_ADDR_TO_SEND, cx.clock)
        } else {
            self.cached_answer(cx.clock, key)
        };
        for address in answer {
            self.push_address(cx.clock, id, &address);
        }
    }

    fn cached_answer(&mut self, now: Time, key: (Network, Option<NetAddr>)) -> Vec<PeerAddress> {
        const LEAST: Duration = Duration::from_secs(21 * 60 * 60);
        const SPREAD: u64 = 6 * 60 * 60 * 1000;
        let state = &mut self.addresses;
        if let Some((_, answer)) = state.answers.get(&key).filter(|(expires, _)| *expires >= now) {
            return answer.clone();
        }
        let answer = state.draw(MAX_ADDR_TO_SEND, MAX_PCT_ADDR_TO_SEND, now);
        let expires = now + LEAST + Duration::from_millis(state.rng.random_range(0..SPREAD));
        if state.answers.len() >= MAX_CACHED_ANSWERS {
            let oldest = state.answers.iter().min_by_key(|(_, (expires, _))| *expires).map(|(key, _)| *key);
            oldest.and_then(|key| state.answers.remove(&key));
        }
        state.answers.insert(key, (expires, answer.clone()));
        answer
    }

    /// The part of SendMessages that is about addresses.
    pub(super) fn send_addresses(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(state) = self.peers.get(&id).map(|peer| &peer.addresses) else { return };
        if state.known.is_none() {
            return;
        }
        let (next_local, next_send) = (state.next_local, state.next_send);
        if self.config.listen && !cx.chain.is_initial_download() && next_local < cx.clock {
            self.advertise_local(cx, id);
            let next = poisson_next(&mut self.addresses.rng, cx.clock, AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.addresses.next_local = next;
            }
        }
        let Some(peer) = self.peers.get_mut(&id).filter(|_| next_send < cx.clock) else { return };
        let state = &mut peer.addresses;
        state.next_send = poisson_next(&mut self.addresses.rng, cx.clock, AVG_ADDRESS_BROADCAST_INTERVAL);
        let queued = std::mem::take(&mut state.to_send);
        let Some(known) = &mut state.known else { return };
        let mut fresh = Vec::new();
        for address in queued {
            let key = address.service.key();
            if !known.contains(&key) {
                known.insert(&key);
                fresh.push(address);
            }
        }
        if !fresh.is_empty() {
            let message = if peer.wants_addrv2 { Message::AddrV2(fresh) } else { Message::Addr(fresh) };
            self.send(id, &message);
        }
    }

    /// When [`Fsm::send_addresses`] may next do something.
    pub(super) fn next_addresses(&self, cx: Context<'_>, peer: &Peer) -> Time {
        const AFTER: Duration = Duration::from_micros(1);
        let state = &peer.addresses;
        if state.known.is_none() {
            return Time::NEVER;
        }
        let batch = if state.to_send.is_empty() { Time::NEVER } else { state.next_send + AFTER };
        let local = if self.config.listen && !cx.chain.is_initial_download() && !self.is_nameless(peer) {
            state.next_local + AFTER
        } else {
            Time::NEVER
        };
        cx.wake(batch.min(local))
    }
}
