//! Command names and how large a message of each may be, known before its body arrives.

use std::fmt;

/// Bytes of a command in the message header.
pub const COMMAND_SIZE: usize = 12;

/// The largest body in general (v0.21.5.5 src/net.h, MAX_PROTOCOL_MESSAGE_LENGTH).
const MAX_PROTOCOL_MESSAGE_LENGTH: usize = 32_000_000;
/// Before the handshake is over nothing is larger than a `version` with the longest user agent, some 350 bytes.
const MAX_EARLY: usize = 2_000;
/// Commands whose payload is empty or a few numbers; the reference takes and ignores more bytes.
const MAX_SMALL: usize = 1_000;

/// A command, zero-padded as in the message header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandName([u8; COMMAND_SIZE]);

/// What the decoder does with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeLimit {
    /// The body is kept; a longer one ends the connection.
    Keep(usize),
    /// The body is counted and thrown away as it comes; a longer one ends the connection.
    Skip(usize),
}

macro_rules! commands {
    ($($name:ident = $text:literal: $limit:expr;)*) => {
        impl CommandName {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self::new($text);
            )*

            /// All commands that v0.21.5.5 knows.
            pub const KNOWN: &[Self] = &[$(Self::$name),*];

            fn open_limit(self) -> SizeLimit {
                match self {
                    $(Self::$name => $limit,)*
                    _ => SizeLimit::Skip(MAX_PROTOCOL_MESSAGE_LENGTH),
                }
            }
        }
    };
}

use SizeLimit::{Keep, Skip};

commands! {
    VERSION = "version": Keep(MAX_EARLY);
    VERACK = "verack": Keep(MAX_SMALL);
    // 1000 entries of 30 bytes; some more are let in, so that they count as misbehaviour as in the reference.
    ADDR = "addr": Keep(60_000);
    // 1000 entries with addresses of 512 bytes, which nobody has yet.
    ADDRV2 = "addrv2": Keep(600_000);
    SENDADDRV2 = "sendaddrv2": Keep(MAX_SMALL);
    // 1.8 MB hold 50,000 entries; some more are let in, so that they count as misbehaviour as in the reference.
    INV = "inv": Keep(2_000_000);
    GETDATA = "getdata": Keep(2_000_000);
    MERKLEBLOCK = "merkleblock": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    // 101 hashes take 3.3 kB.
    GETBLOCKS = "getblocks": Keep(10_000);
    GETHEADERS = "getheaders": Keep(10_000);
    // 200,000 weight units of extension block hold 11,764 outputs of 1 kB; the ordinary part is 4 MB at most.
    TX = "tx": Keep(16_000_000);
    // 2000 headers take 162 kB.
    HEADERS = "headers": Keep(200_000);
    BLOCK = "block": Keep(MAX_PROTOCOL_MESSAGE_LENGTH);
    GETADDR = "getaddr": Keep(MAX_SMALL);
    MEMPOOL = "mempool": Keep(MAX_SMALL);
    PING = "ping": Keep(MAX_SMALL);
    PONG = "pong": Keep(MAX_SMALL);
    NOTFOUND = "notfound": Keep(2_000_000);
    // 36,000 bytes and 12; some more are let in, so that they count as misbehaviour as in the reference.
    FILTERLOAD = "filterload": Keep(50_000);
    FILTERADD = "filteradd": Keep(MAX_SMALL);
    FILTERCLEAR = "filterclear": Keep(MAX_SMALL);
    SENDHEADERS = "sendheaders": Keep(MAX_SMALL);
    FEEFILTER = "feefilter": Keep(MAX_SMALL);
    SENDCMPCT = "sendcmpct": Keep(MAX_SMALL);
    // It may bring an extension block.
    CMPCTBLOCK = "cmpctblock": Keep(MAX_PROTOCOL_MESSAGE_LENGTH);
    // 65,536 indexes of one byte each, or fewer of three.
    GETBLOCKTXN = "getblocktxn": Keep(200_000);
    // Transactions of a block weigh 4,000,000, and no byte weighs less than 1.
    BLOCKTXN = "blocktxn": Keep(5_000_000);
    GETCFILTERS = "getcfilters": Keep(MAX_SMALL);
    CFILTER = "cfilter": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    GETCFHEADERS = "getcfheaders": Keep(MAX_SMALL);
    CFHEADERS = "cfheaders": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    GETCFCHECKPT = "getcfcheckpt": Keep(MAX_SMALL);
    CFCHECKPT = "cfcheckpt": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    WTXIDRELAY = "wtxidrelay": Keep(MAX_SMALL);
    MWEBHEADER = "mwebheader": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    MWEBLEAFSET = "mwebleafset": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
    GETMWEBUTXOS = "getmwebutxos": Keep(MAX_SMALL);
    MWEBUTXOS = "mwebutxos": Skip(MAX_PROTOCOL_MESSAGE_LENGTH);
}

impl CommandName {
    /// Statistics count what nobody knows under this name.
    pub const OTHER: Self = Self::new("*other*");

    /// From at most 12 characters.
    ///
    /// # Panics
    /// If there are more; in a constant that is a compile error.
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut out = [0; COMMAND_SIZE];
        let mut i = 0;
        while i < bytes.len() {
            out[i] = bytes[i];
            i += 1;
        }
        Self(out)
    }

    /// From the message header, whatever is in there.
    pub const fn from_bytes(bytes: [u8; COMMAND_SIZE]) -> Self {
        Self(bytes)
    }

    /// As in the message header.
    pub const fn as_bytes(&self) -> &[u8; COMMAND_SIZE] {
        &self.0
    }

    /// Printable ASCII, then zeros only (v0.21.5.5 src/protocol.cpp, IsCommandValid).
    pub fn is_valid(&self) -> bool {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(COMMAND_SIZE);
        self.0[..end].iter().all(|b| (b' '..=0x7e).contains(b)) && self.0[end..].iter().all(|&b| b == 0)
    }

    /// Whether v0.21.5.5 knows it; statistics put all others under `*other*`.
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(self)
    }

    /// The limit of the body. `open`: the handshake is over.
    pub fn limit(self, open: bool) -> SizeLimit {
        match (self.open_limit(), open) {
            (limit, true) => limit,
            (Keep(most), false) => Keep(most.min(MAX_EARLY)),
            (Skip(_), false) => Skip(MAX_EARLY),
        }
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0.iter().take_while(|&&b| b != 0) {
            fmt::Write::write_char(f, if byte.is_ascii_graphic() { char::from(byte) } else { '?' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
