//! Which addresses may connect, and where to listen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses, IPv4 ones as IPv6 ones that map them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    network: u128,
    mask: u128,
    v4: bool,
}

/// `-rpcallowip` with something that is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid -rpcallowip subnet specification: {0}. Valid are a single IP (e.g. 1.2.3.4), a network/netmask (e.g. \
     1.2.3.4/255.255.255.0) or a network/CIDR (e.g. 1.2.3.4/24)."
)]
pub struct InvalidSubnet(pub String);

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(v4) => (v4.to_ipv6_mapped().to_bits(), true),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(_) => (v6.to_bits(), true),
            None => (v6.to_bits(), false),
        },
    }
}

impl Subnet {
    /// The ranges that may always connect: 127.0.0.0/8 and ::1.
    #[must_use]
    pub fn local() -> [Self; 2] {
        let v4 = Self::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8);
        let v6 = Self::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 128);
        [v4, v6]
    }

    fn new(address: IpAddr, prefix: u32) -> Self {
        let (network, v4) = bits(address);
        let prefix = if v4 { prefix + 96 } else { prefix };
        let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
        Self { network: network & mask, mask, v4 }
    }

    /// `1.2.3.4`, `1.2.3.4/24`, `1.2.3.4/255.255.255.0`, or the same with IPv6.
    ///
    /// # Errors
    /// None of these; a netmask with holes.
    pub fn parse(text: &str) -> Result<Self, InvalidSubnet> {
        Self::try_parse(text).ok_or_else(|| InvalidSubnet(text.to_owned()))
    }

    fn try_parse(text: &str) -> Option<Self> {
        let (address, range) = text.split_once('/').map_or((text, None), |(address, range)| (address, Some(range)));
        let address = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match range {
            None => width,
            Some(range) => match range.parse::<u32>() {
                Ok(prefix) if range.bytes().all(|byte| byte.is_ascii_digit()) => prefix,
                _ => netmask_prefix(range.parse().ok()?, address.is_ipv4())?,
            },
        };
        (prefix <= width).then(|| Self::new(address, prefix))
    }

    /// The address is in this range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, v4) = bits(address);
        v4 == self.v4 && bits & self.mask == self.network
    }
}

fn netmask_prefix(mask: IpAddr, v4: bool) -> Option<u32> {
    let (ones, width, bits) = match (mask, v4) {
        (IpAddr::V4(mask), true) => (mask.to_bits().leading_ones(), 32, u128::from(mask.to_bits())),
        (IpAddr::V6(mask), false) => (mask.to_bits().leading_ones(), 128, mask.to_bits()),
        _ => return None,
    };
    (bits.count_ones() == ones && ones <= width).then_some(ones)
}

/// Hosts and ports to listen on (v0.21.5.5 `src/httpserver.cpp` HTTPBindAddresses): loopback, unless both `-rpcbind` and
/// `-rpcallowip` are given.
#[must_use]
pub fn bind_targets(bind: &[String], allow_ip: &[String], default_port: u16) -> Vec<(String, u16)> {
    if bind.is_empty() || allow_ip.is_empty() {
        if !allow_ip.is_empty() {
            tracing::warn!("option -rpcallowip was specified without -rpcbind; this doesn't usually make sense");
        }
        if !bind.is_empty() {
            tracing::warn!(
                "option -rpcbind was ignored because -rpcallowip was not specified, refusing to allow everyone to connect"
            );
        }
        return vec![("::1".to_owned(), default_port), ("127.0.0.1".to_owned(), default_port)];
    }
    bind.iter()
        .map(|text| {
            let (host, port) = litecast_config::split_host_port(text);
            let host = if host.is_empty() { "0.0.0.0" } else { host };
            (host.to_owned(), port.unwrap_or(default_port))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets() {
        for (subnet, address, inside) in [
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4", "1.2.3.5", false),
            ("1.2.3.4/24", "1.2.3.99", true),
            ("1.2.3.0/255.255.255.0", "1.2.4.1", false),
            ("0.0.0.0/0", "9.9.9.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001::1", true),
            ("[::1]", "::1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("2001:db8::/32", "2001:db8:1::", true),
            ("2001:db8::/ffff:ffff::", "2001:db9::", false),
        ] {
            let parsed = Subnet::parse(subnet).unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{address} in {subnet}");
        }
        for bad in ["", "x", "1.2.3.4/33", "1.2.3.4/255.0.255.0", "1.2.3.4/", "1.2.3.4/::1", "1.2.3.4/+8"] {
            assert!(Subnet::parse(bad).is_err(), "{bad}");
        }
        assert!(Subnet::local()[0].contains("127.9.9.9".parse().unwrap()));
    }

    #[test]
    fn targets() {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let loopback = [("::1".to_owned(), 7), ("127.0.0.1".to_owned(), 7)];
        assert_eq!(bind_targets(&list(&["0.0.0.0"]), &[], 7), loopback);
        assert_eq!(bind_targets(&[], &list(&["0.0.0.0/0"]), 7), loopback);
        assert_eq!(
            bind_targets(&list(&["127.0.0.1:9", "[::1]", "::1"]), &list(&["127.0.0.1"]), 7),
            [("127.0.0.1".to_owned(), 9), ("::1".to_owned(), 7), ("::1".to_owned(), 7)]
        );
    }
}
