//! Output templates that the rules know by their bytes (v0.21.5.5 src/script/script.cpp).

use litecast_primitives::hash::MwebHash;

use crate::{MAX_SCRIPT_SIZE, opcode};

/// Witness version of a peg-in output: 32 bytes, the kernel id.
pub const MWEB_PEGIN_VERSION: u8 = 9;
/// Witness version of a HogEx's first output: 32 bytes, the hash of the extension block's header.
pub const MWEB_HOGADDR_VERSION: u8 = 8;

/// A witness program: a version and 2 to 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WitnessProgram<'a> {
    /// 0 to 16.
    pub version: u8,
    /// 2 to 40 bytes.
    pub program: &'a [u8],
}

/// Reads a script as a witness program.
pub fn witness_program(script: &[u8]) -> Option<WitnessProgram<'_>> {
    if !(4..=42).contains(&script.len()) || usize::from(script[1]) + 2 != script.len() {
        return None;
    }
    opcode::small_number(script[0]).map(|version| WitnessProgram { version, program: &script[2..] })
}

/// Pay to script hash (BIP16).
pub fn is_p2sh(script: &[u8]) -> bool {
    script.len() == 23 && script[..2] == [opcode::OP_HASH160, 20] && script[22] == opcode::OP_EQUAL
}

/// Never spendable, so it never enters the set of coins.
pub fn is_unspendable(script: &[u8]) -> bool {
    script.first() == Some(&opcode::OP_RETURN) || script.len() > MAX_SCRIPT_SIZE
}

/// The kernel id that a peg-in output names.
pub fn peg_in_kernel(script: &[u8]) -> Option<MwebHash> {
    mweb_program(script, MWEB_PEGIN_VERSION)
}

/// The header hash that a HogEx's first output commits to.
pub fn hogaddr_header(script: &[u8]) -> Option<MwebHash> {
    mweb_program(script, MWEB_HOGADDR_VERSION)
}

/// The output script of a HogEx that commits to an extension block's header.
pub fn hogaddr_script(header: MwebHash) -> Vec<u8> {
    let mut script = vec![opcode::OP_1 + MWEB_HOGADDR_VERSION - 1, 32];
    script.extend_from_slice(&header.0);
    script
}

fn mweb_program(script: &[u8], version: u8) -> Option<MwebHash> {
    let found = witness_program(script)?;
    if found.version != version {
        return None;
    }
    found.program.try_into().ok().map(MwebHash)
}
