//! Outputs: a commitment, the keys of sender and receiver, a message for the receiver, a range proof.

use bytes::Bytes;

use super::{Commitment, PublicKey, Signature, blake3};
use crate::{
    codec::{DecodeError, Reader, put_var_bytes},
    hash::MwebHash,
};

/// Bytes of a range proof (v0.21.5.5 src/libmw/include/mw/models/crypto/RangeProof.h).
pub const RANGE_PROOF_SIZE: usize = 675;

/// The fields of feature bit 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardFields {
    /// Key exchange key (Ke), unchecked.
    pub key_exchange_pubkey: PublicKey,
    /// Lets a receiver skip foreign outputs quickly.
    pub view_tag: u8,
    /// Value, masked.
    pub masked_value: u64,
    /// Nonce, masked.
    pub masked_nonce: [u8; 16],
}

/// What the sender tells the receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputMessage {
    /// Bit 1: standard fields; bit 2: extra data.
    pub features: u8,
    /// With feature bit 1.
    pub standard: Option<StandardFields>,
    /// With feature bit 2.
    pub extra_data: Option<Bytes>,
}

impl OutputMessage {
    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let features = r.u8()?;
        let standard = if features & 1 != 0 {
            Some(StandardFields {
                key_exchange_pubkey: r.array()?,
                view_tag: r.u8()?,
                masked_value: r.u64()?,
                masked_nonce: r.array()?,
            })
        } else {
            None
        };
        let extra_data = if features & 2 != 0 { Some(r.var_bytes()?) } else { None };
        Ok(Self { features, standard, extra_data })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.features);
        if let Some(fields) = &self.standard {
            out.extend_from_slice(&fields.key_exchange_pubkey);
            out.push(fields.view_tag);
            out.extend_from_slice(&fields.masked_value.to_le_bytes());
            out.extend_from_slice(&fields.masked_nonce);
        }
        if let Some(extra) = &self.extra_data {
            put_var_bytes(out, extra);
        }
    }
}

/// A created output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Commits to the value.
    pub commitment: Commitment,
    /// Sender key (Ks).
    pub sender_pubkey: PublicKey,
    /// Receiver key (Ko), unchecked.
    pub receiver_pubkey: PublicKey,
    /// For the receiver.
    pub message: OutputMessage,
    /// Proves that the value is in range: [`RANGE_PROOF_SIZE`] bytes.
    pub range_proof: Bytes,
    /// By the sender key, over everything else.
    pub signature: Signature,
}

impl Output {
    pub(super) const MIN_SIZE: usize = 33 * 3 + 1 + RANGE_PROOF_SIZE + 64;

    /// Reads an output as it stands in a body.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            commitment: r.array()?,
            sender_pubkey: r.array()?,
            receiver_pubkey: r.array()?,
            message: OutputMessage::decode(r)?,
            range_proof: r.take(RANGE_PROOF_SIZE)?,
            signature: r.array()?,
        })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.commitment);
        out.extend_from_slice(&self.sender_pubkey);
        out.extend_from_slice(&self.receiver_pubkey);
        self.message.encode(out);
        out.extend_from_slice(&self.range_proof);
        out.extend_from_slice(&self.signature);
    }

    /// The output's id: BLAKE3 with message and range proof replaced by their hashes
    /// (v0.21.5.5 src/libmw/include/mw/models/tx/Output.h, ComputeHash).
    pub fn id(&self) -> MwebHash {
        let mut bytes = Vec::with_capacity(33 * 3 + 32 * 2 + 64);
        bytes.extend_from_slice(&self.commitment);
        bytes.extend_from_slice(&self.sender_pubkey);
        bytes.extend_from_slice(&self.receiver_pubkey);
        let mut message = Vec::new();
        self.message.encode(&mut message);
        bytes.extend_from_slice(&blake3(&message).0);
        bytes.extend_from_slice(&blake3(&self.range_proof).0);
        bytes.extend_from_slice(&self.signature);
        blake3(&bytes)
    }
}
