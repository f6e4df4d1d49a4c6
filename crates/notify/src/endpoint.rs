//! Parses the address of a publisher: `tcp://…` and `ipc://…`.
//!
//! Owns the syntax only; no name is looked up and no socket is opened here. It refuses what libzmq would misread: a
//! port above 65535 (libzmq 4.3 silently binds another port), a missing port, interface and host names, and transports
//! that a publisher of this node does not serve.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use thiserror::Error;

/// Longest path that fits `sun_path` with its terminating NUL on Linux.
pub const MAX_IPC_PATH: usize = 107;

/// Where a publisher listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP socket. Port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A unix-domain socket at a path in the file system.
    Ipc(PathBuf),
    /// A unix-domain socket in Linux' abstract namespace (`ipc://@name`); it has no file and no permissions.
    IpcAbstract(String),
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Nothing at all.
    #[error("the address is empty")]
    Empty,
    /// No `://`.
    #[error("the address has no transport")]
    NoTransport,
    /// A transport that ZeroMQ may know but a publisher of this node does not serve.
    #[error("transport '{0}' is not supported")]
    Transport(String),
    /// `tcp://host` without `:port`.
    #[error("the address has no port")]
    NoPort,
    /// A port that is not a number from 0 to 65535.
    #[error("'{0}' is not a port (0 to 65535)")]
    Port(String),
    /// Something that is neither an IP address nor `*` nor `localhost`.
    #[error("'{0}' is not an IP address")]
    Host(String),
    /// `tcp://::1:28332`.
    #[error("an IPv6 address needs brackets")]
    Ipv6Brackets,
    /// `tcp://a;b`, libzmq's syntax for a source address, which means nothing when binding.
    #[error("a source address (';') has no meaning when binding")]
    SourceAddress,
    /// `ipc://` without a path.
    #[error("the path is empty")]
    NoPath,
    /// `ipc://*`.
    #[error("a wildcard path is not supported")]
    WildcardPath,
    /// The path does not fit the operating system's limit.
    #[error("the path has {0} bytes, the limit is {MAX_IPC_PATH}")]
    PathTooLong(usize),
    /// A NUL or another control character.
    #[error("the address contains a control character")]
    Control,
}

impl EndpointError {
    /// What the user can write instead.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::NoTransport | Self::Transport(_) => {
                "use tcp://127.0.0.1:28332 or ipc:///path/to/socket"
            }
            Self::NoPort => "add the port, as in tcp://127.0.0.1:28332",
            Self::Port(_) => "choose a port between 1024 and 65535",
            Self::Host(_) => {
                "give the IP address of the interface, * for all of them, or localhost; names are not looked up"
            }
            Self::Ipv6Brackets => "write it as tcp://[::1]:28332",
            Self::SourceAddress => "leave out the ';' and what stands before it",
            Self::NoPath | Self::WildcardPath => "name the socket file, as in ipc:///run/litecast/zmq.sock",
            Self::PathTooLong(_) => "choose a shorter path",
            Self::Control => "remove it (look for a stray line end in the configuration file)",
        }
    }
}

impl Endpoint {
    /// Parses an address as it stands in an option.
    pub fn parse(address: &str) -> Result<Self, EndpointError> {
        if address.is_empty() {
            return Err(EndpointError::Empty);
        }
        if address.chars().any(char::is_control) {
            return Err(EndpointError::Control);
        }
        let (transport, rest) = address.split_once("://").ok_or(EndpointError::NoTransport)?;
        match transport {
            "tcp" => parse_tcp(rest).map(Self::Tcp),
            "ipc" => parse_ipc(rest),
            other => Err(EndpointError::Transport(other.to_owned())),
        }
    }

    /// True if only programs of this machine can connect.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        match self {
            Self::Tcp(SocketAddr::V4(address)) => address.ip().is_loopback(),
            Self::Tcp(SocketAddr::V6(address)) => address.ip().is_loopback(),
            Self::Ipc(_) | Self::IpcAbstract(_) => true,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Ipc(path) => write!(f, "ipc://{}", path.display()),
            Self::IpcAbstract(name) => write!(f, "ipc://@{name}"),
        }
    }
}

fn parse_tcp(rest: &str) -> Result<SocketAddr, EndpointError> {
    if rest.contains(';') {
        return Err(EndpointError::SourceAddress);
    }
    let (host, port) = rest.rsplit_once(':').ok_or(EndpointError::NoPort)?;
    let ip = if let Some(inner) = host.strip_prefix('[') {
        // `tcp://[::1]` has its last colon inside the brackets: the port is what is missing.
        let inner = inner.strip_suffix(']').ok_or(EndpointError::NoPort)?;
        inner.parse::<Ipv6Addr>().map(IpAddr::V6).map_err(|_| EndpointError::Host(inner.to_owned()))?
    } else if host.contains(':') {
        return Err(EndpointError::Ipv6Brackets);
    } else {
        match host {
            "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => host.parse::<Ipv4Addr>().map(IpAddr::V4).map_err(|_| EndpointError::Host(host.to_owned()))?,
        }
    };
    Ok(SocketAddr::new(ip, parse_port(port)?))
}

fn parse_port(port: &str) -> Result<u16, EndpointError> {
    match port {
        "" => Err(EndpointError::NoPort),
        // libzmq's wildcard: the system chooses.
        "*" => Ok(0),
        // `parse` alone would take "+80".
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_err(|_| EndpointError::Port(digits.to_owned()))
        }
        other => Err(EndpointError::Port(other.to_owned())),
    }
}

fn parse_ipc(path: &str) -> Result<Endpoint, EndpointError> {
    match path {
        "" | "@" => Err(EndpointError::NoPath),
        "*" => Err(EndpointError::WildcardPath),
        _ if path.len() > MAX_IPC_PATH => Err(EndpointError::PathTooLong(path.len())),
        _ => Ok(path
            .strip_prefix('@')
            .map_or_else(|| Endpoint::Ipc(PathBuf::from(path)), |name| Endpoint::IpcAbstract(name.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> String {
        match Endpoint::parse(address) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn addresses_that_work() {
        assert_eq!(tcp("tcp://127.0.0.1:28332"), "tcp://127.0.0.1:28332");
        assert_eq!(tcp("tcp://*:28332"), "tcp://0.0.0.0:28332");
        assert_eq!(tcp("tcp://0.0.0.0:1"), "tcp://0.0.0.0:1");
        assert_eq!(tcp("tcp://[::1]:28332"), "tcp://[::1]:28332");
        assert_eq!(tcp("tcp://[::]:65535"), "tcp://[::]:65535");
        assert_eq!(tcp("tcp://localhost:28332"), "tcp://127.0.0.1:28332");
        assert_eq!(tcp("tcp://127.0.0.1:0"), "tcp://127.0.0.1:0");
        assert_eq!(tcp("tcp://127.0.0.1:*"), "tcp://127.0.0.1:0");
        assert_eq!(tcp("ipc:///run/zmq.sock"), "ipc:///run/zmq.sock");
        assert_eq!(tcp("ipc://relative.sock"), "ipc://relative.sock");
        assert_eq!(Endpoint::parse("ipc://@name"), Ok(Endpoint::IpcAbstract("name".into())));
    }

    #[test]
    fn addresses_that_do_not() {
        for (address, error) in [
            ("", EndpointError::Empty),
            ("0", EndpointError::NoTransport),
            ("127.0.0.1:28332", EndpointError::NoTransport),
            ("unix:/run/zmq.sock", EndpointError::NoTransport),
            ("inproc://x", EndpointError::Transport("inproc".into())),
            ("TCP://127.0.0.1:1", EndpointError::Transport("TCP".into())),
            ("tcp://127.0.0.1", EndpointError::NoPort),
            ("tcp://127.0.0.1:", EndpointError::NoPort),
            ("tcp://[::1]", EndpointError::NoPort),
            // libzmq binds port 4464 for this one.
            ("tcp://127.0.0.1:70000", EndpointError::Port("70000".into())),
            ("tcp://127.0.0.1:99999999999999999999", EndpointError::Port("99999999999999999999".into())),
            ("tcp://127.0.0.1:-1", EndpointError::Port("-1".into())),
            ("tcp://127.0.0.1:+80", EndpointError::Port("+80".into())),
            ("tcp://127.0.0.1:28332 ", EndpointError::Port("28332 ".into())),
            ("tcp://::1:28332", EndpointError::Ipv6Brackets),
            ("tcp://eth0:28332", EndpointError::Host("eth0".into())),
            ("tcp://node.example:28332", EndpointError::Host("node.example".into())),
            ("tcp://1.2.3:28332", EndpointError::Host("1.2.3".into())),
            ("tcp://[zz]:1", EndpointError::Host("zz".into())),
            ("tcp://lo;127.0.0.1:1", EndpointError::SourceAddress),
            ("tcp://127.0.0.1:28332\r", EndpointError::Control),
            ("ipc://", EndpointError::NoPath),
            ("ipc://*", EndpointError::WildcardPath),
        ] {
            let got = Endpoint::parse(address).expect_err(address);
            assert_eq!(got, error, "{address}");
            assert!(!got.hint().is_empty());
        }
        let long = format!("ipc:///{}", "x".repeat(MAX_IPC_PATH));
        assert_eq!(Endpoint::parse(&long), Err(EndpointError::PathTooLong(MAX_IPC_PATH + 1)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(address in ".{0,64}") {
            let _ = Endpoint::parse(&address);
        }

        #[test]
        fn what_is_printed_parses_to_the_same(ip: IpAddr, port: u16) {
            let endpoint = Endpoint::Tcp(SocketAddr::new(ip, port));
            proptest::prop_assert_eq!(Endpoint::parse(&endpoint.to_string()), Ok(endpoint));
        }
    }
}
