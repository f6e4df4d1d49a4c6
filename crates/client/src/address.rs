//! The address of a publisher, as a subscriber writes it.
//!
//! Unlike an address to bind, it may name a host, and it may not be a wildcard. Names are looked up at each connection
//! attempt, so that a host that moves is found again.

use std::{
    fmt, io,
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    time::Duration,
};

use litecast_notify::{Endpoint, EndpointError};
use socket2::{SockRef, TcpKeepalive};

/// Idle time before the first probe of a TCP connection, and the time between probes.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15));

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Host (a name or an IP address, IPv6 without brackets) and port.
    Tcp(String, u16),
    /// A unix-domain socket.
    Unix(Endpoint),
}

/// Why an address cannot be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{address}': {reason} ({hint})")]
pub struct AddressError {
    /// The address as written.
    pub address: String,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub hint: &'static str,
}

impl Address {
    /// Parses `tcp://host:port` or `ipc://path`.
    pub fn parse(address: &str) -> Result<Self, AddressError> {
        let error = |reason: String, hint| AddressError { address: address.to_owned(), reason, hint };
        if let Some((host, port)) = address.strip_prefix("tcp://").and_then(|rest| rest.rsplit_once(':')) {
            if host == "*" {
                return Err(error(
                    "a wildcard cannot be connected to".to_owned(),
                    "name the host, as in tcp://127.0.0.1:28332",
                ));
            }
            let is_name = !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_');
            if is_name {
                return match port.parse() {
                    Ok(port) if port != 0 => Ok(Self::Tcp(host.to_owned(), port)),
                    _ => Err(error(format!("'{port}' is not a port"), "choose a port between 1 and 65535")),
                };
            }
        }
        match Endpoint::parse(address) {
            Ok(Endpoint::Tcp(address)) if address.port() == 0 => {
                Err(error("port 0 cannot be connected to".to_owned(), "choose a port between 1 and 65535"))
            }
            Ok(Endpoint::Tcp(address)) => Ok(Self::Tcp(address.ip().to_string(), address.port())),
            Ok(unix) => Ok(Self::Unix(unix)),
            Err(EndpointError::Transport(name)) => {
                Err(error(format!("transport '{name}' is not supported"), "use tcp://host:port or ipc:///path"))
            }
            Err(e) => Err(error(e.to_string(), e.hint())),
        }
    }

    /// Connects, trying each address of a name for at most `timeout`.
    pub(crate) fn connect(&self, timeout: Duration) -> io::Result<Stream> {
        match self {
            Self::Tcp(host, port) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                for address in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, timeout) {
                        Ok(stream) => {
                            let (idle, interval) = KEEPALIVE;
                            let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval);
                            SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                            stream.set_nodelay(true)?;
                            return Ok(Stream::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            Self::Unix(Endpoint::Ipc(path)) => UnixStream::connect(path).map(Stream::Unix),
            Self::Unix(Endpoint::IpcAbstract(name)) => {
                let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
                socket.connect(&socket2::SockAddr::unix(format!("\0{name}"))?)?;
                Ok(Stream::Unix(socket.into()))
            }
            Self::Unix(Endpoint::Tcp(_)) => unreachable!("parse makes Tcp of it"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "tcp://{host}:{port}"),
            Self::Unix(endpoint) => endpoint.fmt(f),
        }
    }
}

/// A connection of either kind.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn set_timeouts(&self, read: Duration, write: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(s) => s.set_read_timeout(Some(read)).and_then(|()| s.set_write_timeout(Some(write))),
            Self::Unix(s) => s.set_read_timeout(Some(read)).and_then(|()| s.set_write_timeout(Some(write))),
        }
    }
}

impl io::Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl io::Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, printed) in [
            ("tcp://127.0.0.1:28332", "tcp://127.0.0.1:28332"),
            ("tcp://localhost:28332", "tcp://localhost:28332"),
            ("tcp://node-1.example:28332", "tcp://node-1.example:28332"),
            ("tcp://[::1]:28332", "tcp://[::1]:28332"),
            ("ipc:///run/zmq.sock", "ipc:///run/zmq.sock"),
            ("ipc://@name", "ipc://@name"),
        ] {
            assert_eq!(Address::parse(text).map(|a| a.to_string()).as_deref(), Ok(printed));
        }
        for bad in [
            "",
            "127.0.0.1:1",
            "tcp://*:1",
            "tcp://a:0",
            "tcp://a:70000",
            "tcp://a",
            "tcp://[::1]:0",
            "udp://a:1",
            "ipc://",
            "tcp://a b:1",
        ] {
            let error = Address::parse(bad).expect_err(bad);
            assert!(!error.hint.is_empty() && error.to_string().contains(bad));
        }
    }
}
