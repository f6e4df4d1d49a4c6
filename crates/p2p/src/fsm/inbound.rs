//! Who has to go when all inbound places are taken and somebody else comes (v0.21.5.5 src/net.cpp,
//! AttemptToEvictConnection).
//!
//! Peers are protected for several different merits, each hard to fake together with the others: the group of the
//! address by a secret order, the round trip, new transactions, new blocks, and time. Of who is left, the youngest of
//! the largest group goes; who misbehaved before goes first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    hash::Hasher,
    time::Duration,
};

use siphasher::sip::SipHasher24;

use super::{
    Fsm,
    connections::ConnectionType,
    input::{PeerId, Permissions},
    output::DisconnectReason,
};
use crate::{netaddr::NetAddr, services::ServiceFlags, time::Time};

const RANDOMIZER_ID_NETGROUP: u64 = 0x6c0e_dd80_3610_3ef9;

/// An inbound peer, as far as it counts here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) id: PeerId,
    pub(super) connected_at: Time,
    pub(super) shortest_ping: Duration,
    pub(super) last_block: Option<Time>,
    pub(super) last_tx: Option<Time>,
    /// It offers all that an outbound peer must.
    pub(super) serves: bool,
    pub(super) wants_txs: bool,
    /// The group of its address, by a secret.
    pub(super) group: u64,
    /// It misbehaved before.
    pub(super) prefer: bool,
    pub(super) local: bool,
}

/// Takes out up to `count` of the greatest by `key`.
fn protect<K: Ord>(candidates: &mut Vec<Candidate>, count: usize, key: impl Fn(&Candidate) -> K) {
    candidates.sort_by_key(key);
    candidates.truncate(candidates.len().saturating_sub(count));
}

/// Of the `count` greatest by `key`, takes out those that deserve it.
fn protect_if<K: Ord>(
    candidates: &mut Vec<Candidate>,
    count: usize,
    key: impl Fn(&Candidate) -> K,
    deserves: impl Fn(&Candidate) -> bool,
) {
    candidates.sort_by_key(key);
    let first = candidates.len().saturating_sub(count);
    let kept: HashSet<PeerId> = candidates[first..].iter().filter(|c| deserves(c)).map(|c| c.id).collect();
    candidates.retain(|c| !kept.contains(&c.id));
}

/// Who goes, if anybody.
pub(super) fn select_to_evict(mut left: Vec<Candidate>) -> Option<PeerId> {
    protect(&mut left, 4, |c| c.group);
    protect(&mut left, 8, |c| Reverse(c.shortest_ping));
    protect(&mut left, 4, |c| (c.last_tx, c.wants_txs, Reverse(c.connected_at)));
    protect_if(
        &mut left,
        8,
        |c| (!c.wants_txs, c.last_block, c.serves, Reverse(c.connected_at)),
        |c| !c.wants_txs && c.serves,
    );
    protect(&mut left, 4, |c| (c.last_block, c.serves, Reverse(c.connected_at)));
    // The half that is here longest, of which a half for this very host: Tor comes from there.
    let before = left.len();
    protect_if(&mut left, before / 4, |c| (c.local, Reverse(c.connected_at)), |c| c.local);
    let longest = before / 2 - (before - left.len());
    protect(&mut left, longest, |c| Reverse(c.connected_at));
    if left.iter().any(|c| c.prefer) {
        left.retain(|c| c.prefer);
    }
    // Sorted with the youngest first, and so is each group.
    let mut groups: BTreeMap<u64, Vec<Candidate>> = BTreeMap::new();
    for candidate in left {
        groups.entry(candidate.group).or_default().push(candidate);
    }
    let largest = groups.into_values().max_by_key(|group| (group.len(), group[0].connected_at))?;
    Some(largest[0].id)
}

impl Fsm {
    /// Makes room for an inbound peer. False if everybody there is worth more.
    pub(super) fn evict_inbound(&mut self, initial_download: bool) -> bool {
        let candidates = self.peers.values().filter(|p| {
            p.kind == ConnectionType::Inbound && p.closing.is_none() && !p.permissions.has(Permissions::NOBAN)
        });
        let candidate = |p: &super::Peer| {
            let addr = p.addr.addr;
            Candidate {
                id: p.id,
                connected_at: p.connected_at,
                shortest_ping: p.ping.shortest.unwrap_or(Duration::MAX),
                last_block: p.last_block,
                last_tx: p.last_tx,
                serves: p.services.has(ServiceFlags::desirable(p.services, initial_download)),
                wants_txs: p.wants_txs,
                group: self.keyed_group(&addr),
                prefer: p.prefer_evict,
                local: addr.is_local(),
            }
        };
        let chosen = select_to_evict(candidates.map(candidate).collect());
        if let Some(id) = chosen {
            self.close(id, DisconnectReason::Evicted);
        }
        chosen.is_some()
    }

    /// The group of an address, in an order that nobody else knows.
    fn keyed_group(&self, addr: &NetAddr) -> u64 {
        let (a, b) = self.addresses.group_key();
        let mut hasher = SipHasher24::new_with_keys(a, b);
        hasher.write_u64(RANDOMIZER_ID_NETGROUP);
        hasher.write(&addr.group());
        hasher.finish()
    }
}

#[cfg(test)]
mod tests;
