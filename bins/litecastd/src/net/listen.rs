//! Listening sockets, and what who connects there may do.

use std::{io, net::SocketAddr, time::Duration};

use litecast_p2p::fsm::Permissions;
use tokio::net::{TcpListener, TcpStream};

use super::{Net, Request, dial::parse_numeric, whitelist};
use crate::config::NetSettings;

/// What a socket says about the peers that it accepts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entrance {
    /// `-whitebind`.
    pub(super) permissions: Permissions,
    /// `-bind=...=onion`: they come through Tor.
    pub(super) onion: bool,
}

/// An accepted connection.
pub(crate) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) entrance: Entrance,
}

/// Bound sockets that wait to be served.
pub(crate) struct Listeners(Vec<(TcpListener, Entrance)>);

impl Listeners {
    /// The addresses of sockets that strangers may be told of.
    pub(super) fn advertised(&self) -> impl Iterator<Item = SocketAddr> {
        let told = |entrance: &Entrance| !entrance.onion && !entrance.permissions.has(Permissions::NOBAN);
        self.0.iter().filter(move |(_, entrance)| told(entrance)).filter_map(|(socket, _)| socket.local_addr().ok())
    }
}

/// Binds what `-bind`, `-whitebind`, `-port` and `-listen` ask for. Fails when an address that was named cannot be had,
/// or when none of the default ones can.
pub(crate) async fn bind(settings: &NetSettings) -> Result<Listeners, String> {
    let mut wanted = Vec::new();
    for text in settings.bind.iter().filter(|text| !text.ends_with("=onion")) {
        let addr =
            parse_numeric(text, settings.port).ok_or_else(|| format!("Cannot resolve -bind address: '{text}'"))?;
        wanted.push((addr, Entrance::default()));
    }
    for text in &settings.white_bind {
        let (permissions, rest) = whitelist::rights(text, settings)?;
        let addr = parse_numeric(rest, 0).ok_or_else(|| format!("Cannot resolve -whitebind address: '{rest}'"))?;
        if addr.port() == 0 {
            return Err(format!("Need to specify a port with -whitebind: '{rest}'"));
        }
        wanted.push((addr, Entrance { permissions, onion: false }));
    }
    if !settings.listen {
        return Ok(Listeners(Vec::new()));
    }
    let mut listeners = Vec::new();
    let default = wanted.is_empty();
    for (addr, entrance) in wanted {
        match listen(addr).await {
            Ok(listener) => listeners.push((listener, entrance)),
            Err(error) => return Err(refusal(addr, &error)),
        }
    }
    if default {
        let mut failure = None;
        let mut bound = false;
        for text in ["[::]", "0.0.0.0"] {
            let addr = parse_numeric(text, settings.port).expect("because both are addresses");
            match listen(addr).await {
                Ok(listener) => {
                    bound = true;
                    listeners.push((listener, Entrance::default()));
                }
                Err(error) => failure = Some(refusal(addr, &error)),
            }
        }
        if let (false, Some(failure)) = (bound, failure) {
            return Err(failure);
        }
    }
    // What comes in here is Tor's. The default port may belong to another node, or to the sockets above.
    let onion_named = settings.bind.iter().any(|text| text.ends_with("=onion"));
    if onion_named || settings.proxy.control.is_some() {
        let entrance = Entrance { permissions: Permissions::NONE, onion: true };
        for addr in &settings.proxy.onion_binds {
            match listen(*addr).await {
                Ok(listener) => listeners.push((listener, entrance)),
                Err(error) => tracing::debug!(target: "net", "{}", refusal(*addr, &error)),
            }
        }
    }
    Ok(Listeners(listeners))
}

fn refusal(addr: SocketAddr, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        format!(
            "Unable to bind to {addr} on this computer. Litecast is probably already running. Choose another -port."
        )
    } else {
        format!("Unable to bind to {addr} on this computer (bind returned error {error})")
    }
}

async fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    // IPv6 sockets of their own, so that both families can be bound side by side.
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::STREAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}

/// Serves bound sockets until the machine ends.
pub(super) fn accept(listeners: Listeners, net: &Net) {
    for (listener, entrance) in listeners.0 {
        if let Ok(addr) = listener.local_addr() {
            tracing::info!("Bound to {addr}");
        }
        let requests = net.requests.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            if requests.send(Request::Accepted(Accepted { stream, entrance })).await.is_err() {
                                return;
                            }
                        }
                        // Out of file descriptors, most likely: give others time to close theirs.
                        Err(error) => {
                            tracing::debug!(target: "net", "accept: {error}");
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                    },
                    () = requests.closed() => return,
                }
            }
        });
    }
}
