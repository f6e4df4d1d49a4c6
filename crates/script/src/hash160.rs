//! RIPEMD-160 and its combination with SHA-256 that names keys and scripts.
//!
//! Not for secrets: it runs in time that depends on nothing but the length, but was written for clarity.

use litecast_primitives::hash::sha256;

/// Message words of the left line, round by round.
const LEFT: [[u8; 16]; 5] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8],
    [3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12],
    [1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2],
    [4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13],
];
/// Message words of the right line.
const RIGHT: [[u8; 16]; 5] = [
    [5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12],
    [6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2],
    [15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13],
    [8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14],
    [12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11],
];
/// Rotations of the left line.
const LEFT_TURNS: [[u8; 16]; 5] = [
    [11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8],
    [7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12],
    [11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5],
    [11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12],
    [9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6],
];
/// Rotations of the right line.
const RIGHT_TURNS: [[u8; 16]; 5] = [
    [8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6],
    [9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11],
    [9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5],
    [15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8],
    [8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11],
];
/// Added in each round of the left line.
const LEFT_CONSTANTS: [u32; 5] = [0, 0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xa953_fd4e];
/// Added in each round of the right line.
const RIGHT_CONSTANTS: [u32; 5] = [0x50a2_8be6, 0x5c4d_d124, 0x6d70_3ef3, 0x7a6d_76e9, 0];

const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// RIPEMD-160.
pub fn ripemd160(data: &[u8]) -> [u8; 20] {
    let mut state = START;
    let (blocks, rest) = data.as_chunks::<64>();
    for block in blocks {
        compress(&mut state, block);
    }
    let mut tail = [0; 128];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let end = if rest.len() < 56 { 64 } else { 128 };
    let bits = (data.len() as u64).wrapping_mul(8);
    tail[end - 8..end].copy_from_slice(&bits.to_le_bytes());
    for block in tail[..end].as_chunks::<64>().0 {
        compress(&mut state, block);
    }
    let mut out = [0; 20];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    out
}

/// RIPEMD-160 of SHA-256: what addresses hold of keys and scripts.
pub fn hash160(data: &[u8]) -> [u8; 20] {
    ripemd160(&sha256(data))
}

fn mix(round: usize, x: u32, y: u32, z: u32) -> u32 {
    match round {
        0 => x ^ y ^ z,
        1 => x & y | !x & z,
        2 => (x | !y) ^ z,
        3 => x & z | y & !z,
        _ => x ^ (y | !z),
    }
}

fn compress(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let line = |order: &[[u8; 16]; 5], turns: &[[u8; 16]; 5], constants: [u32; 5], backwards: bool| {
        let [mut a, mut b, mut c, mut d, mut e] = *state;
        for round in 0..5 {
            for step in 0..16 {
                let mixed = mix(if backwards { 4 - round } else { round }, b, c, d);
                let sum = a
                    .wrapping_add(mixed)
                    .wrapping_add(words[usize::from(order[round][step])])
                    .wrapping_add(constants[round]);
                let turned = sum.rotate_left(turns[round][step].into()).wrapping_add(e);
                (a, e, d, c, b) = (e, d, c.rotate_left(10), b, turned);
            }
        }
        [a, b, c, d, e]
    };
    let left = line(&LEFT, &LEFT_TURNS, LEFT_CONSTANTS, false);
    let right = line(&RIGHT, &RIGHT_TURNS, RIGHT_CONSTANTS, true);
    let old = *state;
    for i in 0..5 {
        state[i] = old[(i + 1) % 5].wrapping_add(left[(i + 2) % 5]).wrapping_add(right[(i + 3) % 5]);
    }
}

#[cfg(test)]
mod tests {
    use super::ripemd160;

    // The vectors of the authors (Dobbertin, Bosselaers, Preneel).
    #[test]
    fn vectors_of_the_authors() {
        for (text, digest) in [
            (String::new(), "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
            ("a".to_owned(), "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"),
            ("abc".to_owned(), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
            ("message digest".to_owned(), "5d0689ef49d2fae572b881b123a85ffa21595f36"),
            (('a'..='z').collect(), "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".to_owned(),
                "12a053384a9c0c88e405a06c27dcf49ada62eb2b",
            ),
            ("1234567890".repeat(8), "9b752e45573d4b39f4dbd3323cab82bf63326bfb"),
            ("a".repeat(1_000_000), "52783243c1697bdbe16d37f97f68f08325dc1528"),
        ] {
            assert_eq!(hex::encode(ripemd160(text.as_bytes())), digest, "{} bytes", text.len());
        }
    }
}
