use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;
const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];

fn bans() -> BanList {
    BanList::new(DEFAULT_MISBEHAVING_BANTIME, (1, 2))
}

fn subnet(text: &str) -> SubNet {
    text.parse().unwrap()
}

fn addr(text: &str) -> NetAddr {
    text.parse().unwrap()
}

#[test]
fn bans_last_as_long_as_told() {
    let mut bans = bans();
    assert!(bans.ban(subnet("127.0.0.0/24"), 0, true, NOW));
    assert!(bans.ban(subnet("1.2.3.4"), 1000, false, NOW));
    assert!(bans.ban(subnet("5.6.7.8"), NOW + 5, true, NOW));
    assert!(bans.is_dirty());
    let until =
        |bans: &BanList, now| bans.list(now).iter().map(|(s, b)| (s.to_string(), b.until - NOW)).collect::<Vec<_>>();
    let entry = |text: &str, until| (text.to_owned(), until);
    assert_eq!(
        until(&bans, NOW),
        [entry("1.2.3.4/32", 1000), entry("5.6.7.8/32", 5), entry("127.0.0.0/24", 86_400)],
        "in the order of the addresses"
    );
    assert!(!bans.ban(subnet("1.2.3.4"), 999, false, NOW), "never shorter");
    assert!(bans.is_banned(&addr("5.6.7.8"), NOW + 4) && !bans.is_banned(&addr("5.6.7.8"), NOW + 5));
    assert!(bans.is_banned(&addr("127.0.0.77"), NOW) && !bans.is_banned(&addr("127.0.1.1"), NOW));
    assert!(bans.is_banned_range(&subnet("127.0.0.0/24"), NOW) && !bans.is_banned_range(&subnet("127.0.0.0/25"), NOW));
    bans.sweep(NOW + 6);
    assert_eq!(until(&bans, NOW + 6).len(), 2);
    assert!(!bans.unban(&subnet("127.0.0.1")) && bans.unban(&subnet("127.0.0.0/24")));
    bans.clear();
    assert!(bans.list(NOW).is_empty());
    // The largest times do not overflow.
    assert!(bans.ban(subnet("1.2.3.4"), i64::MAX, false, NOW));
    assert!(bans.is_banned(&addr("1.2.3.4"), i64::MAX - 1));
}

#[test]
fn discouraged_addresses_are_remembered_for_a_while() {
    let mut bans = bans();
    let at = |n: u32| NetAddr::Ipv4(n.to_be_bytes());
    for n in 0..50_000 {
        bans.discourage(&at(n));
    }
    assert!((0..50_000).all(|n| bans.is_discouraged(&at(n))));
    assert!(!bans.is_banned(&at(0x0102_0304), NOW), "which is no ban");
    assert!(!(60_000..70_000).any(|n| bans.is_discouraged(&at(n))));
}

#[test]
fn the_file() {
    let mut bans = bans();
    bans.ban(subnet("1.2.3.0/24"), 1000, false, NOW);
    bans.ban(subnet("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"), 1000, false, NOW);
    let file = Bytes::from(bans.encode(MAGIC));
    let expected = format!(
        "fbc0b6db01{}{}ffffff0001{}{}{}02",
        "00000000000000000000ffff01020300",
        "00".repeat(12),
        "01000000",
        hex::encode(NOW.to_le_bytes()),
        hex::encode((NOW + 1000).to_le_bytes()),
    );
    assert_eq!(hex::encode(&file[..file.len() - 32]), expected, "without what the form cannot hold");

    let mut read = BanList::new(1, (0, 0));
    read.load(&file, MAGIC, NOW).unwrap();
    assert!(!read.is_dirty());
    assert_eq!(read.list(NOW), [(subnet("1.2.3.0/24"), BanEntry { created: NOW, until: NOW + 1000 })]);
    read.load(&file, MAGIC, NOW + 1001).unwrap();
    assert!(read.list(0).is_empty() && read.is_dirty(), "swept");
    let mut broken = file.to_vec();
    broken[30] ^= 1;
    assert_eq!(read.load(&broken.into(), MAGIC, NOW), Err(DataFileError::BadChecksum));
    assert_eq!(read.load(&file, [0; 4], NOW), Err(DataFileError::WrongMagic));
}

proptest! {
    #[test]
    fn every_list_survives_the_file(ranges in proptest::collection::vec((any::<[u8; 16]>(), any::<bool>(), 0u8..=32, 1i64..1000), 0..20)) {
        let mut bans = bans();
        for (bytes, v4, bits, time) in ranges {
            let addr = if v4 { NetAddr::Ipv4(*bytes.first_chunk().unwrap()) } else { NetAddr::from_legacy(bytes) };
            let Some(subnet) = SubNet::with_prefix(addr, bits) else { continue };
            // A range of IPv6 that begins like the hidden forms of other networks is not what it was when it is read.
            if subnet.network().to_legacy().map(NetAddr::from_legacy) == Some(*subnet.network()) {
                bans.ban(subnet, time, false, NOW);
            }
        }
        let mut read = BanList::new(1, (0, 0));
        read.load(&bans.encode(MAGIC).into(), MAGIC, NOW).unwrap();
        prop_assert_eq!(read.list(NOW), bans.list(NOW));
    }

    #[test]
    fn any_bytes_are_read_or_refused(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = bans().load(&data_file::seal(MAGIC, &data).into(), MAGIC, NOW);
    }
}
