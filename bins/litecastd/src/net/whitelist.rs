//! `-whitelist`, `-whitebind`: rights of inbound peers, by their address or by the socket they come to
//! (v0.21.5.5 src/net_permissions.cpp, src/net.cpp).

use std::net::IpAddr;

use litecast_p2p::fsm::Permissions;
use litecast_rpc::net::Subnet;

use crate::config::NetSettings;

/// One `-whitelist` value.
#[derive(Debug, Clone)]
struct Range {
    subnet: Subnet,
    permissions: Permissions,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whitelist(Vec<Range>);

impl Whitelist {
    /// Reads the options; the error is litecoind's.
    pub(crate) fn new(settings: &NetSettings) -> Result<Self, String> {
        let range = |text: &String| {
            let (permissions, subnet) = rights(text, settings)?;
            let subnet =
                Subnet::parse(subnet).map_err(|_| format!("Invalid netmask specified in -whitelist: '{subnet}'"))?;
            Ok(Range { subnet, permissions })
        };
        settings.white_list.iter().map(range).collect::<Result<_, _>>().map(Self)
    }

    /// The rights of an inbound peer.
    pub(crate) fn permissions(&self, address: IpAddr) -> Permissions {
        let granted = self.0.iter().filter(|range| range.subnet.contains(address));
        granted.fold(Permissions::NONE, |all, range| all.and(range.permissions))
    }
}

/// `rights@rest`, or `rest` alone, which stands for the usual rights.
pub(super) fn rights<'a>(text: &'a str, settings: &NetSettings) -> Result<(Permissions, &'a str), String> {
    Ok(match text.split_once('@') {
        Some((names, rest)) => (parse(names)?, rest),
        None => (implicit_permissions(settings), text),
    })
}

/// What an address without named rights gets.
fn implicit_permissions(settings: &NetSettings) -> Permissions {
    let mut bits = Permissions::MEMPOOL.0 | Permissions::NOBAN.0 | Permissions::IMPLICIT.0;
    if settings.white_list_relay {
        bits |= Permissions::RELAY.0;
    }
    if settings.white_list_force_relay {
        bits |= Permissions::FORCERELAY.0;
    }
    Permissions(bits)
}

fn parse(names: &str) -> Result<Permissions, String> {
    let all = [
        Permissions::BLOOMFILTER,
        Permissions::FORCERELAY,
        Permissions::NOBAN,
        Permissions::MEMPOOL,
        Permissions::ADDR,
    ];
    let mut bits = 0;
    for name in names.split(',').filter(|name| !name.is_empty()) {
        bits |= match name {
            "bloomfilter" | "bloom" => Permissions::BLOOMFILTER.0,
            "noban" => Permissions::NOBAN.0,
            "forcerelay" => Permissions::FORCERELAY.0,
            "mempool" => Permissions::MEMPOOL.0,
            "download" => Permissions::DOWNLOAD.0,
            "relay" => Permissions::RELAY.0,
            "addr" => Permissions::ADDR.0,
            "all" => all.iter().fold(0, |bits, one| bits | one.0),
            other => return Err(format!("Invalid P2P permission: '{other}'")),
        };
    }
    Ok(Permissions(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Cases of v0.21.5.5 src/test/netbase_tests.cpp, netpermissions_test.
    #[test]
    fn names_of_the_reference() {
        assert_eq!(parse("bloom,forcerelay").map(|p| p.names()), Ok(vec!["bloomfilter", "forcerelay", "relay"]));
        assert_eq!(
            parse("bloom,relay,noban").map(|p| p.names()),
            Ok(vec!["bloomfilter", "noban", "relay", "download"])
        );
        assert_eq!(parse("noban,,").map(|p| p.names()), Ok(vec!["noban", "download"]));
        assert_eq!(parse("all").map(|p| p.names().len()), Ok(7));
        assert_eq!(parse("oopsie").err().as_deref(), Some("Invalid P2P permission: 'oopsie'"));
    }
}
