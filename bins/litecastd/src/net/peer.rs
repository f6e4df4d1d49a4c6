//! One connection: a task that reads and decodes, and one that writes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use litecast_p2p::{Decoder, Input, PeerId, fsm::LinkEnd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{
    Net, Request,
    transport::{self, Opening, PacketWriter, Reading, Session, TransportError},
};

/// Frames that may wait for one peer. The machine stops answering a peer that does not read long before, by bytes.
const FRAME_QUEUE: usize = 4096;
/// Bytes read from a socket at once.
const READ_CHUNK: usize = 64 * 1024;

/// Messages of one peer that may wait for the machine, decoded, and their bytes. A longer one comes alone. What the queue of
/// the machine holds is thus shared out among the peers, and a flood of one delays the others by no more than these.
const READ_AHEAD: u32 = 8;
const READ_AHEAD_BYTES: u32 = 256 * 1024;

/// Time for what is still queued when a connection is given up.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// So many given up connections have that time; those beyond them end at once, as peers can make them as fast as they like.
pub(super) const MAX_LAST_WORDS: usize = 16;

/// One message on its way out; the parts are written one after the other.
pub(super) struct Outgoing {
    pub(super) head: Bytes,
    pub(super) body: Bytes,
}

/// The driver's end of a connection; dropping it closes the socket.
pub(super) struct Link {
    frames: mpsc::Sender<Outgoing>,
    paused: watch::Sender<bool>,
    reader: JoinHandle<()>,
    /// Taken at the end.
    writer: Option<JoinHandle<()>>,
    last_words: Arc<Semaphore>,
}

impl Link {
    /// Queues a frame; fails when the peer is hopelessly behind.
    pub(super) fn send(&self, frame: Bytes) -> Result<(), ()> {
        self.frames.try_send(Outgoing { head: frame, body: Bytes::new() }).map_err(|_| ())
    }

    /// For a thread that will have a frame to send.
    pub(super) fn frames(&self) -> mpsc::Sender<Outgoing> {
        self.frames.clone()
    }

    pub(super) fn pause(&self, pause: bool) {
        self.paused.send_replace(pause);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
        let Some(mut writer) = self.writer.take() else { return };
        let Ok(turn) = Arc::clone(&self.last_words).try_acquire_owned() else { return writer.abort() };
        // Without its queue's other end, the writer ends by itself when the last frame is out, unless the peer has
        // stopped reading.
        tokio::spawn(async move {
            if tokio::time::timeout(LAST_WORDS, &mut writer).await.is_err() {
                writer.abort();
            }
            drop(turn);
        });
    }
}

/// How a connection begins.
pub(super) enum Start {
    /// In the plain transport.
    Plain,
    /// In whichever the peer chooses.
    AsPeerWants,
    /// Encrypted: the handshake is done.
    Encrypted(Box<Session>),
}

pub(super) fn start(peer: PeerId, stream: TcpStream, start: Start, magic: [u8; 4], net: &Net) -> Link {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(target: "net", peer, "TCP_NODELAY: {error}");
    }
    let (mut read_half, mut write_half) = stream.into_split();
    let (frames, waiting) = mpsc::channel(FRAME_QUEUE);
    let (paused, is_paused) = watch::channel(false);
    let (opened, is_open) = oneshot::channel();
    let reader = tokio::spawn({
        let net = net.clone();
        async move {
            match open(start, &mut read_half, &mut write_half, magic, &net).await {
                Ok((reading, packets)) => {
                    if opened.send((write_half, packets)).is_ok() {
                        read(peer, read_half, reading, is_paused, net).await;
                    }
                }
                Err(error) => {
                    let reason = match error {
                        TransportError::Closed | TransportError::NoAnswer => LinkEnd::Closed,
                        error => LinkEnd::Failed(error.to_string()),
                    };
                    net.input(Input::Disconnected { peer, reason }).await;
                }
            }
        }
    });
    let writer = tokio::spawn({
        let net = net.clone();
        async move {
            // The machine says nothing to an inbound peer before that has said its version.
            if let Ok((write_half, packets)) = is_open.await {
                write(peer, write_half, packets, waiting, net).await;
            }
        }
    });
    Link { frames, paused, reader, writer: Some(writer), last_words: Arc::clone(&net.last_words) }
}

/// Settles the transport. The machine ends a peer that takes too long for it.
async fn open(
    start: Start,
    read_half: &mut OwnedReadHalf,
    write_half: &mut OwnedWriteHalf,
    magic: [u8; 4],
    net: &Net,
) -> Result<(Reading, Option<PacketWriter>), TransportError> {
    let opening = match start {
        Start::Plain => Opening::Plain(Vec::new()),
        Start::Encrypted(session) => Opening::Encrypted(*session),
        Start::AsPeerWants => transport::respond(read_half, write_half, magic).await?,
    };
    Ok(match opening {
        Opening::Plain(early) => {
            let mut decoder = Decoder::new(magic);
            net.received.fetch_add(early.len() as u64, Ordering::Relaxed);
            decoder.push(&early);
            (Reading::Plain(decoder), None)
        }
        Opening::Encrypted(session) => {
            tracing::debug!(target: "net", session = session.id(), "encrypted transport");
            let (reader, writer) = session.split();
            (Reading::Encrypted(Box::new(reader)), Some(writer))
        }
    })
}

async fn write(
    peer: PeerId,
    mut socket: OwnedWriteHalf,
    mut packets: Option<PacketWriter>,
    mut waiting: mpsc::Receiver<Outgoing>,
    net: Net,
) {
    while let Some(frame) = waiting.recv().await {
        let bytes = frame.head.len() + frame.body.len();
        let written = match &mut packets {
            None => match socket.write_all(&frame.head).await {
                Ok(()) => socket.write_all(&frame.body).await,
                failed => failed,
            },
            Some(packets) => match packets.seal(&frame.head, &frame.body) {
                Ok(packet) => socket.write_all(&packet).await,
                Err(error) => Err(error),
            },
        };
        if let Err(error) = written {
            net.input(Input::Disconnected { peer, reason: LinkEnd::Failed(error.to_string()) }).await;
            return;
        }
        if !net.input(Input::Sent { peer, bytes }).await {
            return;
        }
    }
}

async fn read(
    peer: PeerId,
    mut socket: OwnedReadHalf,
    mut decoder: Reading,
    mut paused: watch::Receiver<bool>,
    net: Net,
) {
    let mut chunk = vec![0; READ_CHUNK];
    let ahead = Arc::new(Semaphore::new(usize::try_from(READ_AHEAD_BYTES).unwrap_or(usize::MAX)));
    let reason = loop {
        // What came with the handshake is there already.
        loop {
            let decoded = match decoder.next() {
                Ok(None) => break,
                Ok(Some(decoded)) => decoded,
                Err(error) => {
                    net.input(Input::BadFrame { peer, error }).await;
                    return;
                }
            };
            // Before it is decoded: what comes of that is larger.
            let size = u32::try_from(decoded.size()).unwrap_or(u32::MAX);
            let size = size.clamp(READ_AHEAD_BYTES / READ_AHEAD, READ_AHEAD_BYTES);
            let Ok(share) = Arc::clone(&ahead).acquire_many_owned(size).await else { return };
            let request = Request::Read(Input::decoded(peer, decoded), share);
            if net.requests.send(request).await.is_err() {
                return;
            }
        }
        if paused.wait_for(|paused| !*paused).await.is_err() {
            return;
        }
        match socket.read(&mut chunk).await {
            Ok(0) => break LinkEnd::Closed,
            Ok(n) => {
                net.received.fetch_add(n as u64, Ordering::Relaxed);
                decoder.push(&chunk[..n]);
            }
            Err(error) => break LinkEnd::Failed(error.to_string()),
        }
    };
    net.input(Input::Disconnected { peer, reason }).await;
}

#[cfg(test)]
mod tests;
