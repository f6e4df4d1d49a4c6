//! Facts of v0.21.5.5 src/test/addrman_tests.cpp, invariants of its Check_, and the file.

use std::collections::BTreeSet;

use bytes::Bytes;
use litecast_primitives::hash::sha256d;
use proptest::prelude::*;

use super::*;
use crate::data_file::{self, DataFileError};

const NOW: i64 = 1_700_000_000;
const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];

/// With the key of all zeros, as the reference's tests have it.
fn book() -> AddrMan {
    AddrMan { key: [0; 32], ..AddrMan::new([3; 32]) }
}

fn ip(text: &str) -> NetAddr {
    text.parse().unwrap()
}

fn service(text: &str, port: u16) -> NetService {
    NetService { addr: ip(text), port }
}

fn told(service: NetService, time: i64) -> PeerAddress {
    PeerAddress { service, services: ServiceFlags::NONE, time: u32::try_from(time).unwrap() }
}

fn add(book: &mut AddrMan, service: NetService, source: &str) -> bool {
    let added = book.add(&[told(service, 100_000_000)], &ip(source), 0, NOW);
    check(book);
    added
}

fn collision(book: &mut AddrMan) -> Option<String> {
    book.select_tried_collision().map(|info| info.address.service.to_string())
}

/// What must always hold (Check_).
fn check(book: &AddrMan) {
    assert_eq!(book.random.len(), book.new_count + book.tried_count);
    assert_eq!(book.infos.len(), book.random.len());
    assert_eq!(book.by_addr.len(), book.random.len());
    assert!(book.collisions.len() <= MAX_TRIED_COLLISIONS);
    let mut places: HashMap<Id, usize> = HashMap::new();
    for (index, id) in book.new.0.iter().enumerate().filter_map(|(index, id)| Some((index, (*id)?))) {
        assert_eq!(book.infos[&id].position(&book.key, true, index / BUCKET_SIZE), index % BUCKET_SIZE);
        *places.entry(id).or_default() += 1;
    }
    let mut tried = BTreeSet::new();
    for (index, id) in book.tried.0.iter().enumerate().filter_map(|(index, id)| Some((index, (*id)?))) {
        let info = &book.infos[&id];
        assert_eq!(info.tried_bucket(&book.key), index / BUCKET_SIZE);
        assert_eq!(info.position(&book.key, false, index / BUCKET_SIZE), index % BUCKET_SIZE);
        assert!(tried.insert(id), "twice in tried");
    }
    assert_eq!((places.len(), tried.len()), (book.new_count, book.tried_count));
    for (id, info) in &book.infos {
        assert_eq!(book.by_addr[&info.address.service.addr], *id);
        assert_eq!(book.random[info.random_pos], *id);
        assert_eq!(tried.contains(id), info.in_tried);
        assert_eq!(places.get(id).copied().unwrap_or(0), info.ref_count);
        assert!(info.ref_count <= NEW_BUCKETS_PER_ADDRESS);
        assert_eq!(info.in_tried, info.ref_count == 0);
    }
}

#[test]
fn addresses_are_known_once_whatever_their_port() {
    let mut book = book();
    assert!(book.select(false, NOW).is_none());
    assert!(add(&mut book, service("250.1.1.1", 8333), "252.2.2.2"));
    assert!(!add(&mut book, service("250.1.1.1", 8333), "252.2.2.2"));
    assert!(!add(&mut book, service("250.1.1.1", 8334), "252.2.2.2"));
    assert_eq!(book.len(), 1);
    book.good(&service("250.1.1.1", 8334), NOW);
    assert_eq!(book.select(true, NOW).unwrap().address.service.to_string(), "250.1.1.1:8333");
    book.good(&service("250.1.1.1", 8333), NOW);
    assert!(book.select(true, NOW).is_none(), "it is tried now");
    assert_eq!(book.select(false, NOW).unwrap().address.service.to_string(), "250.1.1.1:8333");
    assert!(!add(&mut book, service("10.1.1.1", 8333), "252.2.2.2"), "not routable");
    check(&book);
}

#[test]
fn both_tables_are_drawn_from() {
    let mut book = book();
    for (n, last) in (1..8).enumerate() {
        let service = service(&format!("250.{last}.1.1"), 1000 + last);
        assert!(add(&mut book, service, "250.3.1.1"));
        if n % 2 == 0 {
            book.good(&service, NOW);
        }
    }
    let ports: BTreeSet<u16> = (0..400).map(|_| book.select(false, NOW).unwrap().address.service.port).collect();
    assert_eq!(ports.len(), 7, "{ports:?}");
    let new: BTreeSet<u16> = (0..100).map(|_| book.select(true, NOW).unwrap().address.service.port).collect();
    assert_eq!(new, BTreeSet::from([1002, 1004, 1006]));
}

#[test]
fn collisions_in_the_new_table_are_where_the_reference_has_them() {
    let mut book = book();
    for n in 1..18 {
        assert!(add(&mut book, service(&format!("250.1.1.{n}"), 0), "252.2.2.2"));
        assert_eq!(book.len(), n);
    }
    assert!(add(&mut book, service("250.1.1.18", 0), "252.2.2.2"));
    assert_eq!(book.len(), 17);
    assert!(add(&mut book, service("250.1.1.19", 0), "252.2.2.2"));
    assert_eq!(book.len(), 18);
}

#[test]
fn collisions_in_the_tried_table_are_where_the_reference_has_them() {
    let mut book = book();
    for n in 1..80 {
        let service = service(&format!("250.1.1.{n}"), 0);
        assert!(add(&mut book, service, "252.2.2.2"));
        book.good(&service, NOW);
        assert_eq!(book.len(), n);
    }
    assert!(add(&mut book, service("250.1.1.80", 0), "252.2.2.2"));
    assert_eq!(book.len(), 79);
    assert!(add(&mut book, service("250.1.1.81", 0), "252.2.2.2"));
    assert_eq!(book.len(), 80);
}

#[test]
fn buckets_are_the_references() {
    let (key1, key2) = (sha256d(&1u32.to_le_bytes()), sha256d(&2u32.to_le_bytes()));
    let info = |text: &str, port| AddrInfo::new(told(service(text, port), NOW), ip(text));
    let (a, b) = (info("250.1.1.1", 8333), info("250.1.1.1", 9999));
    assert_eq!(a.tried_bucket(&key1), 40);
    assert_ne!(a.tried_bucket(&key1), a.tried_bucket(&key2));
    assert_ne!(a.tried_bucket(&key1), b.tried_bucket(&key1));
    let same: BTreeSet<usize> = (0..255).map(|n| info(&format!("250.1.1.{n}"), 0).tried_bucket(&key1)).collect();
    assert_eq!(same.len(), 8, "one group gets 8 buckets");
    let many: BTreeSet<usize> = (0..255).map(|n| info(&format!("250.{n}.1.1"), 0).tried_bucket(&key1)).collect();
    assert_eq!(many.len(), 160);

    let source = ip("250.1.2.1");
    let c = info("250.1.2.1", 8333);
    assert_eq!(c.new_bucket(&key1, &source), 786);
    assert_ne!(c.new_bucket(&key1, &source), c.new_bucket(&key2, &source));
    assert_eq!(c.new_bucket(&key1, &source), info("250.1.2.1", 9999).new_bucket(&key1, &source));
    let other = ip("251.4.1.1");
    let one_source: BTreeSet<usize> = (0..4 * 255)
        .map(|n| info(&format!("{}.{}.1.1", 250 + n / 255, n % 256), 0).new_bucket(&key1, &other))
        .collect();
    assert!(one_source.len() <= 64, "one source group gets 64 buckets");
    let sources: BTreeSet<usize> =
        (0..255).map(|n| info("250.1.1.1", 0).new_bucket(&key1, &ip(&format!("250.{n}.1.1")))).collect();
    assert!(sources.len() > 64);
}

#[test]
fn a_quarter_is_told() {
    let mut book = book();
    for (n, (address, port, source)) in [
        ("250.250.2.1", 8333, "250.1.2.1"),
        ("250.251.2.2", 9999, "250.2.3.3"),
        ("251.252.2.3", 8333, "250.1.2.1"),
        ("252.253.3.4", 8333, "250.2.3.3"),
        ("252.254.4.5", 8333, "250.1.2.1"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(book.add(&[told(service(address, port), NOW)], &ip(source), 0, NOW));
        assert_eq!(book.len(), n + 1);
    }
    for _ in 0..2 {
        assert_eq!(book.get_addr(0, 0, NOW).len(), 5);
        assert_eq!(book.get_addr(2500, 23, NOW).len(), 1);
        book.good(&service("250.250.2.1", 8333), NOW);
        book.good(&service("250.251.2.2", 9999), NOW);
    }
    for n in 1u32..8 * 256 {
        let service = service(&format!("{}.{}.1.23", n % 256, n >> 8), 0);
        book.add(&[told(service, NOW)], &service.addr, 0, NOW);
        if n % 8 == 0 {
            book.good(&service, NOW);
        }
    }
    check(&book);
    assert_eq!(book.len(), 2006);
    assert_eq!(book.get_addr(2500, 23, NOW).len(), 461);
    assert_eq!(book.get_addr(100, 23, NOW).len(), 100);
    assert_eq!(book.get_addr(0, 0, NOW + 31 * DAY).len(), 0, "a month later nobody is worth telling");
}

/// 22 addresses in the tried table, and one whose place is held by 250.1.1.19.
fn with_collision() -> AddrMan {
    let mut book = book();
    for n in 1..=23 {
        let service = service(&format!("250.1.1.{n}"), 0);
        assert_eq!(collision(&mut book), None);
        assert!(add(&mut book, service, "252.2.2.2"));
        book.good(&service, NOW);
        assert_eq!(book.len(), n);
    }
    assert_eq!(collision(&mut book).as_deref(), Some("250.1.1.19:0"));
    book
}

#[test]
fn who_was_just_reached_keeps_the_place() {
    let mut book = with_collision();
    book.resolve_collisions(NOW);
    assert_eq!(collision(&mut book), None);
    assert_eq!(book.counts(), (1, 22));
    for n in 24..=33 {
        let service = service(&format!("250.1.1.{n}"), 0);
        assert!(add(&mut book, service, "252.2.2.2"));
        book.good(&service, NOW);
    }
    assert_eq!(collision(&mut book).as_deref(), Some("250.1.1.27:0"));
    book.good(&service("250.1.1.23", 0), NOW);
    assert!(collision(&mut book).is_some());
    book.resolve_collisions(NOW);
    assert_eq!(collision(&mut book), None);
    check(&book);
}

#[test]
fn who_does_not_answer_loses_the_place() {
    let mut book = with_collision();
    let (old, newcomer) = (service("250.1.1.19", 0), service("250.1.1.23", 0));
    book.good(&old, 1);
    book.attempt(&old, false, NOW - 30);
    book.resolve_collisions(NOW);
    assert!(collision(&mut book).is_some(), "it has a minute");
    book.attempt(&old, false, NOW - 61);
    book.resolve_collisions(NOW);
    assert_eq!(collision(&mut book), None);
    check(&book);
    assert!(book.find(&newcomer.addr).unwrap().is_tried());
    assert!(!book.find(&old.addr).unwrap().is_tried());
    // And the other way round.
    book.good(&old, NOW);
    assert_eq!(collision(&mut book).as_deref(), Some("250.1.1.23:0"));
    book.resolve_collisions(NOW);
    assert_eq!(collision(&mut book), None);
}

#[test]
fn what_cannot_be_tested_is_decided_for_the_newcomer() {
    let mut book = with_collision();
    book.good(&service("250.1.1.19", 0), 1);
    book.resolve_collisions(NOW + TEST_WINDOW);
    assert!(collision(&mut book).is_some());
    book.resolve_collisions(NOW + TEST_WINDOW + 1);
    assert!(book.find(&ip("250.1.1.23")).unwrap().is_tried());
    check(&book);
}

#[test]
fn terrible_addresses() {
    let info = |change: fn(&mut AddrInfo)| {
        let mut info = AddrInfo::new(told(service("1.2.3.4", 1), NOW), ip("1.2.3.4"));
        change(&mut info);
        info.is_terrible(NOW)
    };
    assert!(!info(|_| {}));
    assert!(info(|info| info.address.time += 601), "from the future");
    assert!(info(|info| info.address.time -= 30 * 86_400 + 1), "not seen for a month");
    assert!(!info(|info| (info.address.time, info.last_try) = (0, NOW - 60)), "being tried");
    assert!(info(|info| info.attempts = 3), "never reached");
    assert!(!info(|info| (info.attempts, info.last_success) = (9, NOW - 8 * DAY)));
    assert!(info(|info| (info.attempts, info.last_success) = (10, NOW - 8 * DAY)), "lost");
    assert!(!info(|info| (info.attempts, info.last_success) = (10, NOW - 6 * DAY)));
}

#[test]
fn failures_count_once_between_successes() {
    let mut book = book();
    let (a, b) = (service("250.1.1.1", 1), service("250.2.1.1", 1));
    add(&mut book, a, "252.2.2.2");
    add(&mut book, b, "252.2.2.2");
    book.attempt(&a, true, NOW);
    book.attempt(&a, true, NOW + 1);
    assert_eq!(book.find(&a.addr).unwrap().attempts, 1, "nothing works: it may be us");
    book.good(&b, NOW + 2);
    book.attempt(&a, true, NOW + 3);
    book.attempt(&a, true, NOW + 4);
    assert_eq!(book.find(&a.addr).unwrap().attempts, 2);
    book.connected(&a, NOW + 5);
    assert_eq!(i64::from(book.find(&a.addr).unwrap().address.time), NOW + 5);
    book.set_services(&a, ServiceFlags::NETWORK);
    assert_eq!(book.find(&a.addr).unwrap().address.services, ServiceFlags::NETWORK);
}

#[test]
fn a_flood_from_one_place_stays_in_its_buckets() {
    let mut book = AddrMan::new([9; 32]);
    for n in 0u32..60_000 {
        let addr = NetAddr::Ipv4((0x0500_0000 + n * 65_521).to_be_bytes());
        book.add(&[told(NetService { addr, port: 1 }, NOW)], &ip("252.2.2.2"), 0, NOW);
    }
    check(&book);
    assert!(book.len() <= 64 * BUCKET_SIZE, "{} addresses", book.len());
}

/// Addresses, places and counts, in a form to compare.
fn shape(book: &AddrMan) -> Vec<(PeerAddress, NetAddr, i64, i32, bool)> {
    let mut all: Vec<_> = book
        .infos
        .values()
        .map(|info| (info.address, info.source, info.last_success, info.attempts, info.in_tried))
        .collect();
    all.sort_by_key(|entry| entry.0.service);
    all
}

#[test]
fn the_file_of_an_empty_book() {
    let file = book().encode(MAGIC);
    // Magic, format 3 readable by 3, key, nothing new, nothing tried, 1024 buckets, no asmap, checksum.
    assert_eq!(file[..6], [0xfb, 0xc0, 0xb6, 0xdb, 3, 35]);
    assert_eq!(hex::encode(&file[38..50]), "000000000000000000040040");
    assert_eq!(file.len(), 4 + 2 + 32 + 12 + 1024 * 4 + 32 + 32);
    assert!(AddrMan::decode(&file.into(), MAGIC, [0; 32]).unwrap().is_empty());
}

#[test]
fn old_formats_are_read() {
    // One new and one tried entry as the formats before BIP155 have them.
    let entry = |address: &str, success: i64| {
        let mut out = 210_300u32.to_le_bytes().to_vec();
        out.extend(u32::try_from(NOW).unwrap().to_le_bytes());
        out.extend(9u64.to_le_bytes());
        out.extend(ip(address).to_legacy().unwrap());
        out.extend(9333u16.to_be_bytes());
        out.extend(ip("252.2.2.2").to_legacy().unwrap());
        out.extend(success.to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out
    };
    for format in 0..=2u8 {
        let mut data = vec![format, 32];
        data.extend([5; 32]);
        data.extend([1u32, 1].map(u32::to_le_bytes).concat());
        let mark = if format == 0 { 0 } else { 1 << 30 };
        data.extend((1024u32 ^ mark).to_le_bytes());
        data.extend(entry("250.1.1.1", 0));
        data.extend(entry("250.1.1.2", NOW));
        data.extend([1u32, 0].map(u32::to_le_bytes).concat());
        data.extend([0; 4 * 1023]);
        if format == 2 {
            data.extend([0; 32]);
        }
        let book = AddrMan::decode(&data_file::seal(MAGIC, &data).into(), MAGIC, [0; 32]).unwrap();
        check(&book);
        assert_eq!(book.counts(), (1, 1), "format {format}");
        let info = book.find(&ip("250.1.1.2")).unwrap();
        assert!(info.is_tried());
        assert_eq!((info.last_success, info.attempts, info.address.services), (NOW, 1, ServiceFlags(9)));
        let place = book.new.get(0, book.find(&ip("250.1.1.1")).unwrap().position(&book.key, true, 0));
        assert_eq!(place.is_some(), format == 2, "older formats are put into buckets anew");
    }
}

#[test]
fn damaged_files_are_refused() {
    let mut book = book();
    add(&mut book, service("250.1.1.1", 8333), "252.2.2.2");
    let file = book.encode(MAGIC);
    let read = |file: &[u8]| AddrMan::decode(&Bytes::copy_from_slice(file), MAGIC, [0; 32]).map(|book| book.len());
    assert_eq!(read(&file), Ok(1));
    let mut broken = file.clone();
    broken[55] ^= 1;
    assert_eq!(read(&broken), Err(DataFileError::BadChecksum));
    assert_eq!(AddrMan::decode(&file.clone().into(), [0; 4], [0; 32]).err(), Some(DataFileError::WrongMagic));
    assert!(matches!(read(&file[..file.len() - 1]), Err(DataFileError::Decode(_))));
    let mut later = file.clone();
    later[5] = 36;
    assert_eq!(read(&later), Err(DataFileError::UnsupportedFormat { format: 3, lowest_compatible: 4 }));
    for at in [38, 42] {
        let mut huge = file.clone();
        huge[at..at + 4].fill(0xff);
        assert!(matches!(read(&huge), Err(DataFileError::TooMany(_))));
    }
}

#[derive(Debug, Clone)]
enum Act {
    Add { addr: [u8; 3], source: u8, age: u32 },
    Good([u8; 3]),
    Attempt([u8; 3]),
    Resolve,
    Wait(u32),
    Tell,
}

/// Few addresses in few groups, so that they meet.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let addr = (0u8..3, 0u8..4, 0u8..40).prop_map(|(a, b, c)| [a, b, c]);
    let act = prop_oneof![
        8 => (addr.clone(), 0u8..6, 0u32..100_000).prop_map(|(addr, source, age)| Act::Add { addr, source, age }),
        6 => addr.clone().prop_map(Act::Good),
        2 => addr.prop_map(Act::Attempt),
        1 => Just(Act::Resolve),
        1 => (0u32..20_000).prop_map(Act::Wait),
        1 => Just(Act::Tell),
    ];
    proptest::collection::vec(act, 0..250)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_stay_sound_and_survive_the_file(acts in acts(), seed: [u8; 32]) {
        let mut book = AddrMan::new(seed);
        let mut now = NOW;
        let at = |[a, b, c]: [u8; 3]| NetService { addr: NetAddr::Ipv4([200 + a, b, 1, c]), port: 9333 };
        for act in acts {
            match act {
                Act::Add { addr, source, age } => {
                    book.add(&[told(at(addr), now - i64::from(age))], &NetAddr::Ipv4([100, source, 1, 1]), 7200, now);
                }
                Act::Good(addr) => book.good(&at(addr), now),
                Act::Attempt(addr) => book.attempt(&at(addr), true, now),
                Act::Resolve => book.resolve_collisions(now),
                Act::Wait(time) => now += i64::from(time),
                Act::Tell => {
                    let told = book.get_addr(1000, 23, now);
                    prop_assert!(told.len() <= book.len() * 23 / 100);
                }
            }
            check(&book);
            prop_assert_eq!(book.select(false, now).is_some(), !book.is_empty());
            if let Some(info) = book.select_tried_collision() {
                prop_assert!(info.is_tried());
            }
        }
        let file = Bytes::from(book.encode(MAGIC));
        let read = AddrMan::decode(&file, MAGIC, seed).unwrap();
        check(&read);
        prop_assert_eq!(shape(&read), shape(&book));
        // An address keeps one of its places; from then on the file says the same.
        let again = AddrMan::decode(&read.encode(MAGIC).into(), MAGIC, seed).unwrap();
        prop_assert_eq!(again.encode(MAGIC), read.encode(MAGIC));
    }

    #[test]
    fn any_bytes_are_read_or_refused(mut data in proptest::collection::vec(any::<u8>(), 0..600), counts: (u8, u8)) {
        // Past the header in most cases.
        if data.len() > 46 {
            data[..2].copy_from_slice(&[3, 35]);
            data[34..46].copy_from_slice(&[counts.0 % 4, 0, 0, 0, counts.1 % 4, 0, 0, 0, 0, 4, 0, 64]);
        }
        if let Ok(book) = AddrMan::decode(&data_file::seal(MAGIC, &data).into(), MAGIC, [1; 32]) {
            check(&book);
        }
    }
}
