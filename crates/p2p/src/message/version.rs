//! The `version` message and the address form inside it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use litecast_primitives::codec::{DecodeError, Reader, put_var_bytes};

use crate::{fsm::MAX_SUBVERSION_LENGTH, services::ServiceFlags};

/// An address without time, as only `version` carries it. IPv4 is mapped into IPv6; the port is big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetAddress {
    /// Services of that node, as far as the sender knows.
    pub services: ServiceFlags,
    /// IPv6 or IPv4-mapped.
    pub ip: Ipv6Addr,
    /// Port.
    pub port: u16,
}

impl NetAddress {
    /// The unspecified address with services.
    pub const fn none(services: ServiceFlags) -> Self {
        Self { services, ip: Ipv6Addr::UNSPECIFIED, port: 0 }
    }

    /// Of a socket.
    pub fn new(services: ServiceFlags, addr: SocketAddr) -> Self {
        let ip = match addr.ip() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Self { services, ip, port: addr.port() }
    }

    /// As a socket address; `None` if it is unspecified.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip = self.ip.to_canonical();
        (!ip.is_unspecified()).then_some(SocketAddr::new(ip, self.port))
    }

    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            services: ServiceFlags(r.u64()?),
            ip: Ipv6Addr::from(r.array::<16>()?),
            port: u16::from_be_bytes(r.array()?),
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.services.0.to_le_bytes());
        out.extend_from_slice(&self.ip.octets());
        out.extend_from_slice(&self.port.to_be_bytes());
    }
}

/// Payload of `version` (v0.21.5.5 src/net_processing.cpp, PushNodeVersion).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Protocol version of the sender.
    pub version: i32,
    /// What the sender offers.
    pub services: ServiceFlags,
    /// Its clock, Unix seconds.
    pub time: i64,
    /// The receiver as the sender sees it.
    pub receiver: NetAddress,
    /// The sender; unused by everyone.
    pub sender: NetAddress,
    /// Random, to notice a connection to oneself.
    pub nonce: u64,
    /// User agent, as sent.
    pub user_agent: Vec<u8>,
    /// Height of its chain.
    pub start_height: i32,
    /// Wants transactions (BIP37).
    pub relay: bool,
}

impl Version {
    /// Old peers leave out everything after the first four fields, step by step.
    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let mut version = Self {
            version: r.i32()?,
            services: ServiceFlags(r.u64()?),
            time: r.i64()?,
            receiver: NetAddress::decode(r)?,
            sender: NetAddress::none(ServiceFlags::NONE),
            nonce: 1,
            user_agent: Vec::new(),
            start_height: -1,
            relay: true,
        };
        if r.remaining() > 0 {
            version.sender = NetAddress::decode(r)?;
            version.nonce = r.u64()?;
        }
        if r.remaining() > 0 {
            let user_agent = r.var_bytes()?;
            if user_agent.len() > MAX_SUBVERSION_LENGTH {
                return Err(DecodeError::Invalid("String length limit exceeded"));
            }
            version.user_agent = user_agent.to_vec();
        }
        if r.remaining() > 0 {
            version.start_height = r.i32()?;
        }
        if r.remaining() > 0 {
            version.relay = r.u8()? != 0;
        }
        Ok(version)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.services.0.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        self.receiver.encode(out);
        self.sender.encode(out);
        out.extend_from_slice(&self.nonce.to_le_bytes());
        put_var_bytes(out, &self.user_agent);
        out.extend_from_slice(&self.start_height.to_le_bytes());
        out.push(u8::from(self.relay));
    }

    /// The user agent without anything but harmless characters (v0.21.5.5 src/util/strencodings.cpp, SanitizeString).
    pub fn clean_user_agent(&self) -> String {
        let harmless = |&&byte: &&u8| byte.is_ascii_alphanumeric() || b" .,;-_/:?@()".contains(&byte);
        self.user_agent.iter().filter(harmless).map(|&byte| char::from(byte)).collect()
    }
}
