//! Listening sockets.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::{Net, Request, dial::parse_numeric};
use crate::config::NetSettings;

/// Bound sockets that wait to be served.
pub(crate) struct Listeners(Vec<TcpListener>);

/// Binds what `-bind`, `-port` and `-listen` ask for. Fails when an address that was named cannot be had, or when none
/// of the default ones can.
pub(crate) async fn bind(settings: &NetSettings) -> Result<Listeners, String> {
    if !settings.listen {
        return Ok(Listeners(Vec::new()));
    }
    let mut listeners = Vec::new();
    let mut failure = None;
    let clear = settings.bind.iter().filter(|text| !text.ends_with("=onion"));
    for text in clear.chain(&settings.white_bind) {
        // `rights@` grants rights.
        let text = text.rsplit_once('@').map_or(text.as_str(), |(_, address)| address);
        let addr = parse_numeric(text, settings.port)
            .ok_or_else(|| format!("Cannot resolve -bind address: '{text}'. Use an IP address, such as 127.0.0.1."))?;
        listeners.push(listen(addr).await.map_err(|error| refusal(addr, &error))?);
    }
    if listeners.is_empty() {
        for text in ["[::]", "0.0.0.0"] {
            let addr = parse_numeric(text, settings.port).expect("because both are addresses");
            match listen(addr).await {
                Ok(listener) => listeners.push(listener),
                Err(error) => failure = Some(refusal(addr, &error)),
            }
        }
    }
    // What comes in here is Tor's. The default port may belong to another node, or to the sockets above.
    let onion_named = settings.bind.iter().any(|text| text.ends_with("=onion"));
    if onion_named || settings.proxy.control.is_some() {
        for addr in &settings.proxy.onion_binds {
            match listen(*addr).await {
                Ok(listener) => listeners.push(listener),
                Err(error) => tracing::debug!(target: "net", "{}", refusal(*addr, &error)),
            }
        }
    }
    match (listeners.is_empty(), failure) {
        (true, Some(failure)) => Err(failure),
        _ => Ok(Listeners(listeners)),
    }
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
    for listener in listeners.0 {
        if let Ok(addr) = listener.local_addr() {
            tracing::info!("Bound to {addr}");
        }
        let requests = net.requests.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            if requests.send(Request::Accepted(stream)).await.is_err() {
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
