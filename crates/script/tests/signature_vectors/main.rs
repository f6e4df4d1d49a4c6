//! What signatures sign and whether they are valid, held against the reference's and the BIPs' vectors.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are said aloud")]

mod bip340;
mod bip341;
mod checker;
mod encodings;
mod sighash;
mod vectors;
