//! How an extension block is taken back, in the encoding of the reference's undo files.

use litecast_primitives::{
    codec::{DecodeError, Reader, put_len},
    hash::MwebHash,
    mweb::Header,
};

use super::Utxo;

/// What an extension block replaced (v0.21.5.5 src/libmw/include/mw/models/block/BlockUndo.h). In an undo file it
/// follows the list of spent coins, if there was an extension block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MwebUndo {
    /// Header of the extension block below; none below the first.
    pub prev_header: Option<Header>,
    /// The spent outputs, in the order of the inputs.
    pub coins_spent: Vec<Utxo>,
    /// Ids of the created outputs, in order.
    pub coins_added: Vec<MwebHash>,
}

impl MwebUndo {
    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.prev_header.is_some()));
        if let Some(header) = &self.prev_header {
            header.encode(out);
        }
        put_len(out, self.coins_spent.len());
        self.coins_spent.iter().for_each(|utxo| utxo.encode(out));
        put_len(out, self.coins_added.len());
        self.coins_added.iter().for_each(|id| out.extend_from_slice(&id.0));
    }

    /// Reads the encoding.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        // Only 1 means present, as everywhere.
        let prev_header = if r.u8()? == 1 { Some(Header::decode(r)?) } else { None };
        Ok(Self {
            prev_header,
            coins_spent: r.vector(4 + 8 + 33 * 3 + 1 + 675 + 64, Utxo::decode)?,
            coins_added: r.vector(32, |r| Ok(MwebHash(r.array()?)))?,
        })
    }
}
