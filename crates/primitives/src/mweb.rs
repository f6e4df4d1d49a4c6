//! MWEB wire types (LIP-0003), read as lazily as the reference reads them.
//!
//! Keys, commitments, proofs and signatures are byte strings here: whether a key is a point of the curve is asked by
//! the rule that needs the point, because the network accepts blocks with keys that are none. Fields of a kernel are
//! written by presence, not by feature bit, exactly as v0.21.5.5 src/libmw/include/mw/models/tx/Kernel.h does.

mod kernel;
mod output;

pub use kernel::{Kernel, PegOut};
pub use output::{Output, OutputMessage, RANGE_PROOF_SIZE, StandardFields};

use bytes::Bytes;

use crate::{
    codec::{DecodeError, Reader, put_len, put_var_bytes, put_varint},
    hash::MwebHash,
};

/// A compressed public key, unchecked.
pub type PublicKey = [u8; 33];
/// A Pedersen commitment, unchecked.
pub type Commitment = [u8; 33];
/// An "old style" Schnorr signature, unchecked.
pub type Signature = [u8; 64];

/// Largest extension block in bytes (v0.21.5.5 src/libmw/include/mw/consensus/Params.h, MAX_BLOCK_BYTES).
pub const MAX_BLOCK_BYTES: usize = 180 + 3 * 5 + 50_000 * 196 + 200_000 * 60;

pub(crate) fn blake3(data: &[u8]) -> MwebHash {
    MwebHash(*blake3::hash(data).as_bytes())
}

/// Header of an extension block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Height of the block that carries it.
    pub height: u32,
    /// Root of the output MMR.
    pub output_root: MwebHash,
    /// Root of this block's kernel MMR.
    pub kernel_root: MwebHash,
    /// Hash of the bitmap of unspent outputs.
    pub leafset_root: MwebHash,
    /// Total kernel offset of the chain.
    pub kernel_offset: [u8; 32],
    /// Stealth offset of this block.
    pub stealth_offset: [u8; 32],
    /// Leaves of the output MMR.
    pub output_mmr_size: u64,
    /// Leaves of the kernel MMR.
    pub kernel_mmr_size: u64,
}

impl Header {
    /// Reads a header.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            // An int32_t on disk: the maximum keeps it in range.
            height: u32::try_from(r.varint(i32::MAX as u64)?).map_err(|_| DecodeError::VarIntTooLarge)?,
            output_root: MwebHash(r.array()?),
            kernel_root: MwebHash(r.array()?),
            leafset_root: MwebHash(r.array()?),
            kernel_offset: r.array()?,
            stealth_offset: r.array()?,
            output_mmr_size: r.varint(u64::MAX)?,
            kernel_mmr_size: r.varint(u64::MAX)?,
        })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.height.into());
        for part in [&self.output_root.0, &self.kernel_root.0, &self.leafset_root.0] {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(&self.kernel_offset);
        out.extend_from_slice(&self.stealth_offset);
        put_varint(out, self.output_mmr_size);
        put_varint(out, self.kernel_mmr_size);
    }

    /// What the HogEx commits to.
    pub fn hash(&self) -> MwebHash {
        let mut bytes = Vec::with_capacity(180);
        self.encode(&mut bytes);
        blake3(&bytes)
    }
}

/// A spent output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Bit 1: an input key follows; bit 2: extra data follows.
    pub features: u8,
    /// Id of the output that is spent.
    pub output_id: MwebHash,
    /// Its commitment.
    pub commitment: Commitment,
    /// Its receiver key (Ko).
    pub output_pubkey: PublicKey,
    /// The spender's key (Ki), with feature bit 1.
    pub input_pubkey: Option<PublicKey>,
    /// With feature bit 2.
    pub extra_data: Option<Bytes>,
    /// Proves the right to spend.
    pub signature: Signature,
}

impl Input {
    const MIN_SIZE: usize = 1 + 32 + 33 + 33 + 64;

    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let features = r.u8()?;
        Ok(Self {
            features,
            output_id: MwebHash(r.array()?),
            commitment: r.array()?,
            output_pubkey: r.array()?,
            input_pubkey: if features & 1 != 0 { Some(r.array()?) } else { None },
            extra_data: if features & 2 != 0 { Some(r.var_bytes()?) } else { None },
            signature: r.array()?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.features);
        out.extend_from_slice(&self.output_id.0);
        out.extend_from_slice(&self.commitment);
        out.extend_from_slice(&self.output_pubkey);
        if let Some(key) = &self.input_pubkey {
            out.extend_from_slice(key);
        }
        if let Some(extra) = &self.extra_data {
            put_var_bytes(out, extra);
        }
        out.extend_from_slice(&self.signature);
    }
}

/// Inputs, outputs and kernels: of a transaction or of a block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TxBody {
    /// Spent outputs.
    pub inputs: Vec<Input>,
    /// Created outputs.
    pub outputs: Vec<Output>,
    /// Kernels: fees, peg-ins, peg-outs and the proof that all sums up.
    pub kernels: Vec<Kernel>,
}

impl TxBody {
    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            inputs: r.vector(Input::MIN_SIZE, Input::decode)?,
            outputs: r.vector(Output::MIN_SIZE, Output::decode)?,
            kernels: r.vector(Kernel::MIN_SIZE, Kernel::decode)?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_len(out, self.inputs.len());
        self.inputs.iter().for_each(|i| i.encode(out));
        put_len(out, self.outputs.len());
        self.outputs.iter().for_each(|o| o.encode(out));
        put_len(out, self.kernels.len());
        self.kernels.iter().for_each(|k| k.encode(out));
    }
}

/// The MWEB part of a loose transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tx {
    /// Kernel offset.
    pub kernel_offset: [u8; 32],
    /// Stealth offset.
    pub stealth_offset: [u8; 32],
    /// At least one kernel.
    pub body: TxBody,
}

impl Tx {
    /// Reads the part that follows a presence byte of 1.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let tx = Self { kernel_offset: r.array()?, stealth_offset: r.array()?, body: TxBody::decode(r)? };
        if tx.body.kernels.is_empty() { Err(DecodeError::NoKernel) } else { Ok(tx) }
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.kernel_offset);
        out.extend_from_slice(&self.stealth_offset);
        self.body.encode(out);
    }
}

/// An extension block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionBlock {
    /// Its header, which the HogEx commits to.
    pub header: Header,
    /// Its content.
    pub body: TxBody,
}

impl ExtensionBlock {
    /// Reads the part that follows a presence byte of 1.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { header: Header::decode(r)?, body: TxBody::decode(r)? })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.header.encode(out);
        self.body.encode(out);
    }
}
