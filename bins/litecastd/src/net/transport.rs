//! The encrypted transport (BIP324): the handshake, and packets instead of plain frames.
//!
//! Owns the handshake of both sides and the ciphers of a connection; the salt is that of BIP324 with the network's magic. Keys are
//! 64 bytes that look like noise; up to 4095 bytes of garbage follow, then a terminator of 16, then packets: decoys, the
//! version packet, messages. Memory: at most [`READ_SIZE`] beyond what a step needs in the handshake; later a packet's length is
//! checked before it is kept, and its memory grows with what came. Time is the business of who calls. What is in a packet is
//! that of `litecast_p2p::codec::packet`.

use std::io;

use bip324::{
    CipherSession, GarbageResult, Handshake, InboundCipher, Initialized, NUM_HEADER_BYTES, NUM_LENGTH_BYTES,
    OutboundCipher, PacketType, ReceivedKey, Role, SentKey, VersionResult,
};
use bytes::{Buf as _, Bytes, BytesMut};
use litecast_p2p::{
    Decoded, Decoder,
    codec::{
        FrameError,
        packet::{PacketDecoder, packet_contents},
    },
};
use rand::{Rng as _, RngExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const KEY_SIZE: usize = 64;
const MAX_GARBAGE: usize = 4095;
const TAG_SIZE: usize = 16;
/// Of the first byte in a packet: it carries nothing.
const DECOY: u8 = 0x80;
/// Bytes read at once in the handshake.
const READ_SIZE: usize = 4096;
/// Memory for a packet is taken at most this far ahead of what came.
const AHEAD: usize = 256 * 1024;
/// The command of a plain connection's first message.
const VERSION_COMMAND: &[u8; 12] = b"version\0\0\0\0\0";

/// Why there is no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    /// The peer went away without a word: it may know the plain transport only.
    #[error("no answer to the encrypted handshake")]
    NoAnswer,
    /// The peer went away in the middle.
    #[error("closed during the encrypted handshake")]
    Closed,
    /// Reading or writing failed.
    #[error("{0}")]
    Link(#[from] io::Error),
    /// A plain connection of another network.
    #[error("plain version message of another network")]
    WrongNetwork,
    /// A packet before the first message that is longer than any message may be then.
    #[error("packet of {0} bytes in the encrypted handshake")]
    PacketTooLong(usize),
    /// No terminator after the garbage, or a packet that was made with another key.
    #[error("encrypted handshake: {0}")]
    Protocol(#[from] bip324::Error),
}

/// Ciphers that both sides agree on, and what came behind the handshake.
pub(crate) struct Session {
    ciphers: CipherSession,
    unread: BytesMut,
}

/// How an accepted connection begins.
pub(super) enum Opening {
    /// As it always was; these bytes were read.
    Plain(Vec<u8>),
    /// Encrypted.
    Encrypted(Session),
}

impl Session {
    /// The same on both sides, for the log.
    pub(super) fn id(&self) -> String {
        hex::encode(self.ciphers.id())
    }

    /// For the one task that reads and the one that writes.
    pub(super) fn split(self) -> (PacketReader, PacketWriter) {
        let (inbound, outbound) = self.ciphers.into_split();
        (PacketReader::new(inbound, self.unread), PacketWriter(outbound))
    }
}

/// The handshake of who has opened the connection.
pub(super) async fn initiate(
    read: &mut (impl AsyncRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
    magic: [u8; 4],
) -> Result<Session, TransportError> {
    let garbage = garbage();
    let (hello, handshake) = hello(magic, Role::Initiator, &garbage)?;
    // A peer that hangs up at once may do so before all is written.
    let written = write.write_all(&hello).await;
    let mut early = Vec::new();
    let answer = match written {
        Ok(()) => fill(read, &mut early, KEY_SIZE).await,
        Err(error) => Err(error.into()),
    };
    match answer {
        Err(_) if early.is_empty() => return Err(TransportError::NoAnswer),
        answer => answer?,
    }
    agree(handshake, read, write, &early).await
}

/// The handshake of who has accepted the connection, if it turns out to be an encrypted one.
pub(super) async fn respond(
    read: &mut (impl AsyncRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
    magic: [u8; 4],
) -> Result<Opening, TransportError> {
    let plain = [&magic[..], VERSION_COMMAND].concat();
    let mut early = Vec::new();
    loop {
        let compared = early.len().min(plain.len());
        if early[..compared] != plain[..compared] {
            break;
        }
        if compared == plain.len() {
            return Ok(Opening::Plain(early));
        }
        let wanted = early.len() + 1;
        fill(read, &mut early, wanted).await?;
    }
    let garbage = garbage();
    let (hello, handshake) = hello(magic, Role::Responder, &garbage)?;
    write.write_all(&hello).await?;
    fill(read, &mut early, KEY_SIZE).await?;
    if early[magic.len()..].starts_with(VERSION_COMMAND) {
        return Err(TransportError::WrongNetwork);
    }
    agree(handshake, read, write, &early).await.map(Opening::Encrypted)
}

fn garbage() -> Vec<u8> {
    let mut rng = rand::rng();
    let mut garbage = vec![0; rng.random_range(0..=MAX_GARBAGE)];
    rng.fill_bytes(&mut garbage);
    garbage
}

/// Our key and garbage, to be sent.
fn hello(magic: [u8; 4], role: Role, garbage: &[u8]) -> Result<(Vec<u8>, Handshake<SentKey<'_>>), bip324::Error> {
    let mut hello = vec![0; Handshake::<Initialized>::send_key_len(Some(garbage))];
    let handshake = Handshake::<Initialized>::new(magic, role)?.send_key(Some(garbage), &mut hello)?;
    Ok((hello, handshake))
}

/// From the peer's key, with which `early` begins, to its version packet.
async fn agree(
    handshake: Handshake<SentKey<'_>>,
    read: &mut (impl AsyncRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
    early: &[u8],
) -> Result<Session, TransportError> {
    let (key, rest) = early.split_first_chunk::<KEY_SIZE>().ok_or(TransportError::Closed)?;
    let handshake = handshake.receive_key(*key)?;
    let mut version = vec![0; Handshake::<ReceivedKey<'_>>::send_version_len(None)];
    let mut handshake = handshake.send_version(&mut version, None)?;
    write.write_all(&version).await?;
    let mut garbage = rest.to_vec();
    let (mut handshake, used) = loop {
        match handshake.receive_garbage(&garbage)? {
            GarbageResult::FoundGarbage { handshake, consumed_bytes } => break (handshake, consumed_bytes),
            GarbageResult::NeedMoreData(again) => handshake = again,
        }
        let wanted = garbage.len() + 1;
        fill(read, &mut garbage, wanted).await?;
    };
    let limit = PacketDecoder::new().limit();
    let mut unread = garbage[used..].to_vec();
    loop {
        fill(read, &mut unread, NUM_LENGTH_BYTES).await?;
        let (length, _) = unread.split_first_chunk().ok_or(TransportError::Closed)?;
        let length = handshake.decrypt_packet_len(*length)?;
        let contents = length - NUM_HEADER_BYTES - TAG_SIZE;
        if contents > limit {
            return Err(TransportError::PacketTooLong(contents));
        }
        let end = NUM_LENGTH_BYTES + length;
        fill(read, &mut unread, end).await?;
        let result = handshake.receive_version(&mut unread[NUM_LENGTH_BYTES..end])?;
        unread.drain(..end);
        match result {
            VersionResult::Complete { cipher } => return Ok(Session { ciphers: cipher, unread: unread[..].into() }),
            VersionResult::Decoy(again) => handshake = again,
        }
    }
}

/// Reads until there are so many bytes; not many more.
async fn fill(read: &mut (impl AsyncRead + Unpin), into: &mut Vec<u8>, wanted: usize) -> Result<(), TransportError> {
    let mut chunk = [0; READ_SIZE];
    while into.len() < wanted {
        match read.read(&mut chunk).await? {
            0 => return Err(TransportError::Closed),
            n => into.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(())
}

/// Turns bytes of one peer into messages, in either transport. Used as `litecast_p2p::Decoder`.
pub(super) enum Reading {
    /// Plain.
    Plain(Decoder),
    /// Encrypted.
    Encrypted(Box<PacketReader>),
}

impl Reading {
    /// Takes bytes as they came from the socket.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        match self {
            Self::Plain(decoder) => decoder.push(chunk),
            Self::Encrypted(reader) => reader.push(chunk),
        }
    }

    /// The next message, if it is complete.
    pub(super) fn next(&mut self) -> Result<Option<Decoded>, FrameError> {
        match self {
            Self::Plain(decoder) => decoder.next(),
            Self::Encrypted(reader) => reader.next(),
        }
    }
}

/// Opens packets.
pub(super) struct PacketReader {
    cipher: InboundCipher,
    decoder: PacketDecoder,
    staged: BytesMut,
    /// The packet under way: its length, and what is there of it.
    packet: Option<(usize, Vec<u8>)>,
    broken: Option<FrameError>,
}

impl PacketReader {
    fn new(cipher: InboundCipher, staged: BytesMut) -> Self {
        Self { cipher, decoder: PacketDecoder::new(), staged, packet: None, broken: None }
    }

    fn push(&mut self, mut chunk: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        // Bytes of a packet need not go through the stage.
        if let Some((length, packet)) = self.packet.as_mut().filter(|_| self.staged.is_empty()) {
            chunk.advance(feed(packet, *length, chunk));
        }
        self.staged.extend_from_slice(chunk);
    }

    fn next(&mut self) -> Result<Option<Decoded>, FrameError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let found = self.advance();
        if let Err(error) = &found {
            self.broken = Some(error.clone());
            (self.staged, self.packet) = (BytesMut::new(), None);
        }
        found
    }

    fn advance(&mut self) -> Result<Option<Decoded>, FrameError> {
        loop {
            let Some((length, packet)) = &mut self.packet else {
                let Some((length, _)) = self.staged.split_first_chunk::<NUM_LENGTH_BYTES>() else { return Ok(None) };
                let length = self.cipher.decrypt_packet_len(*length);
                self.staged.advance(NUM_LENGTH_BYTES);
                let (size, limit) = (length - NUM_HEADER_BYTES - TAG_SIZE, self.decoder.limit());
                if size > limit {
                    return Err(FrameError::PacketTooLong { size, limit });
                }
                self.packet = Some((length, Vec::new()));
                continue;
            };
            let fed = feed(packet, *length, &self.staged);
            self.staged.advance(fed);
            if packet.len() < *length {
                return Ok(None);
            }
            let mut packet = std::mem::take(packet);
            self.packet = None;
            let (_, plain) = self.cipher.decrypt_in_place(&mut packet, None).map_err(|_| FrameError::BadPacket)?;
            let (is_decoy, end) = (plain[0] & DECOY != 0, plain.len());
            if !is_decoy {
                return self.decoder.decode(Bytes::from(packet).slice(NUM_HEADER_BYTES..end)).map(Some);
            }
        }
    }

    /// Bytes of memory that are held.
    #[cfg(test)]
    fn buffered(&self) -> usize {
        self.staged.len() + self.packet.as_ref().map_or(0, |(_, packet)| packet.capacity())
    }
}

/// Takes what belongs to the packet; says how much that was.
fn feed(packet: &mut Vec<u8>, length: usize, chunk: &[u8]) -> usize {
    let missing = length - packet.len();
    let taken = missing.min(chunk.len());
    if packet.capacity() - packet.len() < taken {
        packet.reserve_exact(missing.min(taken + AHEAD.max(packet.len())));
    }
    packet.extend_from_slice(&chunk[..taken]);
    taken
}

/// Makes packets.
pub(super) struct PacketWriter(OutboundCipher);

impl PacketWriter {
    /// The packet for a message of the plain transport that comes in two parts; fails if it does not fit.
    pub(super) fn seal(&mut self, head: &[u8], body: &[u8]) -> io::Result<Vec<u8>> {
        let contents = packet_contents(head, body);
        let contents = contents.ok_or_else(|| io::Error::other("the message does not fit into a packet"))?;
        let mut packet = vec![0; OutboundCipher::encryption_buffer_len(contents.len())];
        self.0.encrypt(&contents, &mut packet, PacketType::Genuine, None).map_err(io::Error::other)?;
        Ok(packet)
    }
}

#[cfg(test)]
mod tests;
