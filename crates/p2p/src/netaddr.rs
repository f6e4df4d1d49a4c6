//! Network addresses: IPv4, IPv6, Tor, I2P, CJDNS, and names that were hashed ("internal").
//!
//! Owns what an address is worth: whether it is valid, routable, and which *group* it belongs to, so that somebody with
//! many addresses in one place counts once (v0.21.5.5 src/netaddress.cpp). Refuses names and DNS. Addresses are bytes in
//! network order, ports numbers.

mod sha3;
mod subnet;
mod text;
mod wire;

use std::net::{IpAddr, SocketAddr};

use litecast_primitives::hash::{sha256, sha256d};

use crate::services::ServiceFlags;

pub use subnet::SubNet;
pub use text::BadAddress;
pub(crate) use wire::AddressFormat;

const IPV4_IN_IPV6: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const TORV2_IN_IPV6: [u8; 6] = [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43];
/// 0xfd and the first bytes of sha256("litecoin").
const INTERNAL_IN_IPV6: [u8; 6] = [0xfd, 0x6c, 0xe9, 0xfe, 0x45, 0x49];

/// Time of an address of which no time is known (v0.21.5.5 src/protocol.h, TIME_INIT).
pub const TIME_INIT: u32 = 100_000_000;

/// Which network an address belongs to; the numbers go into group hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// Not reachable by strangers, whatever the address family.
    Unroutable = 0,
    /// IPv4.
    Ipv4 = 1,
    /// IPv6.
    Ipv6 = 2,
    /// Tor, both versions.
    Onion = 3,
    /// I2P.
    I2p = 4,
    /// CJDNS.
    Cjdns = 5,
    /// A hashed name.
    Internal = 6,
}

impl Network {
    /// The name in `getpeerinfo` and `-onlynet`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unroutable => "unroutable",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Onion => "onion",
            Self::I2p => "i2p",
            Self::Cjdns => "cjdns",
            Self::Internal => "internal",
        }
    }
}

/// A network address. The order is the reference's: by network, then by length, then by bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetAddr {
    /// IPv4.
    Ipv4([u8; 4]),
    /// IPv6.
    Ipv6([u8; 16]),
    /// Tor, version 2.
    TorV2([u8; 10]),
    /// Tor, version 3: the public key.
    TorV3([u8; 32]),
    /// I2P.
    I2p([u8; 32]),
    /// CJDNS.
    Cjdns([u8; 16]),
    /// The hash of a name: remembers which DNS seed an address came from.
    Internal([u8; 10]),
}

impl NetAddr {
    /// `::`, which is not valid.
    pub const UNSPECIFIED: Self = Self::Ipv6([0; 16]);

    /// From the 16 bytes of old messages and files, where IPv4, Tor v2 and hashed names hide in IPv6.
    pub fn from_legacy(bytes: [u8; 16]) -> Self {
        if bytes.starts_with(&IPV4_IN_IPV6) {
            Self::Ipv4(tail(&bytes))
        } else if bytes.starts_with(&TORV2_IN_IPV6) {
            Self::TorV2(tail(&bytes))
        } else if bytes.starts_with(&INTERNAL_IN_IPV6) {
            Self::Internal(tail(&bytes))
        } else {
            Self::Ipv6(bytes)
        }
    }

    /// The 16 bytes of old messages and files; `None` for what came later.
    pub fn to_legacy(&self) -> Option<[u8; 16]> {
        let (prefix, bytes): (&[u8], &[u8]) = match self {
            Self::Ipv6(bytes) => return Some(*bytes),
            Self::Ipv4(bytes) => (&IPV4_IN_IPV6, bytes),
            Self::TorV2(bytes) => (&TORV2_IN_IPV6, bytes),
            Self::Internal(bytes) => (&INTERNAL_IN_IPV6, bytes),
            Self::TorV3(_) | Self::I2p(_) | Self::Cjdns(_) => return None,
        };
        let mut out = [0; 16];
        out[..prefix.len()].copy_from_slice(prefix);
        out[prefix.len()..].copy_from_slice(bytes);
        Some(out)
    }

    /// Stands for a name; `None` for the empty one.
    pub fn internal(name: &str) -> Option<Self> {
        let hash = sha256(name.as_bytes());
        (!name.is_empty()).then(|| Self::Internal(*hash.first_chunk().expect("because a hash has 32 bytes")))
    }

    /// As an IP address, if it is one.
    pub fn to_ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ipv4(bytes) => Some(IpAddr::from(*bytes)),
            Self::Ipv6(bytes) => Some(IpAddr::from(*bytes)),
            _ => None,
        }
    }

    /// Its own bytes, without what says of which network they are.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ipv4(bytes) => bytes,
            Self::Ipv6(bytes) | Self::Cjdns(bytes) => bytes,
            Self::TorV2(bytes) | Self::Internal(bytes) => bytes,
            Self::TorV3(bytes) | Self::I2p(bytes) => bytes,
        }
    }

    /// The bytes that identify it in hashes and filters (GetAddrBytes).
    pub fn key(&self) -> Vec<u8> {
        self.to_legacy().map_or_else(|| self.bytes().to_vec(), |legacy| legacy.to_vec())
    }

    /// 64 bits of a hash (GetHash).
    pub(crate) fn hash64(&self) -> u64 {
        let hash = sha256d(self.bytes());
        u64::from_le_bytes(*hash.first_chunk().expect("because a hash has 32 bytes"))
    }

    fn v6_starts(&self, prefix: &[u8]) -> bool {
        matches!(self, Self::Ipv6(bytes) if bytes.starts_with(prefix))
    }

    /// Whether it could be somebody's address at all.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Ipv4(bytes) => *bytes != [0; 4] && *bytes != [255; 4],
            // Unspecified, or for documentation (RFC 3849).
            Self::Ipv6(bytes) => *bytes != [0; 16] && !bytes.starts_with(&[0x20, 0x01, 0x0d, 0xb8]),
            Self::Internal(_) => false,
            Self::TorV2(_) | Self::TorV3(_) | Self::I2p(_) | Self::Cjdns(_) => true,
        }
    }

    /// 127.0.0.0/8, 0.0.0.0/8 and ::1.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Ipv4([a, ..]) => *a == 127 || *a == 0,
            Self::Ipv6(bytes) => u128::from_be_bytes(*bytes) == 1,
            _ => false,
        }
    }

    /// Whether strangers can reach it.
    pub fn is_routable(&self) -> bool {
        let reserved = match self {
            Self::Ipv4([a, b, c, _]) => matches!(
                (*a, *b, *c),
                (10, ..) | (192, 168, _) | (172, 16..=31, _) // RFC 1918
                | (198, 18 | 19, _) // RFC 2544
                | (169, 254, _) // RFC 3927
                | (100, 64..=127, _) // RFC 6598
                | (192, 0, 2) | (198, 51, 100) | (203, 0, 113) // RFC 5737
            ),
            Self::Ipv6(bytes) => {
                bytes.starts_with(&[0xfe, 0x80, 0, 0, 0, 0, 0, 0]) // RFC 4862
                    || bytes[0] & 0xfe == 0xfc // RFC 4193
                    // RFC 4843 and RFC 7343
                    || (bytes.starts_with(&[0x20, 0x01, 0x00]) && matches!(bytes[3] & 0xf0, 0x10 | 0x20))
            }
            _ => false,
        };
        self.is_valid() && !reserved && !self.is_local()
    }

    /// Worth telling to others even if this node cannot reach it.
    pub fn is_relayable(&self) -> bool {
        matches!(self, Self::Ipv4(_) | Self::Ipv6(_) | Self::TorV2(_) | Self::TorV3(_))
    }

    /// The network that it belongs to (GetNetwork).
    pub fn network(&self) -> Network {
        match self {
            Self::Internal(_) => Network::Internal,
            _ if !self.is_routable() => Network::Unroutable,
            Self::Ipv4(_) => Network::Ipv4,
            Self::Ipv6(_) => Network::Ipv6,
            Self::TorV2(_) | Self::TorV3(_) => Network::Onion,
            Self::I2p(_) => Network::I2p,
            Self::Cjdns(_) => Network::Cjdns,
        }
    }

    /// The network that is told to the operator: IPv6 that leads to IPv4 counts as that (GetNetClass).
    pub fn net_class(&self) -> Network {
        match self.network() {
            Network::Ipv6 if self.linked_ipv4().is_some() => Network::Ipv4,
            network => network,
        }
    }

    /// Teredo (RFC 4380).
    pub(crate) fn is_teredo(&self) -> bool {
        self.v6_starts(&[0x20, 0x01, 0, 0])
    }

    /// IPv6 that tunnels to IPv4: 6to4 (RFC 3964) and the translations (RFC 6052, RFC 6145).
    pub(crate) fn is_tunnel(&self) -> bool {
        self.v6_starts(&[0x20, 0x02]) || self.is_translated()
    }

    fn is_translated(&self) -> bool {
        self.v6_starts(&[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
            || self.v6_starts(&[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0])
    }

    /// The IPv4 address that it is, or leads to.
    fn linked_ipv4(&self) -> Option<[u8; 4]> {
        if !self.is_routable() {
            return None;
        }
        match self {
            Self::Ipv4(bytes) => Some(*bytes),
            Self::Ipv6(bytes) if self.is_translated() => Some(tail(bytes)),
            Self::Ipv6(bytes) if bytes.starts_with(&[0x20, 0x02]) => Some([bytes[2], bytes[3], bytes[4], bytes[5]]),
            Self::Ipv6(bytes) if self.is_teredo() => Some(tail::<4>(bytes).map(|byte| !byte)),
            _ => None,
        }
    }

    /// The group (GetGroup without asmap): it should be costly to have addresses in many of them.
    pub fn group(&self) -> Vec<u8> {
        if let Some([a, b, ..]) = self.linked_ipv4() {
            return vec![Network::Ipv4 as u8, a, b];
        }
        let mut group = vec![self.network() as u8];
        let bits = match self {
            Self::Internal(bytes) => bytes.len() * 8,
            _ if !self.is_routable() => 0,
            Self::TorV2(_) | Self::TorV3(_) | Self::I2p(_) | Self::Cjdns(_) => 4,
            // he.net gives everybody a /48.
            _ if self.v6_starts(&[0x20, 0x01, 0x04, 0x70]) => 36,
            _ => 32,
        };
        let bytes = self.bytes();
        group.extend_from_slice(&bytes[..bits / 8]);
        if bits % 8 > 0 {
            group.push(bytes[bits / 8] | (0xff >> (bits % 8)));
        }
        group
    }
}

impl From<IpAddr> for NetAddr {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::Ipv4(v4.octets()),
            IpAddr::V6(v6) => Self::from_legacy(v6.octets()),
        }
    }
}

/// The last bytes of 16.
fn tail<const N: usize>(bytes: &[u8; 16]) -> [u8; N] {
    *bytes.last_chunk().expect("because no part is longer than the whole")
}

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetService {
    /// Where.
    pub addr: NetAddr,
    /// Port.
    pub port: u16,
}

impl NetService {
    /// Nobody knows where: `[::]:0`.
    pub const UNSPECIFIED: Self = Self { addr: NetAddr::UNSPECIFIED, port: 0 };

    /// The bytes that identify it in hashes and filters (GetKey).
    pub fn key(&self) -> Vec<u8> {
        let mut key = self.addr.key();
        key.extend(self.port.to_be_bytes());
        key
    }

    /// As a socket address, if it is on an IP network.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.addr.to_ip()?, self.port))
    }
}

impl From<SocketAddr> for NetService {
    fn from(addr: SocketAddr) -> Self {
        Self { addr: addr.ip().into(), port: addr.port() }
    }
}

/// What is told about a node (CAddress).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress {
    /// Where it is.
    pub service: NetService,
    /// What it offers.
    pub services: ServiceFlags,
    /// When it was last seen, Unix seconds.
    pub time: u32,
}

#[cfg(test)]
mod tests;
