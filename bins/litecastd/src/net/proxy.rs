//! SOCKS5 proxies: which one leads to which network, and the way through it.
//!
//! Owns the choice (v0.21.5.5 src/netbase.cpp, GetProxy, GetNameProxy): `-proxy` takes IPv4, IPv6 and all names,
//! `-onion` onion addresses. Everything else, such as addresses of this host and of private networks, is reached without a proxy.
//! Every target is handed over as a name, also addresses, so that proxies that know only names do. Refuses lookups.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use litecast_p2p::netaddr::Network;
use litecast_rpc::network::Reachability;
use parking_lot::RwLock;
use tokio::net::TcpStream;
use tokio_socks::{TargetAddr, tcp::Socks5Stream};

use crate::config::ProxySettings;

/// Time for the proxy to reach the target (v0.21.5.5 src/netbase.cpp, SOCKS5_RECV_TIMEOUT). `-timeout` is for reaching
/// the proxy; a way through Tor often takes longer than that.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A SOCKS5 proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Where it is.
    pub(crate) addr: SocketAddr,
    /// Each connection gets credentials of its own: Tor then keeps them on different ways.
    pub(crate) randomize: bool,
}

/// All proxies. The one for onion addresses may come later, when Tor has answered.
#[derive(Debug)]
pub(crate) struct Proxies {
    all: Option<Proxy>,
    onion: RwLock<Option<Proxy>>,
    unreachable: RwLock<Vec<Network>>,
    /// The next credentials.
    counter: AtomicU64,
    answer_timeout: Duration,
}

impl Proxies {
    /// As the operator wants it.
    pub(crate) fn new(settings: &ProxySettings) -> Self {
        let proxy = |addr| Proxy { addr, randomize: settings.randomize };
        Self {
            all: settings.all.map(proxy),
            onion: RwLock::new(settings.onion.map(proxy)),
            unreachable: RwLock::new(settings.unreachable.clone()),
            counter: AtomicU64::new(0),
            answer_timeout: ANSWER_TIMEOUT,
        }
    }

    /// For addresses of a network.
    pub(super) fn for_network(&self, network: Network) -> Option<Proxy> {
        match network {
            Network::Ipv4 | Network::Ipv6 => self.all,
            Network::Onion => *self.onion.read(),
            Network::Unroutable | Network::I2p | Network::Cjdns | Network::Internal => None,
        }
    }

    /// For names. Where there is one, nothing is looked up here.
    pub(super) fn for_names(&self) -> Option<Proxy> {
        self.all
    }

    /// Tor answers: it is the proxy for onion addresses from now on.
    pub(super) fn set_onion(&self, addr: SocketAddr) {
        *self.onion.write() = Some(Proxy { addr, randomize: true });
        self.unreachable.write().retain(|network| *network != Network::Onion);
    }

    /// `networks` of `getnetworkinfo`.
    pub(super) fn reachability(&self) -> Vec<Reachability> {
        let networks = [Network::Ipv4, Network::Ipv6, Network::Onion];
        networks
            .map(|network| {
                let proxy = self.for_network(network);
                Reachability {
                    name: network.name(),
                    reachable: !self.unreachable.read().contains(&network),
                    proxy: proxy.map_or_else(String::new, |proxy| proxy.addr.to_string()),
                    randomizes_credentials: proxy.is_some_and(|proxy| proxy.randomize),
                }
            })
            .into()
    }

    /// Opens a connection to a host through a proxy.
    pub(super) async fn connect(
        &self,
        proxy: Proxy,
        host: &str,
        port: u16,
        timeout: Duration,
    ) -> io::Result<TcpStream> {
        if host.is_empty() || host.len() > 255 {
            return Err(io::Error::other("the name is too long for a proxy, or empty"));
        }
        let socket = within(timeout, TcpStream::connect(proxy.addr)).await?;
        let target = TargetAddr::Domain(host.into(), port);
        tracing::debug!(target: "proxy", "SOCKS5 connecting {host}:{port}");
        let through = async {
            let done = if proxy.randomize {
                let credentials = self.counter.fetch_add(1, Ordering::Relaxed).to_string();
                Socks5Stream::connect_with_password_and_socket(socket, target, &credentials, &credentials).await
            } else {
                Socks5Stream::connect_with_socket(socket, target).await
            };
            done.map(Socks5Stream::into_inner).map_err(io::Error::other)
        };
        within(self.answer_timeout, through).await
    }
}

/// At most this long.
pub(super) async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests;
