//! Blocks whose cost is in executing: no signatures. Bare scripts of 10,000 bytes and 201 operations, in witnesses,
//! where bytes are cheap.

use bytes::Bytes;
use litecast_primitives::hash::sha256;
use litecast_script::opcode::{OP_1, push_bytes, push_number};

use crate::{
    signed::leaf,
    spend::{Spend, full_of, program, same},
};

const OP_IF: u8 = 0x63;
const OP_ENDIF: u8 = 0x68;
const OP_DROP: u8 = 0x75;
const OP_2DROP: u8 = 0x6d;
const OP_DUP: u8 = 0x76;
const OP_3DUP: u8 = 0x6f;
const OP_ROLL: u8 = 0x7a;
const OP_SHA256: u8 = 0xa8;
const ELEMENT: usize = 520;
const MAX_OPS: usize = 201;

fn witness_script(script: &[u8], arguments: &[Bytes]) -> Spend {
    let mut witness = arguments.to_vec();
    witness.push(Bytes::copy_from_slice(script));
    full_of(&program(0, &sha256(script)), &witness)
}

/// The longest element, hashed as often as operations allow; a hash is short, so a copy is kept.
pub(crate) fn hashes() -> Spend {
    let mut script = Vec::new();
    for _ in 0..MAX_OPS / 3 {
        script.extend_from_slice(&[OP_DUP, OP_SHA256, OP_DROP]);
    }
    witness_script(&script, &[Bytes::from(vec![1; ELEMENT])])
}

pub(crate) fn duplicates() -> Spend {
    let mut script = Vec::new();
    for _ in 0..MAX_OPS / 5 {
        script.extend_from_slice(&[OP_3DUP, OP_3DUP, OP_2DROP, OP_2DROP, OP_2DROP]);
    }
    script.extend_from_slice(&[OP_2DROP]);
    witness_script(&script[..], &vec![Bytes::from(vec![1; ELEMENT]); 3])
}

/// OP_ROLL moves everything above the element it takes. In tapscript only bytes limit the operations.
pub(crate) fn rolls() -> Spend {
    const DEPTH: usize = 990;
    let mut script = vec![OP_1; DEPTH];
    for _ in 0..20_000 {
        push_number(&mut script, i64::try_from(DEPTH - 1).expect("because it is small"));
        script.push(OP_ROLL);
    }
    script.extend_from_slice(&[OP_2DROP; DEPTH / 2 - 1]);
    script.push(OP_DROP);
    let (pubkey, control, _) = leaf(&script);
    full_of(&pubkey, &[script.into(), control])
}

pub(crate) fn conditions() -> Spend {
    // A failing condition skips the rest, which still has to be followed. In tapscript only bytes limit the depth.
    const DEPTH: usize = 100_000;
    let mut script = vec![OP_1, 0, OP_IF];
    script.extend_from_slice(&[OP_IF; DEPTH]);
    script.extend_from_slice(&[OP_ENDIF; DEPTH + 1]);
    let (pubkey, control, _) = leaf(&script);
    full_of(&pubkey, &[script.into(), control])
}

/// Legacy: every byte is in the input's own script.
pub(crate) fn pushes() -> Spend {
    let mut script = Vec::new();
    for _ in 0..18 {
        push_bytes(&mut script, &[1; ELEMENT]);
    }
    let inputs = 1_000_000 / (script.len() + 43) - 1;
    same(inputs, &[OP_1], &script, &[])
}

/// Every opcode is looked at before any is executed.
pub(crate) fn long_tapscript() -> Spend {
    let mut script = vec![0x61; 1_000_000];
    script.push(0x50);
    let (pubkey, control, _) = leaf(&script);
    full_of(&pubkey, &[script.into(), control])
}
