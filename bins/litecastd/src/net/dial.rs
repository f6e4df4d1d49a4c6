//! Opening connections: names to addresses, addresses to sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use litecast_p2p::{Input, fsm::AttemptId};
use tokio::net::TcpStream;

use super::{Net, Request};

pub(super) struct Dialer {
    pub(super) net: Net,
    pub(super) default_port: u16,
    pub(super) dns: bool,
    pub(super) timeout: Duration,
}

impl Dialer {
    pub(super) async fn dial(self: Arc<Self>, attempt: AttemptId, target: String) {
        let opened = tokio::time::timeout(self.timeout, self.open(&target)).await;
        let request = match opened {
            Ok(Ok(stream)) => Request::Dialed(attempt, stream),
            Ok(Err(error)) => {
                tracing::debug!(target: "net", "connecting to {target} failed: {error}");
                Request::Input(Input::ConnectFailed { attempt })
            }
            Err(_) => {
                tracing::debug!(target: "net", "connecting to {target} timed out");
                Request::Input(Input::ConnectFailed { attempt })
            }
        };
        let _ = self.net.requests.send(request).await;
    }

    async fn open(&self, target: &str) -> std::io::Result<TcpStream> {
        if let Some(addr) = parse_numeric(target, self.default_port) {
            return connect(addr).await;
        }
        if !self.dns {
            return Err(std::io::Error::other("names are not looked up with -dns=0"));
        }
        let (host, port) = match target.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => {
                (host, port.parse().map_err(|_| std::io::Error::other("the port is not a number"))?)
            }
            _ => (target, self.default_port),
        };
        let mut last = std::io::Error::other("the name has no address");
        for addr in tokio::net::lookup_host((host, port)).await? {
            match connect(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The system takes "any address" for this very host, whoever listens there; the reference has it as invalid
/// (v0.21.5.5 `src/netaddress.cpp`, CNetAddr::IsValid). `-connect=0` beside another `-connect` comes here as a name.
async fn connect(addr: SocketAddr) -> std::io::Result<TcpStream> {
    if addr.ip().is_unspecified() {
        return Err(std::io::Error::other("that is no peer's address"));
    }
    TcpStream::connect(addr).await
}

/// `ip`, `ip:port`, `[ip]` or `[ip]:port`.
pub(super) fn parse_numeric(text: &str, default_port: u16) -> Option<SocketAddr> {
    if let Ok(addr) = text.parse() {
        return Some(addr);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().map(|ip| SocketAddr::new(ip, default_port))
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
