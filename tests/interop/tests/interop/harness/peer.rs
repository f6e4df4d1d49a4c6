//! A peer of our own that says what it likes, well or badly.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

/// Start of every regtest message (v0.21.5.5 `src/chainparams.cpp`).
pub(crate) const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

/// A connection to a node.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: TcpStream,
    nonce: u64,
}

/// The first four bytes of the double SHA-256.
pub(crate) fn checksum(payload: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest(Sha256::digest(payload));
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A whole message; `size` and `sum` may lie.
pub(crate) fn message(magic: [u8; 4], command: &str, payload: &[u8], size: u32, sum: [u8; 4]) -> Vec<u8> {
    let mut name = [0; 12];
    name[..command.len()].copy_from_slice(command.as_bytes());
    [&magic[..], &name, &size.to_le_bytes(), &sum, payload].concat()
}

/// A whole message as it should be.
pub(crate) fn good(command: &str, payload: &[u8]) -> Vec<u8> {
    message(MAGIC, command, payload, u32::try_from(payload.len()).unwrap(), checksum(payload))
}

impl Peer {
    /// Connects and says nothing.
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream, nonce: 0 }
    }

    /// Connects and shakes hands, with nothing to give.
    pub(crate) fn shake_hands(port: u16) -> Self {
        Self::offering(0, port)
    }

    /// Connects and shakes hands as a node with these services.
    pub(crate) fn offering(services: u64, port: u16) -> Self {
        let mut peer = Self::connect(port);
        let mut version = Vec::new();
        version.extend(70_017_i32.to_le_bytes());
        // Any time; two empty addresses; a nonce that is not the node's; a name; a height; no relay.
        version.extend(services.to_le_bytes());
        version.extend(1_700_000_000_i64.to_le_bytes());
        version.extend([0; 52]);
        version.extend(u64::from(port).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        version.extend(b"\x09/interop/");
        version.extend([0; 4]);
        version.push(0);
        peer.send(&good("version", &version));
        peer.read_until("verack").expect("because a node answers a version");
        peer.send(&good("verack", &[]));
        assert!(peer.ping(), "no pong after the handshake");
        peer
    }

    /// Sends bytes; the node may have closed already, which is not this function's business.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    fn read_exact(&mut self, buffer: &mut [u8], deadline: Instant) -> Option<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the node neither answers nor closes the connection");
            self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return None,
                Ok(n) => filled += n,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
        Some(())
    }

    /// Reads messages up to one with this command; `None` if the node closes the connection first.
    pub(crate) fn read_until(&mut self, command: &str) -> Option<Vec<u8>> {
        self.read_all_until(command).pop().map(|(_, payload)| payload)
    }

    /// The same with the messages before it, and their commands. Nothing if the node closes the connection first.
    pub(crate) fn read_all_until(&mut self, command: &str) -> Vec<(String, Vec<u8>)> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut read = Vec::new();
        loop {
            let Some((name, payload)) = self.read(deadline) else { return Vec::new() };
            let last = name == command;
            read.push((name, payload));
            if last {
                return read;
            }
        }
    }

    fn read(&mut self, deadline: Instant) -> Option<(String, Vec<u8>)> {
        let mut head = [0; 24];
        self.read_exact(&mut head, deadline)?;
        assert_eq!(head[..4], MAGIC, "the node's own messages are in order");
        let size = u32::from_le_bytes([head[16], head[17], head[18], head[19]]);
        let mut payload = vec![0; usize::try_from(size).unwrap()];
        self.read_exact(&mut payload, deadline)?;
        assert_eq!(head[20..24], checksum(&payload));
        let name = head[4..16].split(|byte| *byte == 0).next().unwrap_or_default();
        Some((String::from_utf8_lossy(name).into_owned(), payload))
    }

    /// Sends a ping; true if the pong comes, false if the node has closed the connection.
    pub(crate) fn ping(&mut self) -> bool {
        self.nonce += 1;
        let nonce = self.nonce.to_le_bytes();
        self.send(&good("ping", &nonce));
        loop {
            match self.read_until("pong") {
                Some(pong) if pong == nonce => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }
}
