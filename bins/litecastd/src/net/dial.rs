//! Opening connections: names to addresses, addresses to sockets, through a proxy where there is one.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use litecast_config::split_host_port;
use litecast_p2p::{
    Input, NetService,
    fsm::{AttemptId, EncryptionHope},
};
use tokio::net::TcpStream;

use super::{
    Net, Request,
    proxy::{Proxies, within},
    transport::{self, Session, TransportError},
};

/// For the handshake of the encrypted transport.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) struct Dialer {
    pub(super) net: Net,
    pub(super) default_port: u16,
    pub(super) dns: bool,
    pub(super) timeout: Duration,
    pub(super) proxies: Arc<Proxies>,
    pub(super) magic: [u8; 4],
    /// Encrypted connections are tried.
    pub(super) encrypt: bool,
}

impl Dialer {
    pub(super) async fn dial(self: Arc<Self>, attempt: AttemptId, target: String, hope: EncryptionHope) {
        let request = match self.open_transport(&target, hope).await {
            Ok((stream, addr, session)) => Request::Dialed(attempt, stream, addr, session.map(Box::new)),
            Err(error) => {
                tracing::debug!(target: "net", "connecting to {target} failed: {error}");
                Request::Input(Input::ConnectFailed { attempt })
            }
        };
        let _ = self.net.requests.send(request).await;
    }

    /// A connection in the best transport that the peer may know.
    async fn open_transport(
        &self,
        target: &str,
        hope: EncryptionHope,
    ) -> io::Result<(TcpStream, NetService, Option<Session>)> {
        let (mut stream, addr) = self.open(target).await?;
        let tries = match hope {
            EncryptionHope::Offered => true,
            // A second way through Tor is too much for a mere chance.
            EncryptionHope::Perhaps => !self.is_proxied(&addr),
            EncryptionHope::None => false,
        };
        if !self.encrypt || !tries {
            return Ok((stream, addr, None));
        }
        let (mut read, mut write) = stream.split();
        let handshake = async { Ok(transport::initiate(&mut read, &mut write, self.magic).await) };
        match within(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(session)) => Ok((stream, addr, Some(session))),
            // Hung up, or waits for something else: as BIP324 says, it is asked again in plain.
            Err(_) | Ok(Err(TransportError::NoAnswer)) => {
                tracing::debug!(target: "net", "retrying with the plain transport: {target}");
                drop(stream);
                let (stream, addr) = self.open(target).await?;
                Ok((stream, addr, None))
            }
            Ok(Err(error)) => Err(io::Error::other(error)),
        }
    }

    fn is_proxied(&self, service: &NetService) -> bool {
        *service == NetService::UNSPECIFIED || self.proxies.for_network(service.addr.network()).is_some()
    }

    /// A connection, and to where; that is unspecified when a proxy looked the name up.
    pub(super) async fn open(&self, target: &str) -> io::Result<(TcpStream, NetService)> {
        let (host, port) = split_host_port(target);
        let port = port.unwrap_or(self.default_port);
        if let Ok(addr) = host.parse() {
            return self.connect(NetService { addr, port }).await;
        }
        if let Some(proxy) = self.proxies.for_names() {
            let stream = self.proxies.connect(proxy, host, port, self.timeout).await?;
            return Ok((stream, NetService::UNSPECIFIED));
        }
        if !self.dns {
            return Err(io::Error::other("names are not looked up with -dns=0"));
        }
        let mut last = io::Error::other("the name has no address");
        let found: Vec<SocketAddr> = within(self.timeout, tokio::net::lookup_host((host, port))).await?.collect();
        for addr in found {
            match self.connect(addr.into()).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect(&self, service: NetService) -> io::Result<(TcpStream, NetService)> {
        let NetService { addr, port } = service;
        // The system takes "any address" for this very host, whoever listens there; the reference has it as invalid
        // (v0.21.5.5 src/netaddress.cpp, CNetAddr::IsValid). `-connect=0` beside another `-connect` comes here as a name.
        if !addr.is_valid() {
            return Err(io::Error::other("that is no peer's address"));
        }
        let stream = match self.proxies.for_network(addr.network()) {
            Some(proxy) => self.proxies.connect(proxy, &addr.to_string(), port, self.timeout).await?,
            None => {
                let socket = service.socket_addr().ok_or_else(|| io::Error::other("there is no proxy for it"))?;
                within(self.timeout, TcpStream::connect(socket)).await?
            }
        };
        Ok((stream, service))
    }
}

/// `ip`, `ip:port`, `[ip]` or `[ip]:port`.
pub(super) fn parse_numeric(text: &str, default_port: u16) -> Option<SocketAddr> {
    let (host, port) = split_host_port(text);
    Some(SocketAddr::new(host.parse().ok()?, port.unwrap_or(default_port)))
}

#[cfg(test)]
mod tests {
    use super::parse_numeric;

    #[test]
    fn every_numeric_form() {
        for (text, wanted) in [
            ("127.0.0.1", Some("127.0.0.1:7")),
            ("127.0.0.1:9", Some("127.0.0.1:9")),
            ("::1", Some("[::1]:7")),
            ("[::1]", Some("[::1]:7")),
            ("[::1]:9", Some("[::1]:9")),
            ("localhost", None),
            ("localhost:9", None),
        ] {
            assert_eq!(parse_numeric(text, 7), wanted.map(|w| w.parse().expect("because it is an address")), "{text}");
        }
    }
}
