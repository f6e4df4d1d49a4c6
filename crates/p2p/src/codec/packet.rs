//! Messages in the packets of the encrypted transport (BIP324): a type of one byte or thirteen, then the payload.
//!
//! Owns the table of short types and the limits. A packet tells its length before its type, so the limit of a packet is
//! that of the longest message of the phase; that of the command holds as soon as the packet is open. Refuses keys and
//! ciphers: they belong to who holds the socket.

use bytes::{Buf, Bytes};

use super::{COMMAND_SIZE, CommandName, Decoded, FrameError, HEADER_SIZE, Phase, Skip};
use crate::message::SizeLimit;

/// A length has three bytes.
pub const MAX_CONTENTS: usize = 0xff_ffff;
/// Zero, then the command.
const LONG_TYPE: usize = 1 + COMMAND_SIZE;

/// The short types, from 1 on (BIP324). Litecoin's own commands have none.
const SHORT: [CommandName; 28] = [
    CommandName::ADDR,
    CommandName::BLOCK,
    CommandName::BLOCKTXN,
    CommandName::CMPCTBLOCK,
    CommandName::FEEFILTER,
    CommandName::FILTERADD,
    CommandName::FILTERCLEAR,
    CommandName::FILTERLOAD,
    CommandName::GETBLOCKS,
    CommandName::GETBLOCKTXN,
    CommandName::GETDATA,
    CommandName::GETHEADERS,
    CommandName::HEADERS,
    CommandName::INV,
    CommandName::MEMPOOL,
    CommandName::MERKLEBLOCK,
    CommandName::NOTFOUND,
    CommandName::PING,
    CommandName::PONG,
    CommandName::SENDCMPCT,
    CommandName::TX,
    CommandName::GETCFILTERS,
    CommandName::CFILTER,
    CommandName::GETCFHEADERS,
    CommandName::CFHEADERS,
    CommandName::GETCFCHECKPT,
    CommandName::CFCHECKPT,
    CommandName::ADDRV2,
];

/// Turns the contents of one peer's packets into messages.
#[derive(Debug)]
pub struct PacketDecoder(Phase);

impl PacketDecoder {
    /// For a new connection.
    pub fn new() -> Self {
        Self(Phase::BeforeVersion)
    }

    /// The longest contents that may come now; a longer packet ends the connection.
    pub fn limit(&self) -> usize {
        let open = self.0 == Phase::Open;
        let longest = CommandName::KNOWN.iter().map(|command| match command.limit(open) {
            SizeLimit::Keep(most) | SizeLimit::Skip(most) => most,
        });
        MAX_CONTENTS.min(LONG_TYPE + longest.max().unwrap_or(0))
    }

    /// The message in a packet. Sizes are those that it has in the plain transport: what the machine counts does not
    /// depend on how the bytes came.
    pub fn decode(&mut self, mut contents: Bytes) -> Result<Decoded, FrameError> {
        let Some(command) = take_type(&mut contents) else {
            let (command, reason) = (CommandName::OTHER, Skip::BadCommand);
            return Ok(Decoded::Skipped { command, size: HEADER_SIZE + contents.len(), reason });
        };
        let size = contents.len();
        let limit = command.limit(self.0 == Phase::Open);
        let (SizeLimit::Keep(most) | SizeLimit::Skip(most)) = limit;
        if size > most {
            return Err(FrameError::Oversized { command, size, limit: most });
        }
        if let SizeLimit::Skip(_) = limit {
            let reason = if command.is_valid() { Skip::Unused } else { Skip::BadCommand };
            return Ok(Decoded::Skipped { command, size: HEADER_SIZE + size, reason });
        }
        self.0 = self.0.after(command);
        Ok(Decoded::Frame { command, payload: contents })
    }
}

impl Default for PacketDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the type off; `None` if there is none, or a short one that nobody has given a meaning.
fn take_type(contents: &mut Bytes) -> Option<CommandName> {
    let first = *contents.first()?;
    if first == 0 {
        let command = CommandName::from_bytes(*contents[1..].first_chunk::<COMMAND_SIZE>()?);
        contents.advance(LONG_TYPE);
        return Some(command);
    }
    let command = *SHORT.get(usize::from(first) - 1)?;
    contents.advance(1);
    Some(command)
}

/// The contents of the packet for a message of the plain transport, which comes in two parts: `head` has at least its
/// header. `None` if that is no message, or one that does not fit into a packet.
pub fn packet_contents(head: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = head.split_at_checked(HEADER_SIZE)?;
    let command = CommandName::from_bytes(*header[4..].first_chunk::<COMMAND_SIZE>()?);
    let mut contents = Vec::with_capacity(LONG_TYPE + rest.len() + body.len());
    match SHORT.iter().zip(1u8..).find(|(short, _)| **short == command) {
        Some((_, number)) => contents.push(number),
        None => {
            contents.push(0);
            contents.extend_from_slice(command.as_bytes());
        }
    }
    contents.extend_from_slice(rest);
    contents.extend_from_slice(body);
    (contents.len() <= MAX_CONTENTS).then_some(contents)
}

#[cfg(test)]
mod tests;
