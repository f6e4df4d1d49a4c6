//! `addr` and `addrv2`: what is told about nodes.

use litecast_primitives::codec::{Reader, put_len};

use super::{CommandName, MessageError};
use crate::netaddr::{AddressFormat, PeerAddress};

/// Most entries of `addr` and `addrv2` (v0.21.5.5 src/net.h, MAX_ADDR_TO_SEND).
pub const MAX_ADDR_TO_SEND: usize = 1000;

/// Reads all entries, as the reference does before it counts them, and keeps no more than are allowed.
pub(super) fn decode(command: CommandName, r: &mut Reader) -> Result<Vec<PeerAddress>, MessageError> {
    let format = if command == CommandName::ADDRV2 { AddressFormat::V2 } else { AddressFormat::Legacy };
    let (count, capacity) = r.count(PeerAddress::min_size(format))?;
    let mut out = Vec::with_capacity(capacity.min(MAX_ADDR_TO_SEND));
    for n in 0..count {
        let address = PeerAddress::decode(r, format)?;
        if n < MAX_ADDR_TO_SEND {
            out.push(address);
        }
    }
    if count > MAX_ADDR_TO_SEND { Err(MessageError::TooMany { command, count }) } else { Ok(out) }
}

pub(super) fn encode(addresses: &[PeerAddress], format: AddressFormat, out: &mut Vec<u8>) {
    put_len(out, addresses.len());
    for address in addresses {
        address.encode(format, out);
    }
}
