//! An entry of the block index: a header, what is known of its block, and where the data lies.

use bytes::Bytes;
use litecast_primitives::{
    Amount, BlockHeader, Height, Txid,
    codec::{DecodeError, Reader, put_varint},
    mweb,
};

use crate::FilePos;

const HAS_BLOCK: u8 = 1;
const HAS_UNDO: u8 = 2;
const HAS_MWEB: u8 = 4;

/// What the index keeps of an extension block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MwebIndex {
    /// Its header.
    pub header: mweb::Header,
    /// The transaction that commits to it.
    pub hogex: Txid,
    /// What the extension block holds after this block.
    pub amount: Amount,
}

/// A block of the index, keyed by its hash. The status bits are the reference's `BlockStatus`
/// (v0.21.5.5 src/chain.h) and are not looked at here: a position is there or it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRecord {
    /// The header.
    pub header: BlockHeader,
    /// Its distance from the genesis block.
    pub height: Height,
    /// `BlockStatus` bits.
    pub status: u32,
    /// Transactions in the block; 0 when the block is not known.
    pub tx_count: u32,
    /// Where the block lies.
    pub block: Option<FilePos>,
    /// Where its undo data lies.
    pub undo: Option<FilePos>,
    /// Its extension block, if it has one.
    pub mweb: Option<MwebIndex>,
}

impl IndexRecord {
    /// The value in the index table.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BlockHeader::SIZE + 40 + self.mweb.as_ref().map_or(0, |_| 230));
        let mut present = 0;
        for (flag, is_there) in
            [(HAS_BLOCK, self.block.is_some()), (HAS_UNDO, self.undo.is_some()), (HAS_MWEB, self.mweb.is_some())]
        {
            present |= if is_there { flag } else { 0 };
        }
        out.push(present);
        out.extend_from_slice(&self.header.encode());
        put_varint(&mut out, self.height.into());
        put_varint(&mut out, self.status.into());
        put_varint(&mut out, self.tx_count.into());
        for pos in [self.block, self.undo].into_iter().flatten() {
            pos.encode(&mut out);
        }
        if let Some(mweb) = &self.mweb {
            mweb.header.encode(&mut out);
            out.extend_from_slice(mweb.hogex.as_bytes());
            out.extend_from_slice(&mweb.amount.0.to_le_bytes());
        }
        out
    }

    /// Reads a value of the index table.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let present = r.u8()?;
        if present & !(HAS_BLOCK | HAS_UNDO | HAS_MWEB) != 0 {
            return Err(DecodeError::Invalid("an index record has unknown parts"));
        }
        let header = BlockHeader::decode(&mut r)?;
        let record = Self {
            header,
            height: varint_u32(&mut r)?,
            status: varint_u32(&mut r)?,
            tx_count: varint_u32(&mut r)?,
            block: if present & HAS_BLOCK == 0 { None } else { Some(FilePos::decode(&mut r)?) },
            undo: if present & HAS_UNDO == 0 { None } else { Some(FilePos::decode(&mut r)?) },
            mweb: if present & HAS_MWEB == 0 {
                None
            } else {
                Some(MwebIndex {
                    header: mweb::Header::decode(&mut r)?,
                    hogex: Txid::from_bytes(r.array()?),
                    amount: Amount(r.i64()?),
                })
            },
        };
        r.finish()?;
        Ok(record)
    }
}

fn varint_u32(r: &mut Reader) -> Result<u32, DecodeError> {
    u32::try_from(r.varint(u32::MAX.into())?).map_err(|_| DecodeError::VarIntTooLarge)
}
