//! Nanoseconds per hash, ours beside the `scrypt` crate's. `cargo bench -p litecast-scrypt`.

#![allow(clippy::print_stdout, reason = "a benchmark speaks to its terminal")]

use std::{hint::black_box, time::Instant};

use litecast_scrypt::{Scratch, scrypt_1024_1_1, scrypt_with};

fn main() {
    let mut scratch = Scratch::new();
    measure("litecast, memory kept", |header| scrypt_with(&mut scratch, header));
    measure("litecast, memory anew", scrypt_1024_1_1);
    let params = scrypt::Params::new(10, 1, 1).expect("because 1024, 1, 1 are parameters of scrypt");
    measure("scrypt crate", |header| {
        let mut out = [0; 32];
        scrypt::scrypt(header, header, &params, &mut out).expect("because 32 bytes may be asked for");
        out
    });
}

fn measure(name: &str, mut hash: impl FnMut(&[u8; 80]) -> [u8; 32]) {
    const HASHES: u32 = 2000;
    let mut header = [7; 80];
    // The best of five: everything else on the machine only ever slows it down.
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            for nonce in 0..HASHES {
                header[76..].copy_from_slice(&nonce.to_le_bytes());
                black_box(hash(black_box(&header)));
            }
            start.elapsed() / HASHES
        })
        .min()
        .expect("because five rounds were measured");
    println!("{name}: {} ns/hash", best.as_nanos());
}
