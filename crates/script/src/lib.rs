//! Script: walking over opcodes, recognising templates, counting signature operations, and executing.
//!
//! A script is a plain byte slice: any bytes are a script, and only walking over it says whether it parses. Which rules
//! are in force is the caller's to say, by [`Flags`]; nothing here knows of chains and heights.

pub mod address;
pub mod asm;
pub mod cache;
pub mod checker;
pub mod encoding;
pub mod flags;
pub mod hash160;
pub mod interpreter;
pub mod opcode;
pub mod script_error;
pub mod sighash;
pub mod sigops;
pub mod standard;
pub mod template;

pub use flags::Flags;
pub use opcode::{Instruction, Instructions};
pub use script_error::ScriptError;
pub use template::WitnessProgram;

/// A script longer than this never evaluates (v0.21.5.5 src/script/script.h, MAX_SCRIPT_SIZE).
pub const MAX_SCRIPT_SIZE: usize = 10_000;
