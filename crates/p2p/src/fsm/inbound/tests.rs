//! The rules one by one, with the numbers of v0.21.5.5 src/net.cpp (its own test of them came later).

use std::time::Duration;

use super::{Candidate, select_to_evict};
use crate::time::Time;

/// `count` peers of one group, each a second younger than the one before; nothing speaks for any of them.
fn crowd(count: u64) -> Vec<Candidate> {
    (0..count)
        .map(|id| Candidate {
            id,
            connected_at: Time::from_secs(1000 + id),
            shortest_ping: Duration::MAX,
            last_block: None,
            last_tx: None,
            serves: false,
            wants_txs: true,
            group: 7,
            prefer: false,
            local: false,
        })
        .collect()
}

/// All that could go, whatever the order in which they stand.
fn victims(crowd: &[Candidate]) -> std::collections::BTreeSet<u64> {
    (0..crowd.len())
        .filter_map(|turn| {
            let mut turned = crowd.to_vec();
            turned.rotate_left(turn);
            select_to_evict(turned)
        })
        .collect()
}

#[test]
fn twenty_are_always_safe() {
    // 4 by group, 8 by ping, 4 by transactions, 4 by blocks.
    for count in 0..=20 {
        assert_eq!(victims(&crowd(count)).len(), 0, "{count}");
    }
    assert!(!victims(&crowd(21)).is_empty());
}

fn never(what: &str, count: u64, protected: impl Fn(u64) -> bool, change: impl Fn(&mut Candidate)) {
    let mut crowd = crowd(count);
    for candidate in crowd.iter_mut().filter(|c| protected(c.id)) {
        change(candidate);
    }
    let victims = victims(&crowd);
    assert!(!victims.is_empty(), "{what}");
    assert!(!victims.iter().any(|id| protected(*id)), "{what}: {victims:?}");
}

#[test]
fn merits_protect() {
    never("pings", 40, |id| id >= 32, |c| c.shortest_ping = Duration::from_millis(5));
    never("transactions", 40, |id| id >= 36, |c| c.last_tx = Some(Time::from_secs(5)));
    never("blocks", 40, |id| id >= 36, |c| c.last_block = Some(Time::from_secs(5)));
    never("for blocks only", 40, |id| id >= 32, |c| (c.wants_txs, c.serves) = (false, true));
    // Of 20 that are left 10 are the oldest; of those 5 are of this host.
    never("this host", 40, |id| id >= 35, |c| c.local = true);
    never("groups", 40, |id| id >= 36, |c| c.group = 100 + c.id);
    // The oldest half is safe as soon as enough others take the places that ties give.
    let all = crowd(100);
    assert!(victims(&all).iter().all(|id| *id >= 40), "{:?}", victims(&all));
}

#[test]
fn the_youngest_of_the_largest_group_goes() {
    let mut all = crowd(60);
    // Three groups; the middle one is the largest. Pings and the rest tie, so the ties take the ends.
    for candidate in &mut all {
        candidate.group = match candidate.id {
            0..20 => 1,
            20..46 => 2,
            _ => 3,
        };
    }
    let chosen = select_to_evict(all.clone()).unwrap();
    assert!((20..46).contains(&chosen), "{chosen}");
    // One that misbehaved before goes instead, wherever it is, unless something speaks for it.
    all[52].prefer = true;
    for candidate in &mut all {
        candidate.shortest_ping = Duration::from_millis(if candidate.id == 52 { 1000 } else { 10 });
        candidate.last_tx = (candidate.id != 52).then_some(Time::from_secs(1));
        candidate.last_block = (candidate.id != 52).then_some(Time::from_secs(1));
    }
    all.rotate_left(10);
    assert_eq!(select_to_evict(all), Some(52));
}
