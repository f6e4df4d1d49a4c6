//! The address book (v0.21.5.5 src/addrman.cpp): which nodes there may be, and which of them were reached.
//!
//! Owns two tables of buckets: *new* for addresses that were told, *tried* for those that were reached. A secret key
//! decides which buckets the addresses of one group may get, so that nobody fills the tables from a few places. An
//! address has one place in each bucket; who holds a place in *tried* is tested before a newcomer gets it. Refuses
//! clocks and files: times come in as Unix seconds, `peers.dat` as bytes. Its size is bounded by the tables: 81,920
//! places. Not here: asmap.

mod entry;
mod file;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use crate::{
    netaddr::{NetAddr, NetService, PeerAddress},
    services::ServiceFlags,
};

pub use entry::AddrInfo;
use entry::Key;

const TRIED_BUCKETS: usize = 256;
const NEW_BUCKETS: usize = 1024;
const BUCKET_SIZE: usize = 64;
/// Places of the new table that one address may take.
const NEW_BUCKETS_PER_ADDRESS: usize = 8;
/// Newcomers that wait for the test of the address in their place.
const MAX_TRIED_COLLISIONS: usize = 10;
/// Who was reached, or tried, within this time need not be tested.
const REPLACEMENT: i64 = 4 * 60 * 60;
/// A collision that cannot be tested for so long is decided for the newcomer.
const TEST_WINDOW: i64 = 40 * 60;
const DAY: i64 = 24 * 60 * 60;

/// Number of an entry; never used twice.
type Id = u64;

#[derive(Debug, Clone)]
struct Table(Vec<Option<Id>>);

impl Table {
    fn new(buckets: usize) -> Self {
        Self(vec![None; buckets * BUCKET_SIZE])
    }

    fn at(&mut self, bucket: usize, position: usize) -> &mut Option<Id> {
        &mut self.0[bucket * BUCKET_SIZE + position]
    }

    fn get(&self, bucket: usize, position: usize) -> Option<Id> {
        self.0[bucket * BUCKET_SIZE + position]
    }

    fn buckets(&self) -> impl Iterator<Item = &[Option<Id>]> {
        self.0.chunks_exact(BUCKET_SIZE)
    }
}

/// The address book.
#[derive(Debug)]
pub struct AddrMan {
    key: Key,
    rng: StdRng,
    infos: BTreeMap<Id, AddrInfo>,
    by_addr: HashMap<NetAddr, Id>,
    /// All entries, in random order as far as they were drawn.
    random: Vec<Id>,
    new: Table,
    tried: Table,
    new_count: usize,
    tried_count: usize,
    /// When any address was last reached; only failures while others succeed count.
    last_good: i64,
    collisions: BTreeSet<Id>,
    next_id: Id,
}

impl AddrMan {
    /// An empty book. The seed decides the key and all draws.
    pub fn new(seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        Self {
            key,
            rng,
            infos: BTreeMap::new(),
            by_addr: HashMap::new(),
            random: Vec::new(),
            new: Table::new(NEW_BUCKETS),
            tried: Table::new(TRIED_BUCKETS),
            new_count: 0,
            tried_count: 0,
            // Never reached is worse than this.
            last_good: 1,
            collisions: BTreeSet::new(),
            next_id: 0,
        }
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.random.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.random.is_empty()
    }

    /// How many were only told, and how many were reached.
    pub fn counts(&self) -> (usize, usize) {
        (self.new_count, self.tried_count)
    }

    /// The entry of an address, whatever its port.
    pub fn find(&self, addr: &NetAddr) -> Option<&AddrInfo> {
        self.infos.get(self.by_addr.get(addr)?)
    }

    /// The entry of exactly this address and port.
    fn find_service(&mut self, service: &NetService) -> Option<(Id, &mut AddrInfo)> {
        let id = *self.by_addr.get(&service.addr)?;
        let info = self.infos.get_mut(&id)?;
        (info.address.service == *service).then_some((id, info))
    }

    /// Takes what `source` tells; times are moved back by `penalty` seconds unless it speaks of itself. True if any
    /// address was not known.
    pub fn add(&mut self, addresses: &[PeerAddress], source: &NetAddr, penalty: i64, now: i64) -> bool {
        let added = addresses.iter().filter(|address| self.add_one(address, source, penalty, now)).count();
        if added > 0 {
            let (new, tried) = self.counts();
            tracing::debug!(target: "addrman", "Added {added} addresses from {source}: {tried} tried, {new} new");
        }
        added > 0
    }

    fn add_one(&mut self, address: &PeerAddress, source: &NetAddr, penalty: i64, now: i64) -> bool {
        let addr = address.service.addr;
        if !addr.is_routable() {
            return false;
        }
        let penalty = if addr == *source { 0 } else { penalty };
        let told = i64::from(address.time);
        let penalised = u32::try_from((told - penalty).max(0)).unwrap_or(u32::MAX);
        let known = self.by_addr.get(&addr).copied();
        let id = if let Some(id) = known {
            let info = self.infos.get_mut(&id).expect("because every indexed address has an entry");
            let interval = if now - told < DAY { 60 * 60 } else { DAY };
            let had = i64::from(info.address.time);
            if told != 0 && (had == 0 || had < told - interval - penalty) {
                info.address.time = penalised;
            }
            info.address.services = info.address.services | address.services;
            let nothing_new = told == 0 || (info.address.time != 0 && address.time <= info.address.time);
            if nothing_new || info.in_tried || info.ref_count == NEW_BUCKETS_PER_ADDRESS {
                return false;
            }
            // Each further place is twice as hard to get.
            let places = info.ref_count;
            if places > 0 && self.rng.random_range(0..1u32 << places) != 0 {
                return false;
            }
            id
        } else {
            let address = PeerAddress { time: penalised, ..*address };
            self.new_count += 1;
            self.insert(AddrInfo::new(address, *source))
        };
        self.place_in_new(id, source, now);
        known.is_none()
    }

    fn insert(&mut self, mut info: AddrInfo) -> Id {
        let id = self.next_id;
        self.next_id += 1;
        info.random_pos = self.random.len();
        self.random.push(id);
        self.by_addr.insert(info.address.service.addr, id);
        self.infos.insert(id, info);
        id
    }

    /// A place in the bucket that the source's group allows, if it is free or held by somebody worse.
    fn place_in_new(&mut self, id: Id, source: &NetAddr, now: i64) {
        let info = &self.infos[&id];
        let places = info.ref_count;
        let bucket = info.new_bucket(&self.key, source);
        let position = info.position(&self.key, true, bucket);
        let holder = self.new.get(bucket, position);
        if holder == Some(id) {
            return;
        }
        let free = holder.is_none_or(|holder| {
            let holder = &self.infos[&holder];
            holder.is_terrible(now) || (holder.ref_count > 1 && places == 0)
        });
        if free {
            self.clear_new(bucket, position);
            *self.new.at(bucket, position) = Some(id);
            self.info_mut(id).ref_count += 1;
        } else if places == 0 {
            self.delete(id);
        }
    }

    fn info_mut(&mut self, id: Id) -> &mut AddrInfo {
        self.infos.get_mut(&id).expect("because the tables hold existing entries only")
    }

    fn swap_random(&mut self, a: usize, b: usize) {
        if a != b {
            self.random.swap(a, b);
            let (at_a, at_b) = (self.random[a], self.random[b]);
            self.info_mut(at_a).random_pos = a;
            self.info_mut(at_b).random_pos = b;
        }
    }

    /// Forgets an entry of the new table that has no place any more.
    fn delete(&mut self, id: Id) {
        let (position, addr) = {
            let info = &self.infos[&id];
            (info.random_pos, info.address.service.addr)
        };
        self.swap_random(position, self.random.len() - 1);
        self.random.pop();
        self.by_addr.remove(&addr);
        self.infos.remove(&id);
        self.new_count -= 1;
    }

    fn clear_new(&mut self, bucket: usize, position: usize) {
        let Some(id) = self.new.at(bucket, position).take() else { return };
        let info = self.info_mut(id);
        info.ref_count -= 1;
        if info.ref_count == 0 {
            self.delete(id);
        }
    }

    fn make_tried(&mut self, id: Id) {
        let mut info = self.infos[&id].clone();
        for bucket in 0..NEW_BUCKETS {
            let place = self.new.at(bucket, info.position(&self.key, true, bucket));
            if *place == Some(id) {
                *place = None;
                info.ref_count -= 1;
            }
        }
        self.new_count -= 1;
        let bucket = info.tried_bucket(&self.key);
        let position = info.position(&self.key, false, bucket);
        if let Some(old) = self.tried.at(bucket, position).take() {
            // Who held the place goes back to the new table, whoever is there.
            self.tried_count -= 1;
            let key = self.key;
            let evicted = self.info_mut(old);
            evicted.in_tried = false;
            evicted.ref_count = 1;
            let bucket = evicted.new_bucket(&key, &evicted.source);
            let position = evicted.position(&key, true, bucket);
            self.clear_new(bucket, position);
            *self.new.at(bucket, position) = Some(old);
            self.new_count += 1;
        }
        *self.tried.at(bucket, position) = Some(id);
        self.tried_count += 1;
        info.in_tried = true;
        info.random_pos = self.infos[&id].random_pos;
        self.infos.insert(id, info);
    }

    /// A connection to it succeeded. Moves it to the tried table, unless somebody there has to be tested first.
    pub fn good(&mut self, service: &NetService, now: i64) {
        self.mark_good(service, true, now);
    }

    fn mark_good(&mut self, service: &NetService, test_before_evict: bool, time: i64) {
        self.last_good = time;
        let key = self.key;
        let Some((id, info)) = self.find_service(service) else { return };
        info.last_success = time;
        info.last_try = time;
        info.attempts = 0;
        // Its time stays, so that nobody learns to whom this node is connected.
        if info.in_tried {
            return;
        }
        let bucket = info.tried_bucket(&key);
        let position = info.position(&key, false, bucket);
        if !test_before_evict || self.tried.get(bucket, position).is_none() {
            self.make_tried(id);
        } else if self.collisions.len() < MAX_TRIED_COLLISIONS {
            self.collisions.insert(id);
        }
    }

    /// A connection to it is tried. Failures count once between two successes of whomever.
    pub fn attempt(&mut self, service: &NetService, count_failure: bool, now: i64) {
        let last_good = self.last_good;
        let Some((_, info)) = self.find_service(service) else { return };
        info.last_try = now;
        if count_failure && info.last_count_attempt < last_good {
            info.last_count_attempt = now;
            info.attempts = info.attempts.saturating_add(1);
        }
    }

    /// A connection to it has ended well.
    pub fn connected(&mut self, service: &NetService, now: i64) {
        const INTERVAL: i64 = 20 * 60;
        let Some((_, info)) = self.find_service(service) else { return };
        if now - i64::from(info.address.time) > INTERVAL {
            info.address.time = u32::try_from(now).unwrap_or(u32::MAX);
        }
    }

    /// It has said what it offers.
    pub fn set_services(&mut self, service: &NetService, services: ServiceFlags) {
        if let Some((_, info)) = self.find_service(service) {
            info.address.services = services;
        }
    }

    /// An address to connect to: from either table with the same chance, then by what was learnt of it.
    pub fn select(&mut self, new_only: bool, now: i64) -> Option<AddrInfo> {
        let from_tried = !new_only && self.tried_count > 0 && (self.new_count == 0 || self.rng.random_range(0..2) == 0);
        let table = if from_tried { &self.tried } else { &self.new };
        // All places have the same chance; an address may have several.
        let held: Vec<Id> = table.0.iter().filter_map(|place| *place).collect();
        if held.is_empty() {
            return None;
        }
        let mut factor = 1.0;
        loop {
            let info = &self.infos[&held[self.rng.random_range(0..held.len())]];
            if self.rng.random::<f64>() < factor * info.chance(now) {
                return Some(info.clone());
            }
            factor *= 1.2;
        }
    }

    /// Addresses to tell others: at most `max` (0: any number) and `percent` (0: all) of the book, no terrible ones.
    pub fn get_addr(&mut self, max: usize, percent: usize, now: i64) -> Vec<PeerAddress> {
        let mut wanted = self.random.len();
        if percent != 0 {
            wanted = percent * wanted / 100;
        }
        if max != 0 {
            wanted = wanted.min(max);
        }
        let mut found = Vec::with_capacity(wanted);
        for n in 0..self.random.len() {
            if found.len() >= wanted {
                break;
            }
            let drawn = self.rng.random_range(n..self.random.len());
            self.swap_random(n, drawn);
            let info = &self.infos[&self.random[n]];
            if !info.is_terrible(now) {
                found.push(info.address);
            }
        }
        found
    }

    /// The place that a newcomer would get, and who holds it.
    fn tried_holder(&self, info: &AddrInfo) -> Option<Id> {
        let bucket = info.tried_bucket(&self.key);
        self.tried.get(bucket, info.position(&self.key, false, bucket))
    }

    /// Decides about newcomers whose place in the tried table was held.
    pub fn resolve_collisions(&mut self, now: i64) {
        for id in self.collisions.clone() {
            let replace = match self.infos.get(&id) {
                // Gone, or reached on another way.
                None => Some(false),
                Some(newcomer) => match self.tried_holder(newcomer).map(|old| &self.infos[&old]) {
                    None => Some(true),
                    Some(old) if now - old.last_success < REPLACEMENT => Some(false),
                    // Being tested; it has a minute to answer.
                    Some(old) if now - old.last_try < REPLACEMENT => (now - old.last_try > 60).then_some(true),
                    Some(_) => (now - newcomer.last_success > TEST_WINDOW).then_some(true),
                },
            };
            let Some(replace) = replace else { continue };
            if replace {
                let service = self.infos[&id].address.service;
                self.mark_good(&service, false, now);
            }
            self.collisions.remove(&id);
        }
    }

    /// Somebody in the tried table who has to be tested: a feeler connection does that.
    pub fn select_tried_collision(&mut self) -> Option<AddrInfo> {
        if self.collisions.is_empty() {
            return None;
        }
        let chosen = self.rng.random_range(0..self.collisions.len());
        let id = *self.collisions.iter().nth(chosen)?;
        let Some(newcomer) = self.infos.get(&id) else {
            self.collisions.remove(&id);
            return None;
        };
        Some(self.infos[&self.tried_holder(newcomer)?].clone())
    }
}

#[cfg(test)]
mod tests;
