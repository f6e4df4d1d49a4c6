//! Which announced transaction to ask whom for, and when (v0.21.5.5 src/txrequest.h).
//!
//! Owns the *announcements*: a peer, a hash, when it may be asked, and what became of that. It knows no messages and no
//! clock. The rules: nothing is asked of two peers at a time; nothing twice of the same peer; nobody before his time;
//! of those whose time has come preferred ones first, and among them one at random. When only failed announcements of a
//! hash are left they are forgotten. Costs are logarithmic in the number of announcements; how many a peer may have is
//! for the caller to bound.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hasher,
};

use siphasher::sip::SipHasher24;

use crate::{fsm::PeerId, pool::GenTxid, time::Time};

type Hash = [u8; 32];

/// The order is that of the announcements of one hash: what can still be chosen, then the chosen one, then the failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Its time has not come.
    Delayed,
    /// May be chosen when the chosen one fails.
    Ready,
    /// The chosen one, not asked yet.
    Best,
    /// Asked.
    Requested,
    /// Answered, refused or too late.
    Completed,
}

impl State {
    fn is_waiting(self) -> bool {
        matches!(self, Self::Delayed | Self::Requested)
    }

    fn is_selectable(self) -> bool {
        matches!(self, Self::Ready | Self::Best)
    }

    fn is_selected(self) -> bool {
        matches!(self, Self::Best | Self::Requested)
    }
}

#[derive(Debug, Clone, Copy)]
struct Announcement {
    /// By wtxid.
    wtxid: bool,
    sequence: u64,
    /// When it may be asked; of a requested one, when the answer is too late.
    time: Time,
    state: State,
    priority: u64,
}

/// Announcements of one peer, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    total: usize,
    requested: usize,
    completed: usize,
}

/// All announcements of all peers.
#[derive(Debug)]
pub struct TxRequests {
    key: (u64, u64),
    next_sequence: u64,
    by_peer: BTreeMap<(PeerId, Hash), Announcement>,
    best: BTreeSet<(PeerId, Hash)>,
    /// The number is the priority of those that are ready, 0 for the others.
    by_hash: BTreeSet<(Hash, State, u64, PeerId)>,
    waiting: BTreeSet<(Time, PeerId, Hash)>,
    selectable: BTreeSet<(Time, PeerId, Hash)>,
    counts: HashMap<PeerId, Counts>,
}

impl TxRequests {
    /// Nothing. The key decides between peers that are equally good.
    pub fn new(key: (u64, u64)) -> Self {
        Self {
            key,
            next_sequence: 0,
            by_peer: BTreeMap::new(),
            best: BTreeSet::new(),
            by_hash: BTreeSet::new(),
            waiting: BTreeSet::new(),
            selectable: BTreeSet::new(),
            counts: HashMap::new(),
        }
    }

    /// Who comes first among those that announced the same: the highest.
    pub fn priority(&self, hash: &[u8; 32], peer: PeerId, preferred: bool) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write(hash);
        hasher.write(&peer.to_le_bytes());
        (hasher.finish() >> 1) | (u64::from(preferred) << 63)
    }

    /// A peer has it, and may be asked from a moment on. Nothing happens if it said so before.
    pub fn received_inv(&mut self, peer: PeerId, id: GenTxid, preferred: bool, time: Time) {
        let hash = *id.as_bytes();
        if self.by_peer.contains_key(&(peer, hash)) {
            return;
        }
        let announcement = Announcement {
            wtxid: matches!(id, GenTxid::Wtxid(_)),
            sequence: self.next_sequence,
            time,
            state: State::Delayed,
            priority: self.priority(&hash, peer, preferred),
        };
        self.next_sequence += 1;
        self.put(peer, hash, announcement);
    }

    /// A peer is gone, and with it all that it announced.
    pub fn disconnected(&mut self, peer: PeerId) {
        let hashes: Vec<Hash> = self.hashes_of(peer);
        for hash in hashes {
            if self.complete(peer, hash) {
                self.take(peer, hash);
            }
        }
    }

    /// A transaction is not needed any more, from nobody.
    pub fn forget(&mut self, hash: &[u8; 32]) {
        let found: Vec<PeerId> = self.of_hash(hash).map(|(_, _, _, peer)| *peer).collect();
        for peer in found {
            self.take(peer, *hash);
        }
    }

    /// What to ask a peer for now, in the order in which it was announced.
    pub fn requestable(&mut self, peer: PeerId, now: Time) -> Vec<GenTxid> {
        self.advance(now);
        let best = self.best.range((peer, [0; 32])..=(peer, [u8::MAX; 32]));
        let mut found: Vec<_> = best.map(|key| (self.by_peer[key], key.1)).collect();
        found.sort_by_key(|(announcement, _)| announcement.sequence);
        found.iter().map(|(announcement, hash)| GenTxid::new(announcement.wtxid, *hash)).collect()
    }

    /// A peer was asked; after `expiry` the answer is too late.
    pub fn requested(&mut self, peer: PeerId, hash: &[u8; 32], expiry: Time) {
        let Some(announcement) = self.by_peer.get(&(peer, *hash)).copied() else { return };
        match announcement.state {
            State::Best => {}
            State::Delayed | State::Ready => {
                // Not what `requestable` advised: another one was chosen, or even asked.
                let selected = self.of_hash(hash).find(|(_, state, _, _)| state.is_selected()).copied();
                if let Some((_, state, _, other)) = selected {
                    self.change(other, *hash, if state == State::Best { State::Ready } else { State::Completed });
                }
            }
            State::Requested | State::Completed => return,
        }
        self.take(peer, *hash);
        self.put(peer, *hash, Announcement { state: State::Requested, time: expiry, ..announcement });
    }

    /// The peer has answered, with the transaction or with `notfound`.
    pub fn received_response(&mut self, peer: PeerId, hash: &[u8; 32]) {
        if self.by_peer.contains_key(&(peer, *hash)) {
            self.complete(peer, *hash);
        }
    }

    /// How many requests to a peer are open.
    pub fn in_flight(&self, peer: PeerId) -> usize {
        self.counts.get(&peer).map_or(0, |counts| counts.requested)
    }

    /// How many announcements of a peer were not asked for yet.
    pub fn candidates(&self, peer: PeerId) -> usize {
        self.counts.get(&peer).map_or(0, |counts| counts.total - counts.requested - counts.completed)
    }

    /// How many announcements of a peer there are.
    pub fn count(&self, peer: PeerId) -> usize {
        self.counts.get(&peer).map_or(0, |counts| counts.total)
    }

    /// How many announcements there are.
    pub fn len(&self) -> usize {
        self.by_peer.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_peer.is_empty()
    }

    /// When [`Self::requestable`] may have another answer for somebody: at once if somebody is chosen.
    pub fn next_time(&self) -> Time {
        if !self.best.is_empty() {
            return Time::default();
        }
        self.waiting.first().map_or(Time::NEVER, |(time, _, _)| *time)
    }

    fn hashes_of(&self, peer: PeerId) -> Vec<Hash> {
        self.by_peer.range((peer, [0; 32])..=(peer, [u8::MAX; 32])).map(|((_, hash), _)| *hash).collect()
    }

    fn of_hash(&self, hash: &Hash) -> impl Iterator<Item = &(Hash, State, u64, PeerId)> {
        self.by_hash.range((*hash, State::Delayed, 0, 0)..=(*hash, State::Completed, u64::MAX, PeerId::MAX))
    }

    fn put(&mut self, peer: PeerId, hash: Hash, announcement: Announcement) {
        let Announcement { state, time, .. } = announcement;
        self.by_hash.insert((hash, state, order(&announcement), peer));
        if state == State::Best {
            self.best.insert((peer, hash));
        }
        if state.is_waiting() {
            self.waiting.insert((time, peer, hash));
        } else if state.is_selectable() {
            self.selectable.insert((time, peer, hash));
        }
        let counts = self.counts.entry(peer).or_default();
        counts.total += 1;
        counts.requested += usize::from(state == State::Requested);
        counts.completed += usize::from(state == State::Completed);
        self.by_peer.insert((peer, hash), announcement);
    }

    fn take(&mut self, peer: PeerId, hash: Hash) -> Option<Announcement> {
        let announcement = self.by_peer.remove(&(peer, hash))?;
        let Announcement { state, time, .. } = announcement;
        self.by_hash.remove(&(hash, state, order(&announcement), peer));
        self.best.remove(&(peer, hash));
        self.waiting.remove(&(time, peer, hash));
        self.selectable.remove(&(time, peer, hash));
        if let Some(counts) = self.counts.get_mut(&peer) {
            counts.total -= 1;
            counts.requested -= usize::from(state == State::Requested);
            counts.completed -= usize::from(state == State::Completed);
            if counts.total == 0 {
                self.counts.remove(&peer);
            }
        }
        Some(announcement)
    }

    fn change(&mut self, peer: PeerId, hash: Hash, state: State) {
        if let Some(announcement) = self.take(peer, hash) {
            self.put(peer, hash, Announcement { state, ..announcement });
        }
    }

    /// The best of those that are ready becomes the chosen one, if none is.
    fn choose(&mut self, hash: Hash) {
        let mut ready = None;
        for &(_, state, _, peer) in self.of_hash(&hash) {
            match state {
                // The last one of them has the highest priority.
                State::Ready => ready = Some(peer),
                State::Best | State::Requested => return,
                State::Delayed | State::Completed => {}
            }
        }
        if let Some(peer) = ready {
            self.change(peer, hash, State::Best);
        }
    }

    /// Nothing more is expected of an announcement. False if it is forgotten altogether.
    fn complete(&mut self, peer: PeerId, hash: Hash) -> bool {
        let Some(announcement) = self.by_peer.get(&(peer, hash)) else { return false };
        if announcement.state == State::Completed {
            return true;
        }
        let was_selected = announcement.state.is_selected();
        let open = self.of_hash(&hash).take_while(|(_, state, _, _)| *state != State::Completed).take(2).count();
        if open == 1 {
            self.forget(&hash);
            return false;
        }
        self.change(peer, hash, State::Completed);
        if was_selected {
            self.choose(hash);
        }
        true
    }

    /// Moves on to a time, which may be earlier than the last one.
    fn advance(&mut self, now: Time) {
        while let Some(&(_, peer, hash)) = self.waiting.first().filter(|(time, _, _)| *time <= now) {
            if self.by_peer[&(peer, hash)].state == State::Requested {
                self.complete(peer, hash);
            } else {
                self.promote(peer, hash);
            }
        }
        while let Some(&(_, peer, hash)) = self.selectable.last().filter(|(time, _, _)| *time > now) {
            let was_selected = self.by_peer[&(peer, hash)].state.is_selected();
            self.change(peer, hash, State::Delayed);
            if was_selected {
                self.choose(hash);
            }
        }
    }

    /// The time of an announcement has come.
    fn promote(&mut self, peer: PeerId, hash: Hash) {
        self.change(peer, hash, State::Ready);
        let selected = self.of_hash(&hash).find(|(_, state, _, _)| state.is_selected()).copied();
        match selected {
            None => self.choose(hash),
            Some((_, State::Best, _, other)) => {
                let priority = |peer| self.by_peer[&(peer, hash)].priority;
                if priority(peer) > priority(other) {
                    self.change(other, hash, State::Ready);
                    self.change(peer, hash, State::Best);
                }
            }
            Some(_) => {}
        }
    }
}

/// The place among the announcements of one hash and state.
fn order(announcement: &Announcement) -> u64 {
    if announcement.state == State::Ready { announcement.priority } else { 0 }
}

#[cfg(test)]
mod tests;
