//! Fuzz targets: what the node does with bytes that strangers, files and operators give it.
//!
//! A target is a plain function of bytes that panics when a promise is broken; what the bytes mean is its own business.
//! cargo-fuzz runs one target for as long as it may (`cargo +nightly fuzz run tx`), `tests/corpus.rs` runs all of them
//! over the committed seeds and some mutations of each. Every target promises: no panic, no memory beyond a small
//! multiple of the input, and what was decoded encodes to the bytes it came from.

mod address;
mod config;
mod extension_block;
mod header;
mod input;
mod mweb;
mod mweb_tx;
mod p2p_message;
mod records;
mod rpc_request;
mod script;
mod verify_script;
mod wire;

pub use address::address;
pub use config::config;
pub use extension_block::{extension_block, good_extension_blocks};
pub use header::header;
pub use mweb_tx::{good_mweb_txs, mweb_tx};
pub use p2p_message::p2p_message;
pub use records::{block_file, records};
pub use rpc_request::rpc_request;
pub use script::script;
pub use verify_script::{Spend, verify_script};
pub use wire::{block, tx};

/// A target and what it may take.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the binary and of the folder of seeds.
    pub name: &'static str,
    /// The target.
    pub run: fn(&[u8]),
    /// Bytes of memory that it may hold at most for each byte of input.
    pub memory_per_byte: usize,
    /// Bytes of memory that it may hold whatever the input.
    pub memory: usize,
}

/// All targets. The smallest element in memory is `Bytes` with 32 bytes, made from one byte of input that says that it
/// is empty; a transaction is there twice while it is checked, and is encoded beside.
pub const TARGETS: &[Target] = &[
    Target { name: "address", run: address, memory_per_byte: 64, memory: 8 << 10 },
    Target { name: "block", run: block, memory_per_byte: 160, memory: 16 << 10 },
    Target { name: "block_file", run: block_file, memory_per_byte: 64, memory: 256 << 10 },
    Target { name: "config", run: config, memory_per_byte: 512, memory: 64 << 10 },
    // What was verified is remembered, here and in the other target of this kind.
    Target { name: "extension_block", run: extension_block, memory_per_byte: 160, memory: 512 << 10 },
    Target { name: "header", run: header, memory_per_byte: 64, memory: 256 << 10 },
    Target { name: "mweb_tx", run: mweb_tx, memory_per_byte: 160, memory: 512 << 10 },
    Target { name: "p2p_message", run: p2p_message, memory_per_byte: 160, memory: 1 << 20 },
    Target { name: "records", run: records, memory_per_byte: 64, memory: 16 << 10 },
    Target { name: "rpc_request", run: rpc_request, memory_per_byte: 1024, memory: 256 << 10 },
    Target { name: "script", run: script, memory_per_byte: 64, memory: 16 << 10 },
    Target { name: "tx", run: tx, memory_per_byte: 160, memory: 16 << 10 },
    // Two stacks of a thousand elements of 520 bytes, and a copy of one.
    Target { name: "verify_script", run: verify_script, memory_per_byte: 256, memory: 4 << 20 },
];

/// The binary of a target: all of it under cargo-fuzz, and nothing otherwise.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| litecast_fuzz::$name(data));

        #[cfg(not(fuzzing))]
        fn main() {
            eprintln!("build with cargo-fuzz: cargo +nightly fuzz run {}", stringify!($name));
        }
    };
}
