//! The script that an input really runs, and how to put another in its place so that it runs, too.

use bytes::Bytes;
use litecast_primitives::hash::sha256;
use litecast_script::{
    Instructions,
    hash160::hash160,
    opcode::push_bytes,
    template::{is_p2sh, witness_program},
};
use secp256k1::{Parity, Scalar, XOnlyPublicKey};
use sha2::{Digest, Sha256};

use crate::case::Case;

/// Where the script is that runs last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wrapping {
    Bare,
    P2sh,
    P2wsh,
    P2shP2wsh,
    Leaf,
}

pub(crate) fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let mut engine = Sha256::new().chain_update(tag).chain_update(tag);
    parts.iter().for_each(|part| engine.update(part));
    engine.finalize().into()
}

pub(crate) fn leaf_hash(version: u8, script: &[u8]) -> [u8; 32] {
    let mut counted = Vec::new();
    litecast_primitives::codec::put_var_bytes(&mut counted, script);
    tagged_hash("TapLeaf", &[&[version], &counted])
}

/// The root of a tree, by one leaf and the nodes beside its branch.
pub(crate) fn root(leaf: [u8; 32], path: &[u8]) -> [u8; 32] {
    path.chunks_exact(32).fold(leaf, |node, other| {
        if node.as_slice() < other {
            tagged_hash("TapBranch", &[&node, other])
        } else {
            tagged_hash("TapBranch", &[other, &node])
        }
    })
}

/// The output key of an internal key and a tree.
pub(crate) fn output_key(internal: &[u8; 32], root: Option<[u8; 32]>) -> Option<([u8; 32], Parity)> {
    let root = root.as_ref().map_or(&[][..], |root| &root[..]);
    let tweak = Scalar::from_be_bytes(tagged_hash("TapTweak", &[internal, root])).ok()?;
    let (key, parity) = XOnlyPublicKey::from_byte_array(*internal).ok()?.add_tweak(&tweak).ok()?;
    Some((key.to_byte_array(), parity))
}

pub(crate) fn p2sh(script: &[u8]) -> Vec<u8> {
    [&[0xa9, 20][..], &hash160(script), &[0x87]].concat()
}

pub(crate) fn p2wsh(script: &[u8]) -> Vec<u8> {
    [&[0, 32][..], &sha256(script)].concat()
}

pub(crate) fn p2tr(key: &[u8; 32]) -> Vec<u8> {
    [&[0x51, 32][..], key].concat()
}

pub(crate) fn push(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, data);
    out
}

/// A script's pushes up to the last, and what the last pushes.
fn last_push(script: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut walk = Instructions::new(script);
    let mut found = None;
    let mut start = 0;
    while let Some(step) = walk.next() {
        found = Some((&script[..start], step.ok()?.data));
        start = script.len() - walk.rest().len();
    }
    found
}

fn annexed(witness: &[Bytes]) -> bool {
    witness.len() >= 2 && witness.last().is_some_and(|last| last.first() == Some(&0x50))
}

/// Which script runs last, and how it is wrapped.
pub(crate) fn inner(case: &Case) -> Option<(Wrapping, Vec<u8>)> {
    let input = &case.tx.inputs[case.input];
    let script = case.script_pubkey();
    let last = || input.witness.last().map(|last| last.to_vec());
    if is_p2sh(script) {
        let (_, redeem) = last_push(&input.script_sig)?;
        return match witness_program(redeem) {
            Some(program) if program.version == 0 && program.program.len() == 32 => {
                Some((Wrapping::P2shP2wsh, last()?))
            }
            _ => Some((Wrapping::P2sh, redeem.to_vec())),
        };
    }
    match witness_program(script) {
        Some(program) if program.version == 0 && program.program.len() == 32 => Some((Wrapping::P2wsh, last()?)),
        Some(program) if program.version == 1 && program.program.len() == 32 => {
            let items = input.witness.len() - usize::from(annexed(&input.witness));
            (items >= 2).then(|| (Wrapping::Leaf, input.witness[items - 2].to_vec()))
        }
        _ => Some((Wrapping::Bare, script.to_vec())),
    }
}

/// Puts `script` where [`inner`] found one, and makes all that commits to it fit. Signatures are not made anew.
pub(crate) fn replace_inner(case: &mut Case, wrapping: Wrapping, script: Vec<u8>) -> Option<()> {
    let index = case.input;
    let input = &mut case.tx.inputs[index];
    let output = &mut case.spent[index].script_pubkey;
    let redeem_with = |script_sig: &Bytes, redeem: &[u8]| {
        last_push(script_sig).map(|(before, _)| Bytes::from([before, &push(redeem)].concat()))
    };
    match wrapping {
        Wrapping::Bare => *output = script.into(),
        Wrapping::P2sh => {
            *output = p2sh(&script).into();
            input.script_sig = redeem_with(&input.script_sig, &script)?;
        }
        Wrapping::P2wsh | Wrapping::P2shP2wsh => {
            let program = p2wsh(&script);
            *input.witness.last_mut()? = script.into();
            if wrapping == Wrapping::P2wsh {
                *output = program.into();
            } else {
                *output = p2sh(&program).into();
                input.script_sig = redeem_with(&input.script_sig, &program)?;
            }
        }
        Wrapping::Leaf => {
            let items = input.witness.len().checked_sub(usize::from(annexed(&input.witness)))?;
            let mut control = input.witness.get(items.checked_sub(1)?)?.to_vec();
            let (head, path) = control.split_at_mut_checked(33)?;
            let internal: [u8; 32] = head[1..].try_into().ok()?;
            let root = root(leaf_hash(head[0] & 0xfe, &script), path);
            let (key, parity) = output_key(&internal, Some(root))?;
            head[0] = head[0] & 0xfe | parity.to_u8();
            input.witness[items - 1] = control.into();
            input.witness[items - 2] = script.into();
            *output = p2tr(&key).into();
        }
    }
    Some(())
}
