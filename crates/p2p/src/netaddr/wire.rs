//! Addresses in messages and files: 16 bytes as ever, or network, length and bytes (BIP155).

use litecast_primitives::codec::{DecodeError, Reader, put_compact, put_var_bytes};

use super::{INTERNAL_IN_IPV6, IPV4_IN_IPV6, NetAddr, NetService, PeerAddress, TORV2_IN_IPV6, tail};
use crate::services::ServiceFlags;

/// Longest address of any network, known or not (v0.21.5.5 src/netaddress.h, MAX_ADDRV2_SIZE).
pub(crate) const MAX_ADDRV2_SIZE: usize = 512;

/// How addresses are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressFormat {
    /// 16 bytes.
    Legacy,
    /// BIP155.
    V2,
}

impl NetAddr {
    pub(crate) fn decode(r: &mut Reader, format: AddressFormat) -> Result<Self, DecodeError> {
        match format {
            AddressFormat::Legacy => Ok(Self::from_legacy(r.array()?)),
            AddressFormat::V2 => Self::decode_v2(r),
        }
    }

    /// What is of no use here (unknown networks, IPv4 or Tor inside IPv6) becomes an address that is not valid.
    fn decode_v2(r: &mut Reader) -> Result<Self, DecodeError> {
        let network = r.u8()?;
        let length = r.compact_size()?;
        if length > MAX_ADDRV2_SIZE {
            return Err(DecodeError::Invalid("Address too long"));
        }
        let bytes = r.take(length)?;
        Ok(match network {
            1 => Self::Ipv4(exactly(&bytes)?),
            2 => {
                let bytes: [u8; 16] = exactly(&bytes)?;
                if bytes.starts_with(&INTERNAL_IN_IPV6) {
                    Self::Internal(tail(&bytes))
                } else if bytes.starts_with(&IPV4_IN_IPV6) || bytes.starts_with(&TORV2_IN_IPV6) {
                    Self::UNSPECIFIED
                } else {
                    Self::Ipv6(bytes)
                }
            }
            3 => Self::TorV2(exactly(&bytes)?),
            4 => Self::TorV3(exactly(&bytes)?),
            5 => Self::I2p(exactly(&bytes)?),
            6 => Self::Cjdns(exactly(&bytes)?),
            _ => Self::UNSPECIFIED,
        })
    }

    /// What the old form cannot hold is written as zeros.
    pub(crate) fn encode(&self, format: AddressFormat, out: &mut Vec<u8>) {
        let network = match (format, self) {
            (AddressFormat::Legacy, _) => return out.extend(self.to_legacy().unwrap_or_default()),
            (_, Self::Ipv4(_)) => 1,
            (_, Self::Ipv6(_) | Self::Internal(_)) => 2,
            (_, Self::TorV2(_)) => 3,
            (_, Self::TorV3(_)) => 4,
            (_, Self::I2p(_)) => 5,
            (_, Self::Cjdns(_)) => 6,
        };
        out.push(network);
        match self {
            Self::Internal(_) => put_var_bytes(out, &self.key()),
            _ => put_var_bytes(out, self.bytes()),
        }
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::Invalid("BIP155 address of wrong length"))
}

impl PeerAddress {
    /// Fewest bytes that one takes.
    pub(crate) const fn min_size(format: AddressFormat) -> usize {
        match format {
            AddressFormat::Legacy => 30,
            AddressFormat::V2 => 9,
        }
    }

    pub(crate) fn decode(r: &mut Reader, format: AddressFormat) -> Result<Self, DecodeError> {
        Self::decode_mixed(r, format, format)
    }

    /// Files may tell the services in another form than the address.
    pub(crate) fn decode_mixed(
        r: &mut Reader,
        services: AddressFormat,
        address: AddressFormat,
    ) -> Result<Self, DecodeError> {
        let time = r.u32()?;
        let services = match services {
            AddressFormat::Legacy => r.u64()?,
            AddressFormat::V2 => r.compact_u64()?,
        };
        let addr = NetAddr::decode(r, address)?;
        let port = u16::from_be_bytes(r.array()?);
        Ok(Self { service: NetService { addr, port }, services: ServiceFlags(services), time })
    }

    pub(crate) fn encode(&self, format: AddressFormat, out: &mut Vec<u8>) {
        out.extend(self.time.to_le_bytes());
        match format {
            AddressFormat::Legacy => out.extend(self.services.0.to_le_bytes()),
            AddressFormat::V2 => put_compact(out, self.services.0),
        }
        self.service.addr.encode(format, out);
        out.extend(self.service.port.to_be_bytes());
    }
}
