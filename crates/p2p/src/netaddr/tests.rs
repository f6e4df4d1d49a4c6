//! Facts of v0.21.5.5 src/test/netbase_tests.cpp and src/test/net_tests.cpp.

use litecast_primitives::codec::Reader;
use proptest::prelude::*;

use super::*;

fn addr(text: &str) -> NetAddr {
    text.parse().unwrap()
}

#[test]
fn groups() {
    for (text, group) in [
        ("127.0.0.1", vec![0]),
        ("10.0.0.1", vec![0]),
        ("169.254.1.1", vec![0]),
        ("1.2.3.4", vec![1, 1, 2]),
        ("::ffff:0:102:304", vec![1, 1, 2]),
        ("64:ff9b::102:304", vec![1, 1, 2]),
        ("2002:102:304:9999:9999:9999:9999:9999", vec![1, 1, 2]),
        ("2001:0:9999:9999:9999:9999:fefd:fcfb", vec![1, 1, 2]),
        ("fd87:d87e:eb43:edb1:8e4:3588:e546:35ca", vec![3, 239]),
        ("2001:470:abcd:9999:9999:9999:9999:9999", vec![2, 32, 1, 4, 112, 175]),
        ("2001:2001:9999:9999:9999:9999:9999:9999", vec![2, 32, 1, 32, 1]),
    ] {
        assert_eq!(addr(text).group(), group, "{text}");
    }
    let internal = NetAddr::internal("baz.net").unwrap();
    assert_eq!(internal.group(), [6, 0x12, 0x92, 0x94, 0x00, 0xeb, 0x46, 0x07, 0xc4, 0xac, 0x07]);
}

#[test]
fn what_is_routable() {
    for text in [
        "0.0.0.0",
        "255.255.255.255",
        "10.1.2.3",
        "192.168.1.1",
        "172.31.1.1",
        "198.18.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "127.0.0.1",
        "0.1.2.3",
        "::",
        "::1",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
        "2001:10::1",
        "2001:20::1",
    ] {
        assert!(!addr(text).is_routable(), "{text}");
    }
    for text in ["1.2.3.4", "172.32.1.1", "100.128.0.1", "2001::1", "2001:470::1", "6hzph5hv6337r6p2.onion"] {
        assert!(addr(text).is_routable(), "{text}");
    }
    assert!(!NetAddr::internal("x").unwrap().is_valid());
}

#[test]
fn texts() {
    for text in [
        "12.34.56.78",
        "1122:3344:5566:7788:9900:aabb:ccdd:eeff",
        "6hzph5hv6337r6p2.onion",
        "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
    ] {
        assert_eq!(addr(text).to_string(), text);
    }
    assert_eq!(NetAddr::internal("esffpp").unwrap().to_string(), "esffpvrt3wpeaygy.internal");
    for text in [
        // Wrong checksum, wrong version, more behind a zero, wrong length, no base32.
        "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscsad.onion",
        "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscrye.onion",
        "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd\0wtf.onion",
        "mfrggzak.onion",
        "mf*g zak.onion",
        ".onion",
        "totally bogus",
        "localhost",
    ] {
        assert_eq!(text.parse::<NetAddr>(), Err(BadAddress), "{text}");
    }
    let service = NetService { addr: addr("[1122::1]"), port: 9333 };
    assert_eq!(service.to_string(), "[1122::1]:9333");
}

fn encode(addr: NetAddr, format: AddressFormat) -> String {
    let mut out = Vec::new();
    addr.encode(format, &mut out);
    hex::encode(out)
}

#[test]
fn bytes_on_the_wire() {
    let torv3 = addr("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion");
    for (addr, legacy, v2) in [
        (NetAddr::UNSPECIFIED, "00000000000000000000000000000000", "021000000000000000000000000000000000"),
        (addr("1.2.3.4"), "00000000000000000000ffff01020304", "010401020304"),
        (
            addr("1a1b:2a2b:3a3b:4a4b:5a5b:6a6b:7a7b:8a8b"),
            "1a1b2a2b3a3b4a4b5a5b6a6b7a7b8a8b",
            "02101a1b2a2b3a3b4a4b5a5b6a6b7a7b8a8b",
        ),
        (addr("6hzph5hv6337r6p2.onion"), "fd87d87eeb43f1f2f3f4f5f6f7f8f9fa", "030af1f2f3f4f5f6f7f8f9fa"),
        (
            torv3,
            "00000000000000000000000000000000",
            "042079bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f",
        ),
        (NetAddr::internal("a").unwrap(), "fd6ce9fe4549ca978112ca1bbdcafac2", "0210fd6ce9fe4549ca978112ca1bbdcafac2"),
    ] {
        assert_eq!(encode(addr, AddressFormat::Legacy), legacy, "{addr}");
        assert_eq!(encode(addr, AddressFormat::V2), v2, "{addr}");
        let read = |hex: &str, format| NetAddr::decode(&mut Reader::new(hex::decode(hex).unwrap().into()), format);
        assert_eq!(read(v2, AddressFormat::V2), Ok(addr));
        if addr != torv3 {
            assert_eq!(read(legacy, AddressFormat::Legacy), Ok(addr));
        }
    }
}

#[test]
fn odd_addresses_of_bip155() {
    let read = |hex: &str| {
        let r = &mut Reader::new(hex::decode(hex).unwrap().into());
        NetAddr::decode(r, AddressFormat::V2).map(|addr| (addr, r.remaining()))
    };
    // Wrong lengths, cut off, longer than 512 bytes.
    for hex in [
        "010501020304",
        "01040102",
        "02041a1b2a2b",
        "030b0102030405060708090a0b",
        "0501aa",
        "0601aa",
        "01fd0102",
        "aafdff1f00",
    ] {
        assert!(read(hex).is_err(), "{hex}");
    }
    // IPv4 and Tor in IPv6, and networks of the future, with and without bytes: not valid, and read to the end.
    for hex in ["021000000000000000000000ffff01020304", "0210fd87d87eeb430102030405060708090a", "aa0401020304", "aa00"]
    {
        assert_eq!(read(hex), Ok((NetAddr::UNSPECIFIED, 0)), "{hex}");
    }
    assert!(matches!(read(&format!("0520{}", "ab".repeat(32))), Ok((NetAddr::I2p(_), 0))));
    assert!(matches!(read(&format!("0610{}", "fc".repeat(16))), Ok((NetAddr::Cjdns(_), 0))));
}

#[test]
fn subnets() {
    let subnet = |text: &str| text.parse::<SubNet>();
    for (range, inside, expected) in [
        ("1.2.2.1/24", "1.2.2.4", true),
        ("1.2.2.110/31", "1.2.2.111", true),
        ("1.2.2.110/31", "1.2.2.112", false),
        ("1.2.2.20/26", "1.2.2.63", true),
        ("1.2.3.0/255.255.255.0", "1.2.3.200", true),
        ("::/0", "1:2:3:4:5:6:7:1234", true),
        ("::/0", "::", false),
        ("::/0", "1.2.3.4", false),
        ("0.0.0.0/0", "1.2.3.4", true),
        ("1:2:3:4:5:6:7:0/112", "1:2:3:4:5:6:7:1234", true),
        ("6hzph5hv6337r6p2.onion", "6hzph5hv6337r6p2.onion", true),
        ("6hzph5hv6337r6p2.onion", "1.2.3.4", false),
    ] {
        assert_eq!(subnet(range).unwrap().contains(&addr(inside)), expected, "{range} {inside}");
    }
    for text in [
        "1.2.3.0/-1",
        "1.2.3.0/33",
        "1.2.3.0/255.255.232.0",
        "1.2.3.0/255.0.255.255",
        "::/129",
        "fuzzy",
        "::",
        "1.2.3.0/ffff::",
        "6hzph5hv6337r6p2.onion/8",
    ] {
        assert_eq!(subnet(text), Err(BadAddress), "{text}");
    }
    for (text, shown) in [
        ("1.2.3.4/255.255.255.255", "1.2.3.4/32"),
        ("1.2.3.4/255.255.128.0", "1.2.0.0/17"),
        ("1.2.3.4/0.0.0.0", "0.0.0.0/0"),
        ("1:2:3:4:5:6:7:8/ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", "1:2:3:4:5:6:7:0/124"),
        ("1.2.3.4", "1.2.3.4/32"),
        ("6hzph5hv6337r6p2.onion", "6hzph5hv6337r6p2.onion"),
    ] {
        assert_eq!(subnet(text).unwrap().to_string(), shown);
    }
}

proptest! {
    #[test]
    fn every_address_survives_the_wire(kind in 0u8..7, bytes: [u8; 32], port: u16, time: u32, services: u64) {
        let first = *bytes.first_chunk::<16>().unwrap();
        let addr = match kind {
            0 => NetAddr::Ipv4(*bytes.first_chunk().unwrap()),
            1 => NetAddr::from_legacy(first),
            2 => NetAddr::TorV2(*bytes.first_chunk().unwrap()),
            3 => NetAddr::TorV3(bytes),
            4 => NetAddr::I2p(bytes),
            5 => NetAddr::Cjdns(first),
            _ => NetAddr::Internal(*bytes.first_chunk().unwrap()),
        };
        let address = PeerAddress { service: NetService { addr, port }, services: ServiceFlags(services), time };
        for format in [AddressFormat::Legacy, AddressFormat::V2] {
            let mut out = Vec::new();
            address.encode(format, &mut out);
            let read = PeerAddress::decode(&mut Reader::new(out.into()), format).unwrap();
            if format == AddressFormat::V2 || addr.to_legacy().is_some() {
                prop_assert_eq!(read, address);
            } else {
                prop_assert_eq!(read.service.addr, NetAddr::UNSPECIFIED);
            }
        }
        if matches!(addr, NetAddr::TorV2(_) | NetAddr::TorV3(_) | NetAddr::Ipv4(_)) {
            prop_assert_eq!(addr.to_string().parse(), Ok(addr));
        }
        addr.group();
    }

    #[test]
    fn a_prefix_holds_its_addresses(bytes: [u8; 4], bits in 0u8..=32, other: u32) {
        let subnet = SubNet::with_prefix(NetAddr::Ipv4(bytes), bits).unwrap();
        let (base, mask) = (u32::from_be_bytes(bytes), u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0));
        let inside = NetAddr::Ipv4(((base & mask) | (other & !mask)).to_be_bytes());
        prop_assert!(subnet.contains(&inside) || !inside.is_valid());
        let other_addr = NetAddr::Ipv4(other.to_be_bytes());
        prop_assert_eq!(subnet.contains(&other_addr), other & mask == base & mask && other_addr.is_valid());
        prop_assert_eq!(subnet.to_string().parse(), Ok(subnet));
    }
}

// v0.21.5.5 src/test/netbase_tests.cpp, netbase_networks and netbase_properties.
#[test]
fn network_classes() {
    for (text, name) in [
        ("127.0.0.1", "unroutable"),
        ("::1", "unroutable"),
        ("8.8.8.8", "ipv4"),
        ("::ffff:8.8.8.8", "ipv4"),
        ("2001::8888", "ipv4"),
        ("10.0.0.1", "unroutable"),
        ("192.168.1.1", "unroutable"),
        ("172.31.255.255", "unroutable"),
        ("172.32.0.1", "ipv4"),
        ("2001:0db8::", "unroutable"),
        ("198.18.0.0", "unroutable"),
        ("198.19.255.255", "unroutable"),
        ("169.254.1.1", "unroutable"),
        ("2002::1", "ipv4"),
        ("fc00::", "unroutable"),
        ("2001::2", "ipv4"),
        ("2001:0010::", "unroutable"),
        ("2001:20::", "unroutable"),
        ("fe80::", "unroutable"),
        ("64:ff9b::102:304", "ipv4"),
        ("2001:4860:4860::8888", "ipv6"),
        ("6hzph5hv6337r6p2.onion", "onion"),
    ] {
        assert_eq!(addr(text).net_class().name(), name, "{text}");
    }
}

#[test]
fn services_as_text() {
    for text in ["1.2.3.4:5", "[2001::1]:9333", "6hzph5hv6337r6p2.onion:19444"] {
        assert_eq!(text.parse::<NetService>().unwrap().to_string(), text);
    }
    for text in ["1.2.3.4", "2001::1:9333", "1.2.3.4:", "1.2.3.4:65536", "host:1", ":1", ""] {
        assert!(text.parse::<NetService>().is_err(), "{text}");
    }
}
