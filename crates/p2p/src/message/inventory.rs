//! Inventory entries: which object, and for `getdata` in which encoding (v0.21.5.5 src/protocol.h, GetDataMsg).

use litecast_primitives::{
    BlockHash, Txid,
    codec::{DecodeError, Reader},
    transaction::Encoding,
};

use crate::pool::GenTxid;

/// Kind of an object, with flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InvType(pub u32);

impl InvType {
    /// With witness.
    pub const WITNESS_FLAG: u32 = 1 << 30;
    /// With MWEB.
    pub const MWEB_FLAG: u32 = 1 << 29;

    /// Transaction by txid.
    pub const TX: Self = Self(1);
    /// Block.
    pub const BLOCK: Self = Self(2);
    /// BIP37.
    pub const FILTERED_BLOCK: Self = Self(3);
    /// BIP152.
    pub const CMPCT_BLOCK: Self = Self(4);
    /// Transaction by wtxid (BIP339).
    pub const WTX: Self = Self(5);
    /// Block with witness.
    pub const WITNESS_BLOCK: Self = Self(2 | Self::WITNESS_FLAG);
    /// Transaction with witness.
    pub const WITNESS_TX: Self = Self(1 | Self::WITNESS_FLAG);
    /// Block with witness and MWEB.
    pub const MWEB_BLOCK: Self = Self(2 | Self::WITNESS_FLAG | Self::MWEB_FLAG);
    /// Transaction with witness and MWEB.
    pub const MWEB_TX: Self = Self(1 | Self::WITNESS_FLAG | Self::MWEB_FLAG);
    /// LIP-0006.
    pub const MWEB_HEADER: Self = Self(8 | Self::MWEB_FLAG);
    /// LIP-0006.
    pub const MWEB_LEAFSET: Self = Self(9 | Self::MWEB_FLAG);

    /// Names a transaction (IsGenTxMsg).
    pub fn is_tx(self) -> bool {
        [Self::TX, Self::WTX, Self::WITNESS_TX, Self::MWEB_TX].contains(&self)
    }

    /// A block in this encoding.
    pub fn block(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Base => Self::BLOCK,
            Encoding::Witness => Self::WITNESS_BLOCK,
            Encoding::Full => Self::MWEB_BLOCK,
        }
    }

    /// A transaction by txid in this encoding.
    pub fn transaction(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Base => Self::TX,
            Encoding::Witness => Self::WITNESS_TX,
            Encoding::Full => Self::MWEB_TX,
        }
    }

    /// The encoding of a whole block that is asked for; `None` for every other kind.
    pub fn block_encoding(self) -> Option<Encoding> {
        match self {
            Self::BLOCK => Some(Encoding::Base),
            Self::WITNESS_BLOCK => Some(Encoding::Witness),
            Self::MWEB_BLOCK => Some(Encoding::Full),
            _ => None,
        }
    }
}

/// An entry of `inv`, `getdata` and `notfound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inventory {
    /// What.
    pub kind: InvType,
    /// Which, in internal byte order.
    pub hash: [u8; 32],
}

impl Inventory {
    /// Encoded size in bytes.
    pub const SIZE: usize = 36;

    /// A block.
    pub fn block(kind: InvType, hash: &BlockHash) -> Self {
        Self { kind, hash: *hash.as_bytes() }
    }

    /// A transaction.
    pub fn tx(kind: InvType, txid: &Txid) -> Self {
        Self { kind, hash: *txid.as_bytes() }
    }

    /// The hash as that of a transaction: everything but [`InvType::WTX`] is by txid.
    pub fn gen_txid(&self) -> GenTxid {
        GenTxid::new(self.kind == InvType::WTX, self.hash)
    }

    /// The hash as that of a block.
    pub fn block_hash(&self) -> BlockHash {
        BlockHash::from_bytes(self.hash)
    }

    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { kind: InvType(r.u32()?), hash: r.array()? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.kind.0.to_le_bytes());
        out.extend_from_slice(&self.hash);
    }
}
