//! A range of addresses, or a single one of the networks that have no ranges (v0.21.5.5 src/netaddress.cpp, CSubNet).

use std::{fmt, str::FromStr};

use litecast_primitives::codec::{DecodeError, Reader};

use super::{NetAddr, text::BadAddress, wire::AddressFormat};

/// Network and mask; the network has no bits outside of the mask. Ordered as in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubNet {
    network: NetAddr,
    /// From the first byte on; all zeros for networks without ranges.
    mask: [u8; 16],
}

impl SubNet {
    /// One address. `None` for hashed names.
    pub fn single(addr: NetAddr) -> Option<Self> {
        let length = match addr {
            NetAddr::Ipv4(_) => 4,
            NetAddr::Ipv6(_) => 16,
            NetAddr::TorV2(_) | NetAddr::TorV3(_) | NetAddr::I2p(_) | NetAddr::Cjdns(_) => 0,
            NetAddr::Internal(_) => return None,
        };
        let mut mask = [0; 16];
        mask[..length].fill(0xff);
        Some(Self { network: addr, mask })
    }

    /// The first `bits` of an IP address decide.
    pub fn with_prefix(addr: NetAddr, bits: u8) -> Option<Self> {
        let length = addr.to_ip().map(|_| addr.bytes().len())?;
        let bits = usize::from(bits);
        if bits > length * 8 {
            return None;
        }
        let mut mask = [0; 16];
        for (i, byte) in mask[..length].iter_mut().enumerate() {
            *byte = match bits.saturating_sub(i * 8) {
                0 => 0,
                rest @ 1..8 => 0xff << (8 - rest),
                _ => 0xff,
            };
        }
        Some(Self { network: masked(addr, &mask), mask })
    }

    /// With a mask written like an address; ones must come before zeros.
    pub fn with_mask(addr: NetAddr, mask: NetAddr) -> Option<Self> {
        let bits = match (addr, mask) {
            (NetAddr::Ipv4(_), NetAddr::Ipv4(mask)) => {
                let mask = u32::from_be_bytes(mask);
                (mask.leading_ones() + mask.trailing_zeros() >= 32).then(|| mask.leading_ones())
            }
            (NetAddr::Ipv6(_), NetAddr::Ipv6(mask)) => {
                let mask = u128::from_be_bytes(mask);
                (mask.leading_ones() + mask.trailing_zeros() >= 128).then(|| mask.leading_ones())
            }
            _ => None,
        };
        Self::with_prefix(addr, u8::try_from(bits?).ok()?)
    }

    /// Whether a valid address lies in it.
    pub fn contains(&self, addr: &NetAddr) -> bool {
        let same_kind = std::mem::discriminant(&self.network) == std::mem::discriminant(addr);
        if !same_kind || !addr.is_valid() {
            return false;
        }
        match addr {
            NetAddr::Ipv4(_) | NetAddr::Ipv6(_) => masked(*addr, &self.mask) == self.network,
            _ => *addr == self.network,
        }
    }

    /// The first address.
    pub fn network(&self) -> &NetAddr {
        &self.network
    }

    /// As in `banlist.dat`: 16 bytes of network, 16 of mask (of IPv4 the last four), and that it is valid. `None` for
    /// addresses that this form cannot hold; the reference writes those as zeros and reads them back as `::/0`.
    pub(crate) fn encode(&self) -> Option<[u8; 33]> {
        let mut out = [0; 33];
        out[..16].copy_from_slice(&self.network.to_legacy()?);
        match self.network {
            NetAddr::Ipv4(_) => out[28..32].copy_from_slice(&self.mask[..4]),
            _ => out[16..32].copy_from_slice(&self.mask),
        }
        out[32] = 1;
        Some(out)
    }

    /// `None` if it was read and is not valid.
    pub(crate) fn decode(r: &mut Reader) -> Result<Option<Self>, DecodeError> {
        let network = NetAddr::decode(r, AddressFormat::Legacy)?;
        let mut mask: [u8; 16] = r.array()?;
        if let NetAddr::Ipv4(_) = network {
            mask.rotate_right(4);
            mask[4..].fill(0);
        }
        let valid = r.u8()? != 0;
        let sane = match network {
            NetAddr::Ipv4(_) | NetAddr::Ipv6(_) => masked(network, &mask) == network,
            NetAddr::Internal(_) => false,
            _ => true,
        };
        Ok((valid && sane).then_some(Self { network, mask }))
    }
}

fn masked(addr: NetAddr, mask: &[u8; 16]) -> NetAddr {
    match addr {
        NetAddr::Ipv4(bytes) => NetAddr::Ipv4(std::array::from_fn(|i| bytes[i] & mask[i])),
        NetAddr::Ipv6(bytes) => NetAddr::Ipv6(std::array::from_fn(|i| bytes[i] & mask[i])),
        other => other,
    }
}

impl fmt::Display for SubNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.network, f)?;
        match self.network {
            NetAddr::Ipv4(_) | NetAddr::Ipv6(_) => {
                // Up to the first byte without a one; files may bring masks with holes.
                let bits: u32 = self.mask.iter().take_while(|byte| **byte != 0).map(|byte| byte.count_ones()).sum();
                write!(f, "/{bits}")
            }
            _ => Ok(()),
        }
    }
}

/// `address`, `address/bits` or `address/mask`.
impl FromStr for SubNet {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let Some((addr, rest)) = text.rsplit_once('/') else {
            let addr: NetAddr = text.parse()?;
            return Self::single(addr).filter(|_| addr.is_valid()).ok_or(BadAddress);
        };
        let addr: NetAddr = addr.parse()?;
        match rest.parse::<u8>() {
            Ok(bits) => Self::with_prefix(addr, bits),
            Err(_) => Self::with_mask(addr, rest.parse()?),
        }
        .ok_or(BadAddress)
    }
}
