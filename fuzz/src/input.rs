//! Structure out of plain bytes. An input that has run out gives zeros.

use bytes::Bytes;

/// Walks over the fuzzer's bytes.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let taken = self.take(N);
        out[..taken.len()].copy_from_slice(taken);
        out
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// At most `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes with a length of two bytes in front.
    pub(crate) fn chunk(&mut self) -> &'a [u8] {
        let length = self.u16();
        self.take(length.into())
    }

    /// A few chunks, with their number in front.
    pub(crate) fn chunks(&mut self) -> Vec<Bytes> {
        let count = self.u8();
        (0..count).take_while(|_| !self.0.is_empty()).map(|_| Bytes::copy_from_slice(self.chunk())).collect()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
