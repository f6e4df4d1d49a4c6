//! First addresses: DNS seeds and the fixed list (v0.21.5.5 src/net.cpp, ThreadDNSAddressSeed and
//! ThreadOpenConnections).
//!
//! With an empty address book, or `-forcednsseed`, all seeds are asked at once; otherwise three at a time after 11
//! seconds (5 minutes with a thousand addresses), until two outbound peers are there. The names are the driver's to
//! look up. The fixed list is taken when the book is still empty after a minute.

use std::{net::IpAddr, time::Duration};

use rand::{RngExt, seq::SliceRandom};

use super::{Context, Fsm, output::Output};
use crate::{
    netaddr::{NetAddr, NetService, PeerAddress},
    seeds,
    services::ServiceFlags,
    time::Time,
};

/// Seeds asked before it is seen whether that was enough.
const SEEDS_AT_ONCE: usize = 3;
/// Patience with few and with many known addresses.
const FEW_PEERS: Duration = Duration::from_secs(11);
const MANY_PEERS: Duration = Duration::from_secs(5 * 60);
const MANY: usize = 1000;
/// Outbound peers that make seeds unnecessary.
const ENOUGH_PEERS: usize = 2;
/// Addresses taken from one seed.
const MAX_ADDRESSES: usize = 256;
/// How long the book may be empty before the fixed list is used.
const FIXED_SEEDS_AFTER: Duration = Duration::from_secs(60);
const DAY: i64 = 24 * 60 * 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was thought of yet.
    Fresh,
    /// The next look comes then; the wait is over at the second time.
    Waiting(Time, Time),
    /// Seeds may be asked now, as far as `right_now` allows.
    Asking,
    /// The driver looks one up.
    LookingUp,
    Done,
}

/// Where the asking of DNS seeds stands.
#[derive(Debug)]
pub(super) struct Seeding {
    state: State,
    left: Vec<&'static str>,
    asked: &'static str,
    right_now: usize,
    patience: Duration,
    found: usize,
    fixed_done: bool,
}

impl Seeding {
    pub(super) fn new(enabled: bool) -> Self {
        let state = if enabled { State::Fresh } else { State::Done };
        Self { state, left: Vec::new(), asked: "", right_now: 0, patience: FEW_PEERS, found: 0, fixed_done: false }
    }
}

/// The name under which a seed tells nodes with all services that are needed.
fn host(seed: &str) -> String {
    format!("x{:x}.{seed}", ServiceFlags::NONE.desirable(true).0)
}

impl Fsm {
    /// Goes on with asking DNS seeds.
    pub(super) fn ask_seeds(&mut self, cx: Context<'_>) {
        loop {
            match self.seeding.state {
                State::Done | State::LookingUp => return,
                State::Fresh => self.begin_seeding(),
                State::Waiting(look, end) => {
                    if cx.now < look {
                        return;
                    }
                    let useful = self.peers.values().filter(|p| p.established && p.kind.is_replaceable());
                    if useful.count() >= ENOUGH_PEERS {
                        let how = if self.seeding.found > 0 { "Finished" } else { "Skipped" };
                        tracing::info!("P2P peers available. {how} DNS seeding.");
                        self.seeding.state = State::Done;
                    } else if look >= end {
                        self.seeding.state = State::Asking;
                    } else {
                        self.seeding.state = State::Waiting((look + FEW_PEERS).min(end), end);
                    }
                }
                State::Asking => {
                    if self.seeding.left.is_empty() {
                        tracing::info!("{} addresses found from DNS seeds", self.seeding.found);
                        self.seeding.state = State::Done;
                    } else if self.seeding.right_now == 0 {
                        self.seeding.right_now = SEEDS_AT_ONCE;
                        if !self.addresses.book.is_empty() {
                            let patience = self.seeding.patience;
                            tracing::info!("Waiting {} seconds before querying DNS seeds.", patience.as_secs());
                            self.seeding.state = State::Waiting(cx.now + FEW_PEERS, cx.now + patience);
                        }
                    } else if self.network_active {
                        self.ask_seed();
                    } else {
                        return;
                    }
                }
            }
        }
    }

    fn begin_seeding(&mut self) {
        let mut left = self.config.params.dns_seeds.to_vec();
        left.shuffle(&mut self.addresses.rng);
        let known = self.addresses.book.len();
        let state = &mut self.seeding;
        state.patience = if known >= MANY { MANY_PEERS } else { FEW_PEERS };
        state.right_now = if self.config.force_dns_seed || known == 0 { left.len() } else { 0 };
        state.left = left;
        state.state = State::Asking;
    }

    fn ask_seed(&mut self) {
        let Some(seed) = self.seeding.left.pop() else { return };
        self.seeding.right_now -= 1;
        tracing::info!("Loading addresses from DNS seed {seed}");
        if self.config.name_proxy {
            // The proxy would look the name up; connecting to it does the same.
            self.outbound.fetches.push_back(seed.to_owned());
            return;
        }
        self.seeding.asked = seed;
        self.seeding.state = State::LookingUp;
        self.out.push(Output::LookUp { host: host(seed) });
    }

    pub(super) fn on_looked_up(&mut self, cx: Context<'_>, name: &str, found: Vec<IpAddr>) {
        let seed = self.seeding.asked;
        if self.seeding.state != State::LookingUp || name != host(seed) {
            return;
        }
        self.seeding.state = State::Asking;
        let Some(source) = NetAddr::internal(name).filter(|_| !found.is_empty()) else {
            // It may not know about services; then it is good for addresses that others have.
            return self.outbound.fetches.push_back(seed.to_owned());
        };
        let port = self.config.params.port;
        let rng = &mut self.addresses.rng;
        let addresses: Vec<PeerAddress> = found
            .into_iter()
            .take(MAX_ADDRESSES)
            .map(|ip| {
                let age = 3 * DAY + rng.random_range(0..4 * DAY);
                PeerAddress {
                    service: NetService { addr: ip.into(), port },
                    services: ServiceFlags::NONE.desirable(true),
                    time: u32::try_from((cx.clock.as_secs() - age).max(0)).unwrap_or(u32::MAX),
                }
            })
            .collect();
        self.seeding.found += addresses.len();
        self.addresses.book.add(&addresses, &source, 0, cx.adjusted);
    }

    /// When [`Fsm::ask_seeds`] may next do something.
    pub(super) fn next_seeding(&self) -> Time {
        match self.seeding.state {
            State::Waiting(look, _) => look,
            _ => Time::NEVER,
        }
    }

    /// Takes the fixed list when nothing else has given an address for a minute.
    pub(super) fn add_fixed_seeds(&mut self, cx: Context<'_>) {
        let due = self.outbound.started.is_some_and(|started| cx.clock > started + FIXED_SEEDS_AFTER);
        if self.seeding.fixed_done || !due || !self.addresses.book.is_empty() || !self.is_automatic() {
            return;
        }
        self.seeding.fixed_done = true;
        let fixed = seeds::fixed(self.config.params.network);
        if fixed.is_empty() {
            return;
        }
        tracing::info!("Adding fixed seed nodes as DNS doesn't seem to be available.");
        let Some(source) = NetAddr::internal("fixedseeds") else { return };
        let addresses: Vec<PeerAddress> = fixed
            .into_iter()
            .map(|service| {
                let age = 7 * DAY + self.addresses.rng.random_range(0..7 * DAY);
                PeerAddress {
                    service,
                    services: ServiceFlags::NONE.desirable(true),
                    time: u32::try_from((cx.clock.as_secs() - age).max(0)).unwrap_or(u32::MAX),
                }
            })
            .collect();
        self.addresses.book.add(&addresses, &source, 0, cx.adjusted);
    }

    /// When the fixed list may be taken.
    pub(super) fn next_fixed_seeds(&self, cx: Context<'_>) -> Time {
        match self.outbound.started {
            Some(started) if !self.seeding.fixed_done && self.is_automatic() => {
                cx.wake(started + FIXED_SEEDS_AFTER + Duration::from_micros(1))
            }
            _ => Time::NEVER,
        }
    }
}
