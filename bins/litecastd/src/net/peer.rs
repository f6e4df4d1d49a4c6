//! One connection: a task that reads and decodes, and one that writes.

use std::{sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use litecast_p2p::{Decoder, Input, PeerId, fsm::LinkEnd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::Net;

/// Frames that may wait for one peer. The machine stops answering a peer that does not read long before, by bytes.
const FRAME_QUEUE: usize = 4096;
/// Bytes read from a socket at once.
const READ_CHUNK: usize = 64 * 1024;

/// Time for what is still queued when a connection is given up.
const LAST_WORDS: Duration = Duration::from_secs(5);

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
    writer: JoinHandle<()>,
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
        // The writer ends by itself when the last frame is out, unless the peer has stopped reading.
        let writer = self.writer.abort_handle();
        tokio::spawn(async move {
            tokio::time::sleep(LAST_WORDS).await;
            writer.abort();
        });
    }
}

pub(super) fn start(peer: PeerId, stream: TcpStream, magic: [u8; 4], net: &Net) -> Link {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(target: "net", peer, "TCP_NODELAY: {error}");
    }
    let (read_half, write_half) = stream.into_split();
    let (frames, waiting) = mpsc::channel(FRAME_QUEUE);
    let (paused, is_paused) = watch::channel(false);
    let reader = tokio::spawn(read(peer, read_half, magic, is_paused, net.clone()));
    let writer = tokio::spawn(write(peer, write_half, waiting, net.clone()));
    Link { frames, paused, reader, writer }
}

async fn write(peer: PeerId, mut socket: OwnedWriteHalf, mut waiting: mpsc::Receiver<Outgoing>, net: Net) {
    while let Some(frame) = waiting.recv().await {
        let bytes = frame.head.len() + frame.body.len();
        let written = match socket.write_all(&frame.head).await {
            Ok(()) => socket.write_all(&frame.body).await,
            failed => failed,
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

async fn read(peer: PeerId, mut socket: OwnedReadHalf, magic: [u8; 4], mut paused: watch::Receiver<bool>, net: Net) {
    let mut decoder = Decoder::new(magic);
    let mut chunk = vec![0; READ_CHUNK];
    let reason = loop {
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
        loop {
            let input = match decoder.next() {
                Ok(None) => break,
                Ok(Some(decoded)) => Input::decoded(peer, decoded),
                Err(error) => {
                    net.input(Input::BadFrame { peer, error }).await;
                    return;
                }
            };
            if !net.input(input).await {
                return;
            }
        }
    };
    net.input(Input::Disconnected { peer, reason }).await;
}
