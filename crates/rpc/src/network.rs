//! What the network methods ask of the peer-to-peer side. The daemon's driver implements it; tests have their own.

use std::{net::IpAddr, sync::Arc};

use litecast_p2p::{
    Command, ServiceFlags,
    fsm::{AddedNode, CommandError, NetTotals, PeerInfo},
};
use litecast_primitives::Transaction;

/// An address that others may reach this node at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// How many reasons there are to believe in it.
    pub score: i32,
}

/// A kind of network: "ipv4", "ipv6" or "onion".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachability {
    /// Its name.
    pub name: &'static str,
    /// Whether connections are made there; false with another `-onlynet`.
    pub reachable: bool,
    /// `host:port` of its proxy, or empty.
    pub proxy: String,
    /// Whether every connection through the proxy gets credentials of its own.
    pub randomizes_credentials: bool,
}

/// The peer-to-peer side.
pub trait Network: Send + Sync {
    /// Every connection, by number.
    fn peers(&self) -> Vec<PeerInfo>;

    /// The nodes of `addnode`.
    fn added_nodes(&self) -> Vec<AddedNode>;

    /// Carries out a command.
    ///
    /// # Errors
    /// The command does not fit the state of things.
    fn command(&self, command: Command) -> Result<(), CommandError>;

    /// Announces a transaction of a user, which is in the mempool now.
    fn announce(&self, tx: Arc<Transaction>);

    /// Bytes over all connections since the start.
    fn totals(&self) -> NetTotals;

    /// How many peers there are: inbound, outbound.
    fn connections(&self) -> (usize, usize);

    /// Whether connections are allowed.
    fn is_active(&self) -> bool;

    /// What this node says it can do.
    fn local_services(&self) -> ServiceFlags;

    /// Where this node can be reached, as far as it knows.
    fn local_addresses(&self) -> Vec<LocalAddress>;

    /// Whether peers are asked for transactions (not with `-blocksonly`).
    fn relays_transactions(&self) -> bool;

    /// How far the clocks of the peers are ahead, seconds (v0.21.5.5 src/timedata.cpp, GetTimeOffset).
    fn time_offset_s(&self) -> i64 {
        0
    }

    /// The kinds of networks.
    fn reachability(&self) -> Vec<Reachability> {
        [("ipv4", true), ("ipv6", true), ("onion", false)]
            .map(|(name, reachable)| Reachability {
                name,
                reachable,
                proxy: String::new(),
                randomizes_credentials: false,
            })
            .into()
    }
}

/// The kind of network of a peer (v0.21.5.5 src/netaddress.cpp, GetNetClass, IsRoutable).
#[must_use]
pub fn network_name(address: IpAddr) -> &'static str {
    match address.to_canonical() {
        IpAddr::V4(v4) if is_routable_v4(v4.octets()) => "ipv4",
        IpAddr::V4(_) => "unroutable",
        IpAddr::V6(v6) => {
            let octets = v6.octets();
            match octets {
                // Carries an IPv4 address: RFC 6052, RFC 6145, RFC 3964, RFC 4380.
                [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..]
                | [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, ..]
                | [0x20, 0x02, ..]
                | [0x20, 0x01, 0, 0, ..] => "ipv4",
                // Documentation (RFC 3849), link-local (RFC 4862), unique local (RFC 4193), ORCHID (RFC 4843, RFC 7343).
                [0x20, 0x01, 0x0d, 0xb8, ..]
                | [0xfe, 0x80, 0, 0, 0, 0, 0, 0, ..]
                | [0xfc | 0xfd, ..]
                | [0x20, 0x01, 0x00, 0x10..=0x2f, ..] => "unroutable",
                _ if v6.is_loopback() || v6.is_unspecified() => "unroutable",
                _ => "ipv6",
            }
        }
    }
}

/// Not private, shared, local, for documentation, for benchmarks or nobody's.
fn is_routable_v4(octets: [u8; 4]) -> bool {
    !matches!(
        octets,
        [0 | 10 | 127, ..]
            | [192, 168, ..]
            | [172, 16..=31, ..]
            | [198, 18 | 19, ..]
            | [169, 254, ..]
            | [100, 64..=127, ..]
            | [192, 0, 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [255, 255, 255, 255]
    )
}

#[cfg(test)]
mod tests {
    use super::network_name;

    // Addresses of v0.21.5.5 src/test/netbase_tests.cpp, netbase_networks and netbase_properties.
    #[test]
    fn networks_of_the_reference() {
        for (address, name) in [
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
        ] {
            assert_eq!(network_name(address.parse().unwrap()), name, "{address}");
        }
    }
}
