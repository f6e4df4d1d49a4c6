//! scrypt(1024,1,1): Litecoin's proof-of-work hash.
//!
//! Owns one function: 80 header bytes are password and salt at once, N = 1024, r = 1, p = 1, 32 bytes come out
//! (RFC 7914; v0.21.5.5 src/crypto/scrypt.cpp). It knows nothing of targets. Output is in internal byte order, like
//! every hash of the project. A hash walks 128 KiB of memory; [`Scratch`] holds them so that hashing many headers
//! allocates once.

mod salsa;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use salsa::Block;

/// Encoded size of a block header in bytes.
pub const HEADER_SIZE: usize = 80;

/// The cost parameter N: rows that are written, then read in an order that only the data knows.
const ROWS: usize = 1024;

/// The memory of one hash: 1024 rows of 128 bytes. One per thread; what is left in it does not matter.
#[derive(Clone)]
pub struct Scratch {
    rows: Box<[Block; ROWS]>,
}

impl Scratch {
    /// Allocates 128 KiB.
    pub fn new() -> Self {
        let rows = vec![[0u32; 32]; ROWS].into_boxed_slice();
        Self { rows: rows.try_into().expect("because the vector has ROWS elements") }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// The proof-of-work hash of a header, with memory of its own.
pub fn scrypt_1024_1_1(header: &[u8; HEADER_SIZE]) -> [u8; 32] {
    scrypt_with(&mut Scratch::new(), header)
}

/// The proof-of-work hash of a header, in memory that the caller keeps for the next one.
pub fn scrypt_with(scratch: &mut Scratch, header: &[u8; HEADER_SIZE]) -> [u8; 32] {
    let key = Hmac::<Sha256>::new_from_slice(header).expect("because HMAC takes a key of any length");

    // PBKDF2 with one iteration is one HMAC over salt and block number per 32 bytes of output.
    let mut mixed = [0u8; 128];
    for (number, chunk) in (1u32..).zip(mixed.chunks_exact_mut(32)) {
        chunk.copy_from_slice(&pbkdf2_block(&key, header, number));
    }

    let mut words: Block = [0; 32];
    for (word, bytes) in words.iter_mut().zip(mixed.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    romix(&mut words, &mut scratch.rows);
    for (word, bytes) in words.iter().zip(mixed.as_chunks_mut::<4>().0) {
        *bytes = word.to_le_bytes();
    }

    pbkdf2_block(&key, &mixed, 1)
}

fn pbkdf2_block(key: &Hmac<Sha256>, salt: &[u8], number: u32) -> [u8; 32] {
    let mut mac = key.clone();
    mac.update(salt);
    mac.update(&number.to_be_bytes());
    mac.finalize().into_bytes().into()
}

/// scryptROMix (RFC 7914, section 5) with r = 1.
fn romix(x: &mut Block, rows: &mut [Block; ROWS]) {
    for row in rows.iter_mut() {
        *row = *x;
        salsa::block_mix(x);
    }
    for _ in 0..ROWS {
        // Integerify: the low bits of the last 64 bytes choose the row.
        let row = &rows[x[16] as usize % ROWS];
        for (word, other) in x.iter_mut().zip(row) {
            *word ^= other;
        }
        salsa::block_mix(x);
    }
}
