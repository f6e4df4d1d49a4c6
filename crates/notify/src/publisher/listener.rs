//! Binds the address of a socket and accepts connections.
//!
//! Owns the socket options (address reuse, keepalive, no Nagle delay) and the policy for socket files: a path on which
//! somebody listens is never taken over, a stale socket file is removed, another kind of file is never touched, and
//! our own file goes when the listener goes, unless it is not ours any more.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::settings::PublisherSettings;
use crate::endpoint::Endpoint;

/// Connections that may wait to be accepted (the system caps it).
const BACKLOG: i32 = 1024;

/// Why an address that can be understood cannot be listened on.
#[derive(Debug, Error)]
pub enum BindError {
    /// Somebody listens there.
    #[error("the address is in use")]
    InUse,
    /// A port below 1024, or a directory without write permission.
    #[error("permission denied")]
    Denied,
    /// No interface of this machine has the address.
    #[error("no interface of this machine has this address")]
    NotLocal,
    /// The path exists and is not a socket.
    #[error("the path exists and is not a socket")]
    NotASocket,
    /// The directory of the path does not exist.
    #[error("the directory does not exist")]
    NoDirectory,
    /// Anything else the operating system says.
    #[error("{0}")]
    Io(io::Error),
}

impl BindError {
    /// What the user can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InUse => {
                "another program (perhaps another node) or another spelling of the same address in the configuration \
                 listens there: stop it or choose another address"
            }
            Self::Denied => "choose a port above 1023, or a directory this user may write to",
            Self::NotLocal => "use an address of this machine, 127.0.0.1, or * for all interfaces",
            Self::NotASocket => "choose another path; the file is not touched",
            Self::NoDirectory => "create the directory first",
            Self::Io(_) => "see the message of the operating system",
        }
    }
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::AddrNotAvailable => Self::NotLocal,
            io::ErrorKind::NotFound => Self::NoDirectory,
            _ => Self::Io(error),
        }
    }
}

/// A bound socket.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix {
        // First, so that the file is removed before the listener closes, while the path is certainly still ours.
        _file: Option<SocketFile>,
        listener: UnixListener,
    },
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Listener {
    /// Binds; must be called inside a tokio runtime.
    pub(crate) fn bind(endpoint: &Endpoint) -> Result<Self, BindError> {
        match endpoint {
            Endpoint::Tcp(address) => bind_tcp(*address),
            Endpoint::Ipc(path) => {
                clear_path(path)?;
                let listener = bind_unix(&SockAddr::unix(path)?)?;
                Ok(Self::Unix { _file: Some(SocketFile::new(path)?), listener })
            }
            Endpoint::IpcAbstract(name) => {
                let listener = bind_unix(&SockAddr::unix(format!("\0{name}"))?)?;
                Ok(Self::Unix { _file: None, listener })
            }
        }
    }

    /// The address as it turned out, with the real port.
    pub(crate) fn bound(&self, wanted: &Endpoint) -> String {
        match self {
            Self::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| wanted.to_string(), |address| format!("tcp://{address}"))
            }
            Self::Unix { .. } => wanted.to_string(),
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, peer)| Stream::Tcp(stream, peer)),
            Self::Unix { listener, .. } => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

impl Stream {
    /// Sets what can only be set on a connection. Failures are not worth losing a subscriber for.
    pub(crate) fn configure(&self, settings: &PublisherSettings) {
        let socket = match self {
            Self::Tcp(stream, _) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        };
        if let Some(bytes) = settings.send_buffer {
            let _ = socket.set_send_buffer_size(bytes);
        }
        if let Self::Tcp(..) = self {
            let (idle, interval) = settings.keepalive;
            let _ = socket.set_tcp_nodelay(true);
            let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(interval));
        }
    }
}

fn bind_tcp(address: SocketAddr) -> Result<Listener, BindError> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        // `[::]` serves both families, as libzmq does with ZMQ_IPV6.
        socket.set_only_v6(false)?;
    }
    // A node that restarts must not wait for the last connections of its predecessor to fade.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(Listener::Tcp(TcpListener::from_std(socket.into())?))
}

fn bind_unix(address: &SockAddr) -> Result<UnixListener, BindError> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(UnixListener::from_std(socket.into())?)
}

/// Makes sure that `path` is free, removing a socket file on which nobody listens.
fn clear_path(path: &Path) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(BindError::NotASocket),
        Ok(_) => {}
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A listener with a full backlog would make a blocking connect wait.
    probe.set_nonblocking(true)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::debug!(path = %path.display(), "removing a stale ZeroMQ socket file");
            fs::remove_file(path).map_err(BindError::from)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(BindError::Denied),
        // Connected, or would be if there were room: it is alive. A datagram socket (EPROTOTYPE) is not ours either.
        Ok(()) | Err(_) => Err(BindError::InUse),
    }
}

/// The file of our own socket; removed on drop.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device_and_inode: (metadata.dev(), metadata.ino()) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = |metadata: fs::Metadata| (metadata.dev(), metadata.ino()) == self.device_and_inode;
        if fs::symlink_metadata(&self.path).is_ok_and(ours) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
