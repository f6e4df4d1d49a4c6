//! Salsa20/8 and scryptBlockMix for r = 1 (RFC 7914, sections 3 and 4), on native words.

/// 128 bytes as little-endian words: two Salsa20 blocks.
pub(crate) type Block = [u32; 32];

/// scryptBlockMix: each half is xored with the other's result and stirred. With r = 1 nothing is shuffled.
#[inline]
pub(crate) fn block_mix(x: &mut Block) {
    let (low, high) = x.split_at_mut(16);
    let low: &mut [u32; 16] = low.try_into().expect("because half a block is 16 words");
    let high: &mut [u32; 16] = high.try_into().expect("because half a block is 16 words");
    xor_salsa20_8(low, high);
    xor_salsa20_8(high, low);
}

/// `x = Salsa20/8(x ^ other)`.
#[inline]
fn xor_salsa20_8(x: &mut [u32; 16], other: &[u32; 16]) {
    for (word, o) in x.iter_mut().zip(other) {
        *word ^= o;
    }
    let mut t = *x;
    for _ in 0..4 {
        // Columns, each starting at the diagonal.
        quarter_round(&mut t, 0, 4, 8, 12);
        quarter_round(&mut t, 5, 9, 13, 1);
        quarter_round(&mut t, 10, 14, 2, 6);
        quarter_round(&mut t, 15, 3, 7, 11);
        // Rows, likewise.
        quarter_round(&mut t, 0, 1, 2, 3);
        quarter_round(&mut t, 5, 6, 7, 4);
        quarter_round(&mut t, 10, 11, 8, 9);
        quarter_round(&mut t, 15, 12, 13, 14);
    }
    for (word, stirred) in x.iter_mut().zip(t) {
        *word = word.wrapping_add(stirred);
    }
}

#[inline(always)]
fn quarter_round(t: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    t[b] ^= t[a].wrapping_add(t[d]).rotate_left(7);
    t[c] ^= t[b].wrapping_add(t[a]).rotate_left(9);
    t[d] ^= t[c].wrapping_add(t[b]).rotate_left(13);
    t[a] ^= t[d].wrapping_add(t[c]).rotate_left(18);
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7914, section 8. A zero partner leaves the plain function.
    #[test]
    fn salsa20_8_vector() {
        let input = "7e879a214f3ec9867ca940e641718f26baee555b8c61c1b50df846116dcd3b1d\
                     ee24f319df9b3d8514121e4b5ac5aa3276021d2909c74829edebc68db8b8c25e";
        let output = "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29\
                      b4393168e3c9e6bcfe6bc5b7a06d96bae424cc102c91745c24ad673dc7618f81";
        let mut x = words(input);
        xor_salsa20_8(&mut x, &[0; 16]);
        assert_eq!(x, words(output));
    }

    fn words(text: &str) -> [u32; 16] {
        let bytes = hex::decode(text).unwrap();
        let mut out = [0; 16];
        for (word, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*b);
        }
        out
    }
}
