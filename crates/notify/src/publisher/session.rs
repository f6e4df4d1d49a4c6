//! One connection: the ZMTP handshake, its subscriptions, and writing what its queue holds.
//!
//! Owns one task's loop. The codec (`omq-proto`) reads what the peer sends and makes greeting, READY, PING and PONG;
//! messages are written around it, already encoded. Serves ZMTP 3.0 (subscriptions as messages) and 3.1 (as commands).
//! Refuses: other socket types, other mechanisms than NULL, handshakes that are slow or long, frames above
//! [`MAX_INBOUND`] bytes.

use std::{collections::VecDeque, io, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use omq_proto::{
    SocketType,
    proto::{Command, Connection, ConnectionConfig, Event, Role},
};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{Closing, settings::PublisherSettings, socket::PubSocket, subscriber::Subscriber};

/// Largest frame a subscriber may send; a subscription is its only use.
const MAX_INBOUND: usize = 4096;
/// Bytes a peer may send before its handshake is complete (greeting 64, READY some dozens).
const MAX_HANDSHAKE: usize = 4096;
/// Bytes read at once.
const READ_SIZE: usize = 4096;
/// Messages are taken from the queue until this many bytes are in hand; the rest can still be counted, and dropped.
const BATCH: usize = 64 * 1024;
/// Chunks of one gathering write.
const MAX_SLICES: usize = 64;

#[derive(Debug, Error)]
enum SessionError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Zmtp(#[from] omq_proto::Error),
    #[error("the peer closed the connection during the handshake")]
    Closed,
    #[error("the handshake took too long")]
    Timeout,
    #[error("too much data before the end of the handshake")]
    HandshakeTooLong,
    #[error("too many subscriptions")]
    TooManySubscriptions,
}

/// Serves one connection until the peer leaves or the publisher closes.
pub(crate) async fn serve<R, W>(
    reader: R,
    writer: W,
    peer: &str,
    socket: &PubSocket,
    settings: &PublisherSettings,
    closing: Closing,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut session = Session::new(reader, writer);
    let mut early = closing.clone();
    let shaken = tokio::select! {
        _ = early.changed() => return,
        shaken = timeout(settings.handshake_timeout, session.handshake()) => {
            shaken.unwrap_or(Err(SessionError::Timeout))
        }
    };
    let minor = match shaken {
        Ok(minor) => minor,
        Err(error) => {
            socket.refuse();
            tracing::debug!(peer, address = socket.bound(), %error, "ZeroMQ: handshake failed");
            return;
        }
    };
    let subscriber = socket.join(peer.to_owned(), minor);
    let end = session.run(&subscriber, minor, settings, closing).await;
    socket.leave(&subscriber);
    match end {
        Ok(()) => tracing::debug!(peer, address = socket.bound(), "ZeroMQ: subscriber left"),
        Err(error) => tracing::debug!(peer, address = socket.bound(), %error, "ZeroMQ: subscriber lost"),
    }
}

struct Session<R, W> {
    reader: R,
    writer: W,
    codec: Connection,
    input: BytesMut,
    /// What is being written: whole messages and commands, the first chunk perhaps partly gone.
    output: VecDeque<Bytes>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<R, W> {
    fn new(reader: R, writer: W) -> Self {
        let config = ConnectionConfig::new(Role::Server, SocketType::Pub).max_message_size(MAX_INBOUND);
        Self { reader, writer, codec: Connection::new(config), input: BytesMut::new(), output: VecDeque::new() }
    }

    /// Exchanges greeting and READY; returns the peer's minor version.
    async fn handshake(&mut self) -> Result<u8, SessionError> {
        let mut received = 0;
        while !self.codec.is_ready() {
            self.flush_codec().await?;
            let n = self.read().await?;
            received += n;
            match n {
                0 => return Err(SessionError::Closed),
                _ if received > MAX_HANDSHAKE && !self.codec.is_ready() => return Err(SessionError::HandshakeTooLong),
                _ => {}
            }
        }
        self.flush_codec().await?;
        Ok(self.codec.peer_minor())
    }

    async fn flush_codec(&mut self) -> io::Result<()> {
        let bytes = self.codec.poll_transmit();
        self.codec.advance_transmit(bytes.len());
        self.writer.write_all(&bytes).await
    }

    /// Reads once and feeds the codec; 0 is the end.
    async fn read(&mut self) -> Result<usize, SessionError> {
        self.input.reserve(READ_SIZE);
        let n = self.reader.read_buf(&mut self.input).await?;
        if n != 0 {
            self.codec.handle_input(self.input.split().freeze())?;
        }
        Ok(n)
    }

    async fn run(
        &mut self,
        subscriber: &Subscriber,
        minor: u8,
        settings: &PublisherSettings,
        mut closing: Closing,
    ) -> Result<(), SessionError> {
        let ping_every = settings.ping_interval.filter(|_| minor >= 1);
        let period = ping_every.unwrap_or(settings.handshake_timeout);
        let mut ping = interval_at(Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_write = Instant::now();
        let mut deadline = None;
        // Subscriptions may have come in one packet with the end of the handshake.
        self.apply_subscriptions(subscriber)?;
        loop {
            self.refill(subscriber)?;
            if self.output.is_empty() && deadline.is_some() {
                self.writer.shutdown().await?;
                return Ok(());
            }
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let chunks = self.output.iter().zip(slices.iter_mut()).map(|(chunk, slice)| *slice = IoSlice::new(chunk));
            let count = chunks.count();
            self.input.reserve(READ_SIZE);
            tokio::select! {
                written = self.writer.write_vectored(&slices[..count]), if count != 0 => {
                    match written? {
                        0 => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                        n => advance(&mut self.output, n),
                    }
                    last_write = Instant::now();
                }
                read = self.reader.read_buf(&mut self.input), if self.codec.accepts_input() => {
                    if read? == 0 {
                        return Ok(());
                    }
                    self.codec.handle_input(self.input.split().freeze())?;
                    self.apply_subscriptions(subscriber)?;
                }
                () = subscriber.wait(), if count == 0 => {}
                _ = ping.tick(), if count == 0 && ping_every.is_some() => {
                    if last_write.elapsed() >= period {
                        // A time to live of 0: the peer need not time us out.
                        self.codec.send_command(&Command::Ping { ttl_deciseconds: 0, context: Bytes::new() })?;
                    }
                }
                changed = closing.changed(), if deadline.is_none() => {
                    match (changed, *closing.borrow_and_update()) {
                        (Ok(()), Some(at)) => deadline = Some(at),
                        // The publisher was dropped without a shutdown.
                        _ => return Ok(()),
                    }
                }
                () = sleep_until(deadline.unwrap_or(last_write)), if deadline.is_some() => return Ok(()),
            }
        }
    }

    /// When everything is written: what the codec wants to say, then the next messages.
    fn refill(&mut self, subscriber: &Subscriber) -> Result<(), SessionError> {
        if !self.output.is_empty() {
            return Ok(());
        }
        if self.codec.has_pending_transmit() {
            self.output.extend(self.codec.clone_transmit_chunks());
            self.codec.advance_transmit(self.codec.pending_transmit_size());
        }
        if self.codec.has_pending_input() {
            self.codec.resume_input()?;
            self.apply_subscriptions(subscriber)?;
        }
        subscriber.take(&mut self.output, BATCH);
        Ok(())
    }

    fn apply_subscriptions(&mut self, subscriber: &Subscriber) -> Result<(), SessionError> {
        while let Some(event) = self.codec.poll_event() {
            match event {
                Event::Command(Command::Subscribe(prefix)) => subscribe(subscriber, &prefix)?,
                Event::Command(Command::Cancel(prefix)) => subscriber.cancel(&prefix),
                // Nothing else means anything to a publisher.
                _ => {}
            }
        }
        // ZMTP 3.0 (RFC 23): a one-frame message, 1 subscribes and 0 cancels.
        while let Some(message) = self.codec.poll_message() {
            match message.get(0) {
                Some([1, prefix @ ..]) if !message.is_multipart() => subscribe(subscriber, prefix)?,
                Some([0, prefix @ ..]) if !message.is_multipart() => subscriber.cancel(prefix),
                _ => {}
            }
        }
        Ok(())
    }
}

fn subscribe(subscriber: &Subscriber, prefix: &[u8]) -> Result<(), SessionError> {
    subscriber.subscribe(prefix).map_err(|_| SessionError::TooManySubscriptions)
}

/// Removes `n` written bytes from the front.
fn advance(output: &mut VecDeque<Bytes>, mut n: usize) {
    while let Some(front) = output.front_mut() {
        if n < front.len() {
            front.advance(n);
            return;
        }
        n -= front.len();
        output.pop_front();
    }
}
