//! `-proxy`, `-onion`, `-onlynet` and Tor's options by meaning (v0.21.5.5 `src/init.cpp` AppInitMain).

use std::net::{SocketAddr, ToSocketAddrs as _};

use litecast_config::{Args, split_host_port};
use litecast_p2p::netaddr::{NetAddr, Network};

use super::InitError;

/// Port of a SOCKS5 proxy that is named without one: Tor's.
const DEFAULT_PROXY_PORT: u16 = 9050;

/// Which way connections leave.
#[derive(Debug, Clone)]
pub(crate) struct ProxySettings {
    /// SOCKS5 proxy for everything, and for names too.
    pub(crate) all: Option<SocketAddr>,
    /// SOCKS5 proxy for onion addresses.
    pub(crate) onion: Option<SocketAddr>,
    /// New credentials for each connection.
    pub(crate) randomize: bool,
    /// Networks to which no connections are opened by choice.
    pub(crate) unreachable: Vec<Network>,
    /// Where what comes in is Tor: `-bind` values with `=onion`, or the default.
    pub(crate) onion_binds: Vec<SocketAddr>,
    /// Tor's control port, with `-listenonion`.
    pub(crate) control: Option<TorControlSettings>,
}

/// Tor's control port.
#[derive(Debug, Clone)]
pub(crate) struct TorControlSettings {
    /// `-torcontrol` as given: the node runs without Tor if that is no address.
    pub(crate) address: String,
    /// `-torpassword`.
    pub(crate) password: Option<String>,
    /// Onion addresses are reached through Tor as soon as it answers: `-onion` says nothing else.
    pub(crate) use_as_proxy: bool,
}

impl ProxySettings {
    pub(super) fn new(args: &Args) -> Result<Self, InitError> {
        let dns = args.get_bool("dns");
        let all = match value(args, "proxy").as_deref() {
            None | Some("0") => None,
            Some(text) => Some(resolve("proxy", text, dns)?),
        };
        let (onion, onion_reachable) = match value(args, "onion").as_deref() {
            None => (all, all.is_some()),
            Some("0") => (all, false),
            Some(text) => (Some(resolve("onion", text, dns)?), true),
        };
        let control = args.get_bool("listenonion").then(|| TorControlSettings {
            address: args.get_str("torcontrol"),
            password: Some(args.get_str("torpassword")).filter(|password| !password.is_empty()),
            use_as_proxy: value(args, "onion").is_none(),
        });
        let mut onion_binds = Vec::new();
        for text in args.get_all("bind").iter().filter_map(|text| text.strip_suffix("=onion")) {
            let bind = numeric(text, args.chain().onion_port());
            onion_binds.push(bind.ok_or_else(|| InitError(format!("Cannot resolve -bind address: '{text}=onion'")))?);
        }
        if onion_binds.is_empty() {
            onion_binds.push(SocketAddr::from(([127, 0, 0, 1], args.chain().onion_port())));
        }
        Ok(Self {
            all,
            onion,
            randomize: args.get_bool("proxyrandomize"),
            unreachable: unreachable(&args.get_all("onlynet"), onion_reachable),
            onion_binds,
            control,
        })
    }
}

/// What an option says; `None` if nothing, "0" if it is negated.
fn value(args: &Args, name: &str) -> Option<String> {
    args.given(name).filter(|text| !text.is_empty())
}

fn numeric(text: &str, default_port: u16) -> Option<SocketAddr> {
    let (host, port) = split_host_port(text);
    Some(SocketAddr::new(host.parse().ok()?, port.unwrap_or(default_port)))
}

/// A proxy may be given by a name, which is looked up here: it is no peer's.
fn resolve(option: &str, text: &str, dns: bool) -> Result<SocketAddr, InitError> {
    let by_name = || {
        let (host, port) = split_host_port(text);
        (host, port.unwrap_or(DEFAULT_PROXY_PORT)).to_socket_addrs().ok()?.next()
    };
    numeric(text, DEFAULT_PROXY_PORT)
        .or_else(|| if dns { by_name() } else { None })
        .filter(|addr| NetAddr::from(addr.ip()).is_valid() && addr.port() != 0)
        .ok_or_else(|| InitError(format!("Invalid -{option} address or hostname: '{text}'")))
}

/// `-onlynet` leaves out what it does not name; Tor needs a proxy, and then does not need to be named.
fn unreachable(only: &[String], onion_reachable: bool) -> Vec<Network> {
    let named = |names: &[&str]| only.iter().any(|network| names.contains(&network.to_lowercase().as_str()));
    let mut out = Vec::new();
    for (network, names) in [(Network::Ipv4, &["ipv4"]), (Network::Ipv6, &["ipv6"])] {
        if !only.is_empty() && !named(names) {
            out.push(network);
        }
    }
    if !onion_reachable {
        out.push(Network::Onion);
    }
    if !only.is_empty() {
        out.extend([Network::I2p, Network::Cjdns]);
    }
    out
}
