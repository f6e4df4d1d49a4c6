//! Script: walking over opcodes, recognising templates and counting signature operations.
//!
//! The interpreter comes with the issue on consensus; until then nothing here executes a script. A script is a plain
//! byte slice: any bytes are a script, and only walking over it says whether it parses.

pub mod address;
pub mod asm;
pub mod hash160;
pub mod opcode;
pub mod sigops;
pub mod standard;
pub mod template;

pub use opcode::{Instruction, Instructions};
pub use template::WitnessProgram;

/// A script longer than this never evaluates (v0.21.5.5 src/script/script.h, MAX_SCRIPT_SIZE).
pub const MAX_SCRIPT_SIZE: usize = 10_000;
