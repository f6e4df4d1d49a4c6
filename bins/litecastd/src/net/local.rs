//! Under which addresses this node can be reached, as far as the operator and the system say
//! (v0.21.5.5 src/init.cpp, `-externalip`; src/net.cpp, Discover and Bind).
//!
//! Of the system only the addresses are asked from which it would send to the internet: no packet leaves for that.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use litecast_p2p::{NetAddr, NetService, fsm::LocalScore};

use super::{dial::parse_numeric, listen::Listeners};
use crate::config::NetSettings;

/// An own address and how sure it is.
pub(crate) type LocalAddress = (NetService, LocalScore);

/// All of them. The machine leaves out what is not routable. Fails for an `-externalip` that is no address.
pub(crate) async fn addresses(settings: &NetSettings, listeners: &Listeners) -> Result<Vec<LocalAddress>, String> {
    let mut found = Vec::new();
    for text in &settings.external_ip {
        let service = resolve(text, settings).await;
        let service = service.ok_or_else(|| format!("Cannot resolve -externalip address: '{text}'"))?;
        found.push((service, LocalScore::Manual));
    }
    if settings.discover {
        found.extend(listeners.advertised().map(|addr| (addr.into(), LocalScore::Bind)));
        let service = |ip: IpAddr| NetService { addr: ip.into(), port: settings.port };
        found.extend(outgoing().into_iter().map(|ip| (service(ip), LocalScore::Interface)));
    }
    Ok(found)
}

async fn resolve(text: &str, settings: &NetSettings) -> Option<NetService> {
    if let Some(addr) = parse_numeric(text, settings.port) {
        return (!addr.ip().is_unspecified()).then(|| addr.into());
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, settings.port),
    };
    if let Ok(addr) = host.parse::<NetAddr>() {
        return Some(NetService { addr, port });
    }
    if !settings.dns {
        return None;
    }
    Some(tokio::net::lookup_host((host, port)).await.ok()?.next()?.into())
}

/// The addresses that a packet to the internet would carry; one for each family at most.
fn outgoing() -> Vec<IpAddr> {
    let probe = |own: &str, far: &str| -> Option<IpAddr> {
        let socket = UdpSocket::bind(own.parse::<SocketAddr>().ok()?).ok()?;
        socket.connect(far.parse::<SocketAddr>().ok()?).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    [probe("0.0.0.0:0", "1.0.0.1:9333"), probe("[::]:0", "[2606:4700::1]:9333")].into_iter().flatten().collect()
}
