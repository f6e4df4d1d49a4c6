//! Nodes to begin with when nobody else names any: the lists of v0.21.5.5 src/chainparamsseeds.h, one `address:port` in
//! each line. They may be old; they are asked only when DNS gives nothing.

use litecast_primitives::params::Network;

use crate::netaddr::NetService;

/// The list of a network.
pub fn fixed(network: Network) -> Vec<NetService> {
    let text = match network {
        Network::Main => include_str!("seeds/main.txt"),
        Network::Test => include_str!("seeds/test.txt"),
        Network::Regtest => "",
    };
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<NetService> {
    let (addr, port) = line.rsplit_once(':')?;
    Some(NetService { addr: addr.parse().ok()?, port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_address_of_a_stranger() {
        for (network, count) in [(Network::Main, 81), (Network::Test, 54), (Network::Regtest, 0)] {
            let seeds = fixed(network);
            assert_eq!(seeds.len(), count, "{network:?}");
            assert!(seeds.iter().all(|seed| seed.addr.is_routable() && seed.port != 0));
        }
        assert_eq!(fixed(Network::Main)[0].to_string(), "3.68.34.196:9333");
    }
}
