//! Kernels: what goes in, what goes out, what is paid, and the excess that proves the balance.

use bytes::Bytes;

use super::{Commitment, PublicKey, Signature, blake3};
use crate::{
    amount::Amount,
    codec::{DecodeError, Reader, put_len, put_var_bytes, put_varint},
    hash::MwebHash,
};

const FEE: u8 = 0x01;
const PEG_IN: u8 = 0x02;
const PEG_OUT: u8 = 0x04;
const LOCK_HEIGHT: u8 = 0x08;
const STEALTH_EXCESS: u8 = 0x10;
const EXTRA_DATA: u8 = 0x20;

/// Coins that leave the extension block through the HogEx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PegOut {
    /// How much.
    pub amount: Amount,
    /// To whom; never empty.
    pub script_pubkey: Bytes,
}

impl PegOut {
    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let amount = read_amount(r)?;
        let script_pubkey = r.var_bytes()?;
        if script_pubkey.is_empty() {
            return Err(DecodeError::EmptyPegOutScript);
        }
        Ok(Self { amount, script_pubkey })
    }
}

/// A kernel. Optional fields are present when their feature bit was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Feature bits as received, unknown ones included.
    pub features: u8,
    /// Fee in litoshis.
    pub fee: Option<Amount>,
    /// Amount pegged in.
    pub peg_in: Option<Amount>,
    /// Coins pegged out.
    pub peg_outs: Vec<PegOut>,
    /// Not valid in a block below this height.
    pub lock_height: Option<u32>,
    /// Excess of the stealth keys.
    pub stealth_excess: Option<PublicKey>,
    /// Anything.
    pub extra_data: Bytes,
    /// Excess commitment.
    pub excess: Commitment,
    /// Signs all of the above.
    pub signature: Signature,
}

impl Kernel {
    pub(super) const MIN_SIZE: usize = 1 + 33 + 64;

    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let features = r.u8()?;
        let has = |bit: u8| features & bit != 0;
        let kernel = Self {
            features,
            fee: if has(FEE) { Some(read_amount(r)?) } else { None },
            peg_in: if has(PEG_IN) { Some(read_amount(r)?) } else { None },
            peg_outs: if has(PEG_OUT) { r.vector(2, PegOut::decode)? } else { Vec::new() },
            lock_height: if has(LOCK_HEIGHT) {
                Some(u32::try_from(r.varint(i32::MAX as u64)?).map_err(|_| DecodeError::VarIntTooLarge)?)
            } else {
                None
            },
            stealth_excess: if has(STEALTH_EXCESS) { Some(r.array()?) } else { None },
            extra_data: if has(EXTRA_DATA) { r.var_bytes()? } else { Bytes::new() },
            excess: r.array()?,
            signature: r.array()?,
        };
        // The reference writes these two by presence, so an announced but empty one disappears.
        if (has(PEG_OUT) && kernel.peg_outs.is_empty()) || (has(EXTRA_DATA) && kernel.extra_data.is_empty()) {
            r.irregular = true;
        }
        Ok(kernel)
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.features);
        if let Some(fee) = self.fee {
            put_amount(out, fee);
        }
        if let Some(amount) = self.peg_in {
            put_amount(out, amount);
        }
        if !self.peg_outs.is_empty() {
            put_len(out, self.peg_outs.len());
            for peg_out in &self.peg_outs {
                put_amount(out, peg_out.amount);
                put_var_bytes(out, &peg_out.script_pubkey);
            }
        }
        if let Some(height) = self.lock_height {
            put_varint(out, height.into());
        }
        if let Some(excess) = &self.stealth_excess {
            out.extend_from_slice(excess);
        }
        if !self.extra_data.is_empty() {
            put_var_bytes(out, &self.extra_data);
        }
        out.extend_from_slice(&self.excess);
        out.extend_from_slice(&self.signature);
    }

    /// The kernel's id: BLAKE3 of its encoding.
    pub fn id(&self) -> MwebHash {
        let mut bytes = Vec::with_capacity(256);
        self.encode(&mut bytes);
        blake3(&bytes)
    }
}

fn read_amount(r: &mut Reader) -> Result<Amount, DecodeError> {
    i64::try_from(r.varint(i64::MAX as u64)?).map(Amount).map_err(|_| DecodeError::VarIntTooLarge)
}

fn put_amount(out: &mut Vec<u8>, amount: Amount) {
    put_varint(out, u64::try_from(amount.0).expect("because a decoded VARINT amount is never negative"));
}
