//! The commitment of a Taproot output to its scripts (BIP341).

use litecast_primitives::codec::put_len;
use secp256k1::{Parity, Scalar, XOnlyPublicKey};
use sha2::{Digest, Sha256};

use crate::script_error::ScriptError;

/// Leaf version and the internal key.
const BASE_SIZE: usize = 33;
/// A hash on the way from the leaf to the root.
const NODE_SIZE: usize = 32;
/// Deepest leaf.
const MAX_NODES: usize = 128;
/// The bit of the control block's first byte that is no leaf version.
const LEAF_MASK: u8 = 0xfe;

/// What is shown of the tree of scripts: the way from one leaf to the root, and the internal key.
pub(super) struct ControlBlock<'a> {
    /// What the leaf's script is held to.
    pub(super) leaf_version: u8,
    parity: Parity,
    internal_key: [u8; 32],
    path: &'a [[u8; NODE_SIZE]],
}

impl<'a> ControlBlock<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, ScriptError> {
        let wrong = ScriptError::TaprootWrongControlSize;
        let (base, path) = bytes.split_first_chunk::<BASE_SIZE>().ok_or(wrong)?;
        let (path, []) = path.as_chunks() else { return Err(wrong) };
        if path.len() > MAX_NODES {
            return Err(wrong);
        }
        let [first, internal_key @ ..] = *base;
        let parity = if first & !LEAF_MASK == 0 { Parity::Even } else { Parity::Odd };
        Ok(Self { leaf_version: first & LEAF_MASK, parity, internal_key, path })
    }

    /// The hash of the leaf with this script.
    pub(super) fn leaf_hash(&self, script: &[u8]) -> [u8; 32] {
        let mut length = Vec::new();
        put_len(&mut length, script.len());
        tagged(b"TapLeaf").chain_update([self.leaf_version]).chain_update(length).chain_update(script).finalize().into()
    }

    /// Whether `output_key` commits to the leaf.
    pub(super) fn commits(&self, leaf_hash: [u8; 32], output_key: &[u8]) -> bool {
        let branch = tagged(b"TapBranch");
        let root = self.path.iter().fold(leaf_hash, |hash, node| {
            let (first, second) = if hash < *node { (&hash, node) } else { (node, &hash) };
            branch.clone().chain_update(first).chain_update(second).finalize().into()
        });
        let tweak = tagged(b"TapTweak").chain_update(self.internal_key).chain_update(root).finalize().into();
        let Ok(tweak) = Scalar::from_be_bytes(tweak) else { return false };
        let Ok(key) = XOnlyPublicKey::from_byte_array(self.internal_key) else { return false };
        key.add_tweak(&tweak)
            .is_ok_and(|(tweaked, parity)| parity == self.parity && tweaked.to_byte_array() == output_key)
    }
}

fn tagged(tag: &[u8]) -> Sha256 {
    let tag = Sha256::digest(tag);
    Sha256::new().chain_update(tag).chain_update(tag)
}
