//! Transactions: SegWit (flag 1) and MWEB (flag 8) extensions, their ids and their three encodings.
//!
//! A [`Transaction`] never changes after it was made: its bytes, txid and wtxid are kept. Decoding takes what
//! v0.21.5.5 src/primitives/transaction.h takes; the rules of validity are the consensus crate's.

mod index;

use std::fmt;

use bytes::Bytes;

use crate::{
    amount::Amount,
    codec::{DecodeError, Reader, compact_len, put_len, put_var_bytes},
    hash::{Txid, Wtxid, sha256d},
    mweb,
};
pub use index::{OutputIndex, created_outputs, spent_outputs};

const FLAG_WITNESS: u8 = 1;
const FLAG_MWEB: u8 = 8;

/// Names an output of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutPoint {
    /// The transaction.
    pub txid: Txid,
    /// Index of the output.
    pub vout: u32,
}

impl OutPoint {
    /// What a coinbase spends: nothing.
    pub const NULL: Self = Self { txid: Txid::ZERO, vout: u32::MAX };

    /// Reads 36 bytes.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { txid: Txid::from_bytes(r.array()?), vout: r.u32()? })
    }

    /// The 36 bytes of the wire.
    pub fn encode(&self) -> [u8; 36] {
        let mut out = [0; 36];
        out[..32].copy_from_slice(self.txid.as_bytes());
        out[32..].copy_from_slice(&self.vout.to_le_bytes());
        out
    }

    /// Whether this is what a coinbase spends.
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

impl fmt::Display for OutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.txid, self.vout)
    }
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxIn {
    /// The output that is spent.
    pub prevout: OutPoint,
    /// Unlocks it.
    pub script_sig: Bytes,
    /// Sequence number: replaceability, relative lock time.
    pub sequence: u32,
    /// Witness stack, bottom first; empty when there is none.
    pub witness: Vec<Bytes>,
}

impl TxIn {
    /// A sequence number that switches lock times off.
    pub const SEQUENCE_FINAL: u32 = u32::MAX;
    const MIN_SIZE: usize = 36 + 1 + 4;

    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { prevout: OutPoint::decode(r)?, script_sig: r.var_bytes()?, sequence: r.u32()?, witness: Vec::new() })
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxOut {
    /// How much.
    pub value: Amount,
    /// To whom.
    pub script_pubkey: Bytes,
}

impl TxOut {
    const MIN_SIZE: usize = 8 + 1;

    /// Reads an output.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { value: Amount(r.i64()?), script_pubkey: r.var_bytes()? })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.value.0.to_le_bytes());
        put_var_bytes(out, &self.script_pubkey);
    }
}

/// Which extensions an encoding carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Neither witness nor MWEB: what the txid hashes; `-rpcserialversion=0`.
    Base,
    /// Witness, no MWEB: what the wtxid hashes; `-rpcserialversion=1`.
    Witness,
    /// Everything; `-rpcserialversion=2`.
    #[default]
    Full,
}

/// The content of a transaction, before it has bytes and ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxParts {
    /// Version; 2 or more enables BIP68.
    pub version: i32,
    /// Inputs.
    pub inputs: Vec<TxIn>,
    /// Outputs.
    pub outputs: Vec<TxOut>,
    /// Height below 500,000,000, Unix seconds otherwise.
    pub lock_time: u32,
    /// MWEB part of a loose transaction; never inside a block.
    pub mweb: Option<mweb::Tx>,
    /// The block's last transaction that moves coins in and out of the extension block.
    pub is_hogex: bool,
}

impl TxParts {
    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let version = r.i32()?;
        let mut flags = 0;
        let mut inputs = r.vector(TxIn::MIN_SIZE, TxIn::decode)?;
        let mut outputs = Vec::new();
        if inputs.is_empty() {
            // What looks like an empty input list is the marker of the extended form.
            flags = r.u8()?;
            if flags != 0 {
                inputs = r.vector(TxIn::MIN_SIZE, TxIn::decode)?;
                outputs = r.vector(TxOut::MIN_SIZE, TxOut::decode)?;
            }
        } else {
            outputs = r.vector(TxOut::MIN_SIZE, TxOut::decode)?;
        }
        if flags & FLAG_WITNESS != 0 {
            flags ^= FLAG_WITNESS;
            for input in &mut inputs {
                input.witness = r.vector(1, Reader::var_bytes)?;
            }
            if inputs.iter().all(|i| i.witness.is_empty()) {
                return Err(DecodeError::SuperfluousWitness);
            }
        }
        let mut mweb = None;
        let mut is_hogex = false;
        if flags & FLAG_MWEB != 0 {
            flags ^= FLAG_MWEB;
            let presence = r.u8()?;
            if presence == 1 {
                mweb = Some(mweb::Tx::decode(r)?);
            } else {
                r.irregular |= presence != 0;
                if outputs.is_empty() {
                    return Err(DecodeError::MissingHogExOutput);
                }
                is_hogex = true;
            }
        }
        if flags != 0 {
            return Err(DecodeError::UnknownFlag);
        }
        Ok(Self { version, inputs, outputs, lock_time: r.u32()?, mweb, is_hogex })
    }

    fn has_witness(&self) -> bool {
        self.inputs.iter().any(|i| !i.witness.is_empty())
    }

    fn encode(&self, encoding: Encoding, out: &mut Vec<u8>) {
        let mut flags = 0;
        if encoding != Encoding::Base && self.has_witness() {
            flags |= FLAG_WITNESS;
        }
        if encoding == Encoding::Full && (self.is_hogex || self.mweb.is_some()) {
            flags |= FLAG_MWEB;
        }
        out.extend_from_slice(&self.version.to_le_bytes());
        if flags != 0 {
            out.extend_from_slice(&[0, flags]);
        }
        put_len(out, self.inputs.len());
        for input in &self.inputs {
            out.extend_from_slice(&input.prevout.encode());
            put_var_bytes(out, &input.script_sig);
            out.extend_from_slice(&input.sequence.to_le_bytes());
        }
        put_len(out, self.outputs.len());
        for output in &self.outputs {
            output.encode(out);
        }
        if flags & FLAG_WITNESS != 0 {
            for input in &self.inputs {
                put_len(out, input.witness.len());
                for item in &input.witness {
                    put_var_bytes(out, item);
                }
            }
        }
        if flags & FLAG_MWEB != 0 {
            match &self.mweb {
                Some(tx) => {
                    out.push(1);
                    tx.encode(out);
                }
                None => out.push(0),
            }
        }
        out.extend_from_slice(&self.lock_time.to_le_bytes());
    }

    fn base_size(&self) -> usize {
        let inputs: usize = self.inputs.iter().map(|i| 40 + compact_len(i.script_sig.len()) + i.script_sig.len()).sum();
        let outputs: usize =
            self.outputs.iter().map(|o| 8 + compact_len(o.script_pubkey.len()) + o.script_pubkey.len()).sum();
        8 + compact_len(self.inputs.len()) + inputs + compact_len(self.outputs.len()) + outputs
    }

    fn witness_size(&self) -> usize {
        if !self.has_witness() {
            return 0;
        }
        let stacks: usize = self
            .inputs
            .iter()
            .map(|i| {
                compact_len(i.witness.len()) + i.witness.iter().map(|w| compact_len(w.len()) + w.len()).sum::<usize>()
            })
            .sum();
        2 + stacks
    }
}

/// A transaction with its bytes and ids.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    parts: TxParts,
    bytes: Bytes,
    txid: Txid,
    wtxid: Wtxid,
    base_size: usize,
}

impl From<TxParts> for Transaction {
    fn from(parts: TxParts) -> Self {
        let mut bytes = Vec::new();
        parts.encode(Encoding::Full, &mut bytes);
        Self::new(parts, bytes.into())
    }
}

impl Transaction {
    fn new(parts: TxParts, bytes: Bytes) -> Self {
        let base_size = parts.base_size();
        let mut scratch = Vec::new();
        let plain = base_size == bytes.len();
        if !plain {
            parts.encode(Encoding::Base, &mut scratch);
        }
        let txid = match &parts.mweb {
            // v0.21.5.5 src/primitives/transaction.cpp, ComputeHash
            Some(tx) if parts.inputs.is_empty() && parts.outputs.is_empty() => {
                Txid::from_bytes(tx.body.kernels[0].id().0)
            }
            _ => Txid::from_bytes(sha256d(if plain { &bytes } else { &scratch })),
        };
        let wtxid = if !parts.has_witness() {
            *txid.as_bytes()
        } else if parts.mweb.is_none() && !parts.is_hogex {
            sha256d(&bytes)
        } else {
            scratch.clear();
            parts.encode(Encoding::Witness, &mut scratch);
            sha256d(&scratch)
        };
        Self { parts, bytes, txid, wtxid: Wtxid::from_bytes(wtxid), base_size }
    }

    /// Reads one transaction.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let start = r.rest().clone();
        let outer = std::mem::replace(&mut r.irregular, false);
        let parts = TxParts::decode(r)?;
        let irregular = std::mem::replace(&mut r.irregular, outer);
        r.irregular |= irregular;
        if irregular {
            return Ok(Self::from(parts));
        }
        let length = start.len() - r.remaining();
        Ok(Self::new(parts, start.slice(..length)))
    }

    /// Reads a transaction that is all of `bytes`.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let tx = Self::decode(&mut r)?;
        r.finish()?;
        Ok(tx)
    }

    /// The content.
    pub fn parts(&self) -> &TxParts {
        &self.parts
    }

    /// Version; 2 or more enables BIP68.
    pub fn version(&self) -> i32 {
        self.parts.version
    }

    /// Inputs.
    pub fn inputs(&self) -> &[TxIn] {
        &self.parts.inputs
    }

    /// Outputs.
    pub fn outputs(&self) -> &[TxOut] {
        &self.parts.outputs
    }

    /// Height below 500,000,000, Unix seconds otherwise.
    pub fn lock_time(&self) -> u32 {
        self.parts.lock_time
    }

    /// The MWEB part of a loose transaction.
    pub fn mweb(&self) -> Option<&mweb::Tx> {
        self.parts.mweb.as_ref()
    }

    /// Whether this is marked as the integrating transaction of an extension block.
    pub fn is_hogex(&self) -> bool {
        self.parts.is_hogex
    }

    /// Whether nothing of it is outside of the extension block.
    pub fn is_mweb_only(&self) -> bool {
        self.parts.mweb.is_some() && self.parts.inputs.is_empty() && self.parts.outputs.is_empty()
    }

    /// Whether it creates coins: one input, which spends nothing.
    pub fn is_coinbase(&self) -> bool {
        matches!(self.parts.inputs.as_slice(), [only] if only.prevout.is_null())
    }

    /// Whether any input has a witness.
    pub fn has_witness(&self) -> bool {
        self.parts.has_witness()
    }

    /// Id without witness.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// Id with witness.
    pub fn wtxid(&self) -> Wtxid {
        self.wtxid
    }

    /// The full encoding, kept.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// One of the encodings; shares memory with the kept bytes where they are the same.
    pub fn encode(&self, encoding: Encoding) -> Bytes {
        let extended = self.is_hogex() || self.mweb().is_some();
        let kept = match encoding {
            Encoding::Full => true,
            Encoding::Witness => !extended,
            Encoding::Base => !extended && !self.has_witness(),
        };
        if kept {
            return self.bytes.clone();
        }
        let mut out = Vec::with_capacity(self.bytes.len());
        self.parts.encode(encoding, &mut out);
        out.into()
    }

    /// Bytes of [`Encoding::Base`].
    pub fn base_size(&self) -> usize {
        self.base_size
    }

    /// Bytes of [`Encoding::Witness`].
    pub fn witness_encoding_size(&self) -> usize {
        self.base_size + self.parts.witness_size()
    }

    /// Weight of a loose transaction (BIP141): a peg-in counts as the input that the HogEx will need for it, a peg-out as
    /// the output. An MWEB-only transaction weighs its peg-outs alone
    /// (v0.21.5.5 src/consensus/validation.h, GetTransactionWeight).
    pub fn weight(&self) -> usize {
        let kernels = || self.mweb().into_iter().flat_map(|mweb| &mweb.body.kernels);
        let scripts = kernels().flat_map(|kernel| &kernel.peg_outs).map(|out| out.script_pubkey.len());
        let peg_outs: usize = scripts.map(|length| 8 + compact_len(length) + length).sum();
        if self.is_mweb_only() {
            return 4 * peg_outs;
        }
        let peg_ins = kernels().filter(|kernel| kernel.peg_in.is_some()).count();
        3 * self.base_size() + self.witness_encoding_size() + 4 * (peg_outs + peg_ins * TxIn::MIN_SIZE)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("txid", &self.txid).field("parts", &self.parts).finish_non_exhaustive()
    }
}
