//! Reading and writing the wire's elementary forms.
//!
//! [`Reader`] walks a [`Bytes`] and hands out slices that share its memory. It refuses what the reference refuses
//! (short input, non-canonical or oversized CompactSize, VARINT overflow) and allocates nothing on the word of the
//! input: [`Reader::count`] bounds a vector by what can still follow.

use bytes::{Buf, Bytes};

/// Largest length prefix that is read (v0.21.5.5 src/serialize.h, MAX_SIZE): 32 MiB.
pub const MAX_SIZE: u64 = 0x0200_0000;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ended early.
    #[error("end of data")]
    EndOfData,
    /// A CompactSize was not in its shortest form.
    #[error("non-canonical ReadCompactSize()")]
    NonCanonicalSize,
    /// A CompactSize was above [`MAX_SIZE`].
    #[error("ReadCompactSize(): size too large")]
    SizeTooLarge,
    /// A VARINT did not fit its type.
    #[error("ReadVarInt(): size too large")]
    VarIntTooLarge,
    /// A witness flag with nothing but empty witnesses.
    #[error("Superfluous witness record")]
    SuperfluousWitness,
    /// An HogEx marker on a transaction without outputs.
    #[error("Missing HogEx output")]
    MissingHogExOutput,
    /// A transaction flag that nobody defined.
    #[error("Unknown transaction optional data")]
    UnknownFlag,
    /// An MWEB transaction without kernels.
    #[error("Transaction requires at least one kernel")]
    NoKernel,
    /// A peg-out to the empty script.
    #[error("Pegout scriptPubKey must not be empty")]
    EmptyPegOutScript,
    /// Bytes were left over.
    #[error("{0} bytes after the end")]
    TrailingBytes(usize),
    /// A message field was outside of what its protocol allows.
    #[error("{0}")]
    Invalid(&'static str),
}

/// Walks over shared bytes.
#[derive(Debug, Clone)]
pub struct Reader {
    rest: Bytes,
    length: usize,
    /// Set when something was read that the reference would write differently: the kept bytes are then re-encoded.
    pub(crate) irregular: bool,
}

impl Reader {
    /// Starts at the first byte.
    pub fn new(bytes: Bytes) -> Self {
        Self { length: bytes.len(), rest: bytes, irregular: false }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The bytes that are left, without moving.
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }

    /// Succeeds at the end only.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::TrailingBytes(self.rest.len())) }
    }

    /// The next `n` bytes, sharing memory.
    pub fn take(&mut self, n: usize) -> Result<Bytes, DecodeError> {
        if n > self.rest.len() {
            return Err(DecodeError::EndOfData);
        }
        Ok(self.rest.split_to(n))
    }

    /// A fixed number of bytes, copied.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some(found) = self.rest.first_chunk::<N>() else { return Err(DecodeError::EndOfData) };
        let found = *found;
        self.rest.advance(N);
        Ok(found)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// Little-endian.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Little-endian.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Little-endian.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// Little-endian.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Little-endian.
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// CompactSize of any value (v0.21.5.5 src/serialize.h, ReadCompactSize without range check).
    pub fn compact_u64(&mut self) -> Result<u64, DecodeError> {
        let (value, floor) = match self.u8()? {
            253 => (u64::from(self.u16()?), 253),
            254 => (u64::from(self.u32()?), 0x1_0000),
            255 => (self.u64()?, 0x1_0000_0000),
            small => (u64::from(small), 0),
        };
        if value < floor { Err(DecodeError::NonCanonicalSize) } else { Ok(value) }
    }

    /// CompactSize as a length: at most [`MAX_SIZE`].
    pub fn compact_size(&mut self) -> Result<usize, DecodeError> {
        let value = self.compact_u64()?;
        if value > MAX_SIZE {
            return Err(DecodeError::SizeTooLarge);
        }
        usize::try_from(value).map_err(|_| DecodeError::SizeTooLarge)
    }

    /// A vector's element count. Returns the count and a capacity that the remaining bytes can really fill when one
    /// element takes at least `min_element` bytes.
    pub fn count(&mut self, min_element: usize) -> Result<(usize, usize), DecodeError> {
        let count = self.compact_size()?;
        Ok((count, count.min(self.rest.len() / min_element.max(1))))
    }

    /// Length-prefixed bytes, sharing memory.
    pub fn var_bytes(&mut self) -> Result<Bytes, DecodeError> {
        let length = self.compact_size()?;
        self.take(length)
    }

    /// The reference's VARINT up to `max` of its type (v0.21.5.5 src/serialize.h, ReadVarInt).
    pub fn varint(&mut self, max: u64) -> Result<u64, DecodeError> {
        let mut n = 0u64;
        loop {
            let byte = self.u8()?;
            if n > max >> 7 {
                return Err(DecodeError::VarIntTooLarge);
            }
            n = n << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(n);
            }
            if n == max {
                return Err(DecodeError::VarIntTooLarge);
            }
            n += 1;
        }
    }

    /// A vector of anything that takes at least `min_element` bytes each.
    pub fn vector<T>(
        &mut self,
        min_element: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let (count, capacity) = self.count(min_element)?;
        let mut out = Vec::with_capacity(capacity);
        for _ in 0..count {
            out.push(element(self)?);
        }
        Ok(out)
    }
}

/// Appends a CompactSize.
pub fn put_compact(out: &mut Vec<u8>, value: u64) {
    if let Ok(small) = u8::try_from(value)
        && small < 253
    {
        out.push(small);
    } else if let Ok(v) = u16::try_from(value) {
        out.push(253);
        out.extend_from_slice(&v.to_le_bytes());
    } else if let Ok(v) = u32::try_from(value) {
        out.push(254);
        out.extend_from_slice(&v.to_le_bytes());
    } else {
        out.push(255);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Appends a length as CompactSize.
pub fn put_len(out: &mut Vec<u8>, length: usize) {
    put_compact(out, length as u64);
}

/// Appends length-prefixed bytes.
pub fn put_var_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Bytes that a CompactSize takes.
pub const fn compact_len(value: usize) -> usize {
    match value {
        0..=252 => 1,
        253..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Appends the reference's VARINT.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 10];
    let mut i = 0;
    loop {
        digits[i] = (value & 0x7f) as u8 | if i > 0 { 0x80 } else { 0 };
        if value <= 0x7f {
            break;
        }
        value = (value >> 7) - 1;
        i += 1;
    }
    out.extend(digits[..=i].iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn varint_vectors() {
        // The worked examples of v0.21.5.5 src/serialize.h.
        for (value, bytes) in
            [(0u64, "00"), (127, "7f"), (128, "8000"), (255, "807f"), (256, "8100"), (16511, "ff7f"), (65535, "82fe7f")]
        {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(hex::encode(&out), bytes);
        }
    }

    proptest! {
        #[test]
        fn varint_round_trips(value: u64) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(Reader::new(out.into()).varint(u64::MAX), Ok(value));
        }

        #[test]
        fn compact_round_trips(value: u64) {
            let mut out = Vec::new();
            put_compact(&mut out, value);
            prop_assert_eq!(Reader::new(out.into()).compact_u64(), Ok(value));
        }

        #[test]
        fn compact_accepts_only_the_shortest_form(bytes in proptest::collection::vec(any::<u8>(), 1..10)) {
            let mut reader = Reader::new(bytes.clone().into());
            if let Ok(value) = reader.compact_u64() {
                let mut out = Vec::new();
                put_compact(&mut out, value);
                prop_assert_eq!(&bytes[..reader.position()], &out[..]);
            }
        }
    }
}
