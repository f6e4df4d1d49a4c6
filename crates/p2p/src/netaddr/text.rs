//! Addresses as text: numbers, `.onion`, `.b32.i2p`, `.internal`. Never a name that would have to be resolved.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use super::{NetAddr, NetService, sha3::sha3_256};

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const ONION_VERSION: u8 = 3;

/// A text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Error: Invalid IP/Subnet")]
pub struct BadAddress;

impl fmt::Display for NetAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4([a, b, c, d]) => write!(f, "{a}.{b}.{c}.{d}"),
            Self::Ipv6(bytes) => fmt::Display::fmt(&Ipv6Addr::from(*bytes), f),
            Self::TorV2(bytes) => write!(f, "{}.onion", encode_base32(bytes)),
            Self::TorV3(key) => {
                let mut whole = key.to_vec();
                whole.extend(onion_checksum(key));
                whole.push(ONION_VERSION);
                write!(f, "{}.onion", encode_base32(&whole))
            }
            Self::I2p(bytes) => write!(f, "{}.b32.i2p", encode_base32(bytes)),
            Self::Cjdns(bytes) => {
                let groups: Vec<String> = Ipv6Addr::from(*bytes).segments().iter().map(|g| format!("{g:x}")).collect();
                f.write_str(&groups.join(":"))
            }
            Self::Internal(bytes) => write!(f, "{}.internal", encode_base32(bytes)),
        }
    }
}

impl fmt::Display for NetService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            NetAddr::Ipv6(_) | NetAddr::Cjdns(_) => write!(f, "[{}]:{}", self.addr, self.port),
            _ => write!(f, "{}:{}", self.addr, self.port),
        }
    }
}

/// IP addresses, IPv6 also in brackets, and onion addresses.
impl FromStr for NetAddr {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if let Some(name) = text.strip_suffix(".onion") {
            return parse_onion(name).ok_or(BadAddress);
        }
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        inner.parse::<std::net::IpAddr>().map(Self::from).map_err(|_| BadAddress)
    }
}

/// An address as above, a colon and a port; IPv6 in brackets.
impl FromStr for NetService {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (addr, port) = text.rsplit_once(':').ok_or(BadAddress)?;
        if addr.contains(':') && !addr.starts_with('[') {
            return Err(BadAddress);
        }
        Ok(Self { addr: addr.parse()?, port: port.parse().map_err(|_| BadAddress)? })
    }
}

fn parse_onion(name: &str) -> Option<NetAddr> {
    let bytes = decode_base32(name)?;
    if let Ok(v2) = <[u8; 10]>::try_from(&bytes[..]) {
        return Some(NetAddr::TorV2(v2));
    }
    let (key, rest) = bytes.split_first_chunk::<32>()?;
    let [a, b] = onion_checksum(key);
    (rest == [a, b, ONION_VERSION]).then_some(NetAddr::TorV3(*key))
}

fn onion_checksum(key: &[u8; 32]) -> [u8; 2] {
    let mut text = b".onion checksum".to_vec();
    text.extend_from_slice(key);
    text.push(ONION_VERSION);
    let hash = sha3_256(&text);
    [hash[0], hash[1]]
}

/// Lower case, without padding.
fn encode_base32(bytes: &[u8]) -> String {
    let bits = bytes.len() * 8;
    let bit = |n: usize| bytes.get(n / 8).map_or(0, |byte| byte >> (7 - n % 8) & 1);
    (0..bits.div_ceil(5))
        .map(|digit| (0..5).fold(0u8, |value, i| value << 1 | bit(digit * 5 + i)))
        .map(|value| char::from(BASE32[usize::from(value)]))
        .collect()
}

/// Both cases; whole bytes only, which is what onion addresses are.
fn decode_base32(text: &str) -> Option<Vec<u8>> {
    if text.len() > 64 || !(text.len() * 5).is_multiple_of(8) {
        return None;
    }
    let mut out = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let digit = BASE32.iter().position(|&b| b == byte.to_ascii_lowercase())?;
        held = held << 5 | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(out)
}
