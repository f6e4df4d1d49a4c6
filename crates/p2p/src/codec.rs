//! Framing: 24 bytes of header (magic, command, length, checksum), then the body.
//!
//! The decoder looks a limit up by command and phase as soon as the header is complete, and refuses or skips the body
//! before any of it is kept. A body's memory grows with the bytes that came, never with the length that was promised.
//! Wrong magic and oversized bodies end the stream; a bad checksum or command costs only the message
//! (v0.21.5.5 src/net.cpp, V1TransportDeserializer).

pub mod packet;

use bytes::{Buf, Bytes, BytesMut};
use litecast_primitives::hash::sha256d;

use crate::message::{COMMAND_SIZE, CommandName, Message, SizeLimit};

/// Bytes of a message header.
pub const HEADER_SIZE: usize = 24;
/// Memory for a body is taken at most this far ahead of what came.
const AHEAD: usize = 256 * 1024;

/// The byte stream cannot be followed any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another network's, or no message at all.
    #[error("wrong magic {0:02x?}")]
    WrongMagic([u8; 4]),
    /// Longer than its command may be in this phase.
    #[error("{command} of {size} bytes is longer than {limit}")]
    Oversized {
        /// Which command.
        command: CommandName,
        /// Promised length.
        size: usize,
        /// Limit.
        limit: usize,
    },
    /// An encrypted packet that is longer than any message may be in this phase.
    #[error("packet of {size} bytes is longer than {limit}")]
    PacketTooLong {
        /// Length of its contents.
        size: usize,
        /// Limit.
        limit: usize,
    },
    /// An encrypted packet that was not made with the key of this connection, or was changed on its way.
    #[error("packet decryption failure")]
    BadPacket,
}

/// Why a message was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// A command that this node has no use for.
    Unused,
    /// The checksum does not belong to the body.
    BadChecksum,
    /// The command is not printable text padded with zeros.
    BadCommand,
}

/// What the decoder found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A message whose checksum is right.
    Frame {
        /// Its command, one that [`Message::decode`] reads.
        command: CommandName,
        /// Its body.
        payload: Bytes,
    },
    /// A message that is of no use.
    Skipped {
        /// Its command.
        command: CommandName,
        /// Bytes of the whole message, header included.
        size: usize,
        /// Why.
        reason: Skip,
    },
}

impl Decoded {
    /// Bytes of the whole message, header included.
    pub fn size(&self) -> usize {
        match self {
            Self::Frame { payload, .. } => HEADER_SIZE + payload.len(),
            Self::Skipped { size, .. } => *size,
        }
    }
}

/// How far the peer's side of the handshake is; decides the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    BeforeVersion,
    BeforeVerack,
    Open,
}

impl Phase {
    /// A message of this command came.
    fn after(self, command: CommandName) -> Self {
        match (self, command) {
            (Self::BeforeVersion, CommandName::VERSION) => Self::BeforeVerack,
            (Self::BeforeVerack, CommandName::VERACK) => Self::Open,
            (phase, _) => phase,
        }
    }
}

#[derive(Debug)]
struct Head {
    command: CommandName,
    length: usize,
    checksum: [u8; 4],
}

#[derive(Debug)]
enum State {
    Header,
    Keeping(Head, Vec<u8>),
    Skipping { head: Head, left: usize },
    Broken(FrameError),
}

/// Turns one peer's bytes into messages. Feed with [`Decoder::push`], then call [`Decoder::next`] until it gives
/// nothing: then it holds no more than one header and one growing body.
#[derive(Debug)]
pub struct Decoder {
    magic: [u8; 4],
    phase: Phase,
    state: State,
    staged: BytesMut,
}

impl Decoder {
    /// For a new connection.
    pub fn new(magic: [u8; 4]) -> Self {
        Self { magic, phase: Phase::BeforeVersion, state: State::Header, staged: BytesMut::new() }
    }

    /// Takes bytes as they came from the socket.
    pub fn push(&mut self, mut chunk: &[u8]) {
        // Bytes of a body need not go through the stage.
        if self.staged.is_empty() {
            chunk.advance(self.state.feed(chunk));
        }
        if !matches!(self.state, State::Broken(_)) {
            self.staged.extend_from_slice(chunk);
        }
    }

    /// The next message, if it is complete. After an error only the error comes.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end for ever at the first None")]
    pub fn next(&mut self) -> Result<Option<Decoded>, FrameError> {
        if let State::Header = self.state {
            if self.staged.len() < HEADER_SIZE {
                return Ok(None);
            }
            let header = self.staged.split_to(HEADER_SIZE);
            self.state = self.open(&header);
        }
        let fed = self.state.feed(&self.staged);
        self.staged.advance(fed);
        match std::mem::replace(&mut self.state, State::Header) {
            State::Broken(error) => {
                self.state = State::Broken(error.clone());
                self.staged = BytesMut::new();
                Err(error)
            }
            State::Keeping(head, body) if body.len() == head.length => Ok(Some(self.finish(&head, body.into()))),
            State::Skipping { head, left: 0 } => {
                let reason = if head.command.is_valid() { Skip::Unused } else { Skip::BadCommand };
                Ok(Some(Decoded::Skipped { command: head.command, size: HEADER_SIZE + head.length, reason }))
            }
            unfinished => {
                self.state = unfinished;
                Ok(None)
            }
        }
    }

    /// Bytes of memory that are held for unfinished messages.
    pub fn buffered(&self) -> usize {
        let body = if let State::Keeping(_, body) = &self.state { body.capacity() } else { 0 };
        body + self.staged.len()
    }

    fn open(&self, header: &[u8]) -> State {
        let (magic, rest) = header.split_first_chunk::<4>().expect("because a header has 24 bytes");
        let (command, rest) = rest.split_first_chunk::<COMMAND_SIZE>().expect("because a header has 24 bytes");
        let (length, rest) = rest.split_first_chunk::<4>().expect("because a header has 24 bytes");
        let checksum = *rest.first_chunk::<4>().expect("because a header has 24 bytes");
        if *magic != self.magic {
            return State::Broken(FrameError::WrongMagic(*magic));
        }
        let command = CommandName::from_bytes(*command);
        let size = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let limit = command.limit(self.phase == Phase::Open);
        let (SizeLimit::Keep(most) | SizeLimit::Skip(most)) = limit;
        if size > most {
            return State::Broken(FrameError::Oversized { command, size, limit: most });
        }
        let head = Head { command, length: size, checksum };
        match limit {
            SizeLimit::Keep(_) => State::Keeping(head, Vec::new()),
            SizeLimit::Skip(_) => State::Skipping { head, left: size },
        }
    }

    fn finish(&mut self, head: &Head, payload: Bytes) -> Decoded {
        if sha256d(&payload)[..4] != head.checksum {
            let size = HEADER_SIZE + head.length;
            return Decoded::Skipped { command: head.command, size, reason: Skip::BadChecksum };
        }
        self.phase = self.phase.after(head.command);
        Decoded::Frame { command: head.command, payload }
    }
}

impl State {
    /// Takes what belongs to the body; says how much that was.
    fn feed(&mut self, chunk: &[u8]) -> usize {
        match self {
            Self::Header | Self::Broken(_) => 0,
            Self::Keeping(head, body) => {
                let missing = head.length - body.len();
                let taken = missing.min(chunk.len());
                if body.capacity() - body.len() < taken {
                    // Doubling keeps the copying linear; what was promised and did not come costs AHEAD at most
                    // beyond that.
                    body.reserve_exact(missing.min(taken + AHEAD.max(body.len())));
                }
                body.extend_from_slice(&chunk[..taken]);
                taken
            }
            Self::Skipping { left, .. } => {
                let taken = chunk.len().min(*left);
                *left -= taken;
                taken
            }
        }
    }
}

/// The header for a payload, for a driver that writes the payload itself.
///
/// # Panics
/// If the payload has 4 GiB or more.
pub fn frame_header(magic: [u8; 4], command: CommandName, payload: &[u8]) -> [u8; HEADER_SIZE] {
    let length = u32::try_from(payload.len()).expect("because no message comes near 4 GiB");
    let mut out = [0; HEADER_SIZE];
    out[..4].copy_from_slice(&magic);
    out[4..16].copy_from_slice(command.as_bytes());
    out[16..20].copy_from_slice(&length.to_le_bytes());
    out[20..].copy_from_slice(&sha256d(payload)[..4]);
    out
}

/// A whole message.
pub fn encode_frame(magic: [u8; 4], message: &Message) -> Bytes {
    let payload = message.encode();
    let mut out = BytesMut::with_capacity(HEADER_SIZE + payload.len());
    out.extend_from_slice(&frame_header(magic, message.command(), &payload));
    out.extend_from_slice(&payload);
    out.freeze()
}

#[cfg(test)]
mod tests;
