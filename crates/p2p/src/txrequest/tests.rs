//! The tracker against a naive model, which works out everything from the rules at each question (after v0.21.5.5
//! src/test/fuzz/txrequest.cpp).

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const PEERS: u64 = 6;
const HASHES: u8 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Candidate,
    Requested,
    Completed,
}

#[derive(Debug, Clone)]
struct Known {
    fate: Fate,
    preferred: bool,
    wtxid: bool,
    time: Time,
    sequence: usize,
}

#[derive(Debug, Default)]
struct Model {
    known: BTreeMap<(u8, PeerId), Known>,
    sequence: usize,
}

fn hash(n: u8) -> Hash {
    [n; 32]
}

impl Model {
    fn of(&self, n: u8) -> impl Iterator<Item = (PeerId, &Known)> {
        self.known.range((n, 0)..=(n, PeerId::MAX)).map(|((_, peer), known)| (*peer, known))
    }

    /// Where only failures are left, nothing is left.
    fn clean(&mut self, n: u8) {
        if self.of(n).all(|(_, known)| known.fate == Fate::Completed) {
            self.known.retain(|(other, _), _| *other != n);
        }
    }

    fn complete(&mut self, n: u8, peer: PeerId) {
        if let Some(known) = self.known.get_mut(&(n, peer)) {
            known.fate = Fate::Completed;
            self.clean(n);
        }
    }

    fn requestable(&mut self, peer: PeerId, now: Time, priority: impl Fn(&Hash, PeerId, bool) -> u64) -> Vec<GenTxid> {
        for known in self.known.values_mut().filter(|k| k.fate == Fate::Requested && k.time <= now) {
            known.fate = Fate::Completed;
        }
        (0..HASHES).for_each(|n| self.clean(n));
        let mut found = Vec::new();
        for n in 0..HASHES {
            if self.of(n).any(|(_, known)| known.fate == Fate::Requested) {
                continue;
            }
            let ready = self.of(n).filter(|(_, known)| known.fate == Fate::Candidate && known.time <= now);
            let best = ready.max_by_key(|(other, known)| priority(&hash(n), *other, known.preferred));
            if let Some((_, known)) = best.filter(|(best, _)| *best == peer) {
                found.push((known.sequence, GenTxid::new(known.wtxid, hash(n))));
            }
        }
        found.sort_by_key(|(sequence, _)| *sequence);
        found.into_iter().map(|(_, id)| id).collect()
    }

    fn count(&self, peer: PeerId, fate: Fate) -> usize {
        self.known.iter().filter(|((_, other), known)| *other == peer && known.fate == fate).count()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Inv {
        n: u8,
        peer: PeerId,
        wtxid: bool,
        preferred: bool,
        delay: i64,
    },
    Request {
        n: u8,
        peer: PeerId,
        expiry: i64,
    },
    Response {
        n: u8,
        peer: PeerId,
    },
    Forget(u8),
    Disconnect(PeerId),
    /// Ask what is due, and perhaps ask for it.
    Get {
        peer: PeerId,
        follow: bool,
    },
    Clock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (n, peer) = (0..HASHES, 0..PEERS);
    prop_oneof![
        6 => (n.clone(), peer.clone(), any::<bool>(), any::<bool>(), -5i64..20)
            .prop_map(|(n, peer, wtxid, preferred, delay)| Step::Inv { n, peer, wtxid, preferred, delay }),
        2 => (n.clone(), peer.clone(), -5i64..20).prop_map(|(n, peer, expiry)| Step::Request { n, peer, expiry }),
        3 => (n.clone(), peer.clone()).prop_map(|(n, peer)| Step::Response { n, peer }),
        1 => n.prop_map(Step::Forget),
        1 => peer.clone().prop_map(Step::Disconnect),
        4 => (peer, any::<bool>()).prop_map(|(peer, follow)| Step::Get { peer, follow }),
        3 => (-8i64..16).prop_map(Step::Clock),
    ]
}

fn check(requests: &TxRequests, model: &Model) {
    assert_eq!(requests.len(), model.known.len());
    for peer in 0..PEERS {
        assert_eq!(requests.in_flight(peer), model.count(peer, Fate::Requested));
        assert_eq!(requests.candidates(peer), model.count(peer, Fate::Candidate));
        assert_eq!(
            requests.count(peer),
            requests.in_flight(peer) + requests.candidates(peer) + model.count(peer, Fate::Completed)
        );
    }
    let indexed = requests.waiting.len() + requests.selectable.len();
    let completed: usize = (0..PEERS).map(|peer| model.count(peer, Fate::Completed)).sum();
    assert_eq!((requests.by_hash.len(), indexed + completed), (requests.len(), requests.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_is_the_model(steps in prop::collection::vec(step(), 1..200)) {
        let mut requests = TxRequests::new((1, 2));
        let mut model = Model::default();
        let mut now = 1_000_000i64;
        let at = |seconds: i64| Time::from_secs(seconds.unsigned_abs());
        for step in steps {
            match step {
                Step::Inv { n, peer, wtxid, preferred, delay } => {
                    requests.received_inv(peer, GenTxid::new(wtxid, hash(n)), preferred, at(now + delay));
                    let sequence = model.sequence;
                    model.sequence += 1;
                    model.known.entry((n, peer)).or_insert(
                        Known { fate: Fate::Candidate, preferred, wtxid, time: at(now + delay), sequence });
                }
                Step::Request { n, peer, expiry } => {
                    requests.requested(peer, &hash(n), at(now + expiry));
                    if model.known.get(&(n, peer)).is_some_and(|k| k.fate == Fate::Candidate) {
                        for known in model.known.iter_mut().filter(|((m, _), _)| *m == n).map(|(_, known)| known) {
                            if known.fate == Fate::Requested {
                                known.fate = Fate::Completed;
                            }
                        }
                        let known = model.known.get_mut(&(n, peer)).unwrap();
                        (known.fate, known.time) = (Fate::Requested, at(now + expiry));
                    }
                }
                Step::Response { n, peer } => {
                    requests.received_response(peer, &hash(n));
                    model.complete(n, peer);
                }
                Step::Forget(n) => {
                    requests.forget(&hash(n));
                    model.known.retain(|(other, _), _| *other != n);
                }
                Step::Disconnect(peer) => {
                    requests.disconnected(peer);
                    model.known.retain(|(_, other), _| *other != peer);
                    (0..HASHES).for_each(|n| model.clean(n));
                }
                Step::Get { peer, follow } => {
                    let found = requests.requestable(peer, at(now));
                    let expected = model.requestable(peer, at(now), |hash, peer, preferred| {
                        requests.priority(hash, peer, preferred)
                    });
                    prop_assert_eq!(&found, &expected);
                    for id in found.iter().filter(|_| follow) {
                        requests.requested(peer, id.as_bytes(), at(now + 10));
                        let known = model.known.get_mut(&(id.as_bytes()[0], peer)).unwrap();
                        (known.fate, known.time) = (Fate::Requested, at(now + 10));
                    }
                }
                Step::Clock(change) => now += change,
            }
            check(&requests, &model);
        }
    }
}

#[test]
fn the_next_time_is_when_something_can_be_asked() {
    let mut requests = TxRequests::new((1, 2));
    let start = Time::from_secs(100);
    let id = GenTxid::new(true, hash(1));
    assert_eq!(requests.next_time(), Time::NEVER);
    let delay = Duration::from_secs(2);
    requests.received_inv(1, id, false, start + delay);
    assert_eq!(requests.next_time(), start + delay);
    assert!(requests.requestable(1, start).is_empty());
    assert_eq!(requests.requestable(1, start + delay), [id]);
    assert_eq!(requests.next_time(), Time::default(), "somebody is chosen");
    requests.requested(1, id.as_bytes(), start + Duration::from_secs(60));
    assert_eq!(requests.next_time(), start + Duration::from_secs(60));
}
