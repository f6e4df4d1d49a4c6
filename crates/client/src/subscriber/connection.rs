//! One connection to a publisher: handshake, subscriptions, heartbeat, messages.
//!
//! Blocking, with short reads so that the owner can stop it. A publisher that says nothing for two heartbeats, not even
//! the answer to a PING, is taken for dead.

use std::{
    io,
    io::{Read, Write},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use omq_proto::{
    SocketType,
    proto::{Command, Connection, ConnectionConfig, Role},
};

use crate::address::Stream;

/// How often a waiting read looks whether to stop.
const TICK: Duration = Duration::from_millis(200);
/// Longest time a write (a subscription, a PING) may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest message: a block with its extension block fits many times.
const MAX_MESSAGE: usize = 64 << 20;
/// Bytes read at once.
const READ_SIZE: usize = 256 << 10;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Zmtp(#[from] omq_proto::Error),
    #[error("the publisher closed the connection")]
    Closed,
    #[error("no ZeroMQ publisher answers there")]
    Handshake,
    #[error("the publisher fell silent")]
    Silent,
}

/// What a wait brought.
#[derive(Debug)]
pub(crate) enum Received {
    Frames(Vec<Bytes>),
    /// Nothing yet; a good moment to look whether to stop.
    Nothing,
}

#[derive(Debug)]
pub(crate) struct PublisherConnection {
    stream: Stream,
    codec: Connection,
    input: BytesMut,
    heartbeat: Duration,
    heard: Instant,
    asked: Instant,
}

impl PublisherConnection {
    /// Completes the handshake within `timeout` and subscribes.
    pub(crate) fn open(
        stream: Stream,
        prefixes: &[String],
        timeout: Duration,
        heartbeat: Duration,
    ) -> Result<Self, Lost> {
        stream.set_timeouts(TICK, WRITE_TIMEOUT)?;
        let config = ConnectionConfig::new(Role::Client, SocketType::Sub).max_message_size(MAX_MESSAGE);
        let now = Instant::now();
        let mut this =
            Self { stream, codec: Connection::new(config), input: BytesMut::new(), heartbeat, heard: now, asked: now };
        while !this.codec.is_ready() {
            this.flush()?;
            if now.elapsed() > timeout {
                return Err(Lost::Handshake);
            }
            this.read()?;
        }
        // Over a message frame for 3.0, a command for 3.1: the codec knows the peer.
        for prefix in prefixes {
            this.codec.send_command(&Command::Subscribe(Bytes::copy_from_slice(prefix.as_bytes())))?;
        }
        this.flush()?;
        Ok(this)
    }

    /// The next message, if one comes soon.
    pub(crate) fn receive(&mut self) -> Result<Received, Lost> {
        loop {
            while self.codec.poll_event().is_some() {}
            if let Some(message) = self.codec.poll_message() {
                return Ok(Received::Frames(message.iter().collect()));
            }
            // Answers to the publisher's PINGs; while they cannot leave, nothing more is read.
            self.flush()?;
            if self.codec.has_pending_input() {
                self.codec.resume_input()?;
                continue;
            }
            if !self.read()? {
                self.beat()?;
                return Ok(Received::Nothing);
            }
        }
    }

    /// Reads once; false if nothing came.
    fn read(&mut self) -> Result<bool, Lost> {
        self.input.resize(READ_SIZE, 0);
        match self.stream.read(&mut self.input) {
            Ok(0) => Err(Lost::Closed),
            Ok(n) => {
                self.heard = Instant::now();
                self.codec.handle_input(Bytes::copy_from_slice(&self.input[..n]))?;
                Ok(true)
            }
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> Result<(), Lost> {
        while self.codec.has_pending_transmit() {
            let bytes = self.codec.poll_transmit();
            self.stream.write_all(&bytes)?;
            self.codec.advance_transmit(bytes.len());
        }
        Ok(())
    }

    /// Only 3.1 peers know PING; for others the keepalive of TCP must do.
    fn beat(&mut self) -> Result<(), Lost> {
        let silence = self.heard.elapsed();
        if self.codec.peer_minor() == 0 || silence < self.heartbeat {
            return Ok(());
        }
        if self.asked < self.heard {
            self.asked = Instant::now();
            self.codec.send_command(&Command::Ping { ttl_deciseconds: 0, context: Bytes::new() })?;
            return self.flush();
        }
        if self.asked.elapsed() >= self.heartbeat { Err(Lost::Silent) } else { Ok(()) }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
