//! Fixed keys, output scripts, and signing for them.

use litecast_primitives::{TxOut, hash::sha256, transaction::TxParts};
use ripemd::{Digest as _, Ripemd160};
use secp256k1::{Keypair, Message, Parity, Scalar, XOnlyPublicKey};

use crate::{
    op::{self, Script},
    sighash,
};

/// Leaf version of Tapscript.
pub(crate) const TAPSCRIPT: u8 = 0xc0;

/// A key that is the same in every run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(Keypair);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(Keypair::from_secret_bytes([seed; 32]).expect("because a repeated small byte is below the order"))
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.0.public_key().serialize().to_vec()
    }

    pub(crate) fn uncompressed(&self) -> Vec<u8> {
        self.0.public_key().serialize_uncompressed().to_vec()
    }

    /// As OpenSSL once took it: the first byte repeats the parity of Y.
    pub(crate) fn hybrid(&self) -> Vec<u8> {
        let mut key = self.uncompressed();
        key[0] = 6 + (key[64] & 1);
        key
    }

    pub(crate) fn x_only(&self) -> [u8; 32] {
        self.0.x_only_public_key().0.to_byte_array()
    }

    /// A DER signature without hash type.
    pub(crate) fn ecdsa(&self, hash: [u8; 32]) -> Vec<u8> {
        self.0.secret_key().sign_ecdsa(Message::from_digest(hash)).serialize_der().to_vec()
    }

    pub(crate) fn schnorr(&self, hash: [u8; 32]) -> Vec<u8> {
        self.0.sign_schnorr_no_aux_rand(&hash).to_byte_array().to_vec()
    }

    fn tweaked(&self, tweak: [u8; 32]) -> Self {
        let tweak = Scalar::from_be_bytes(tweak).expect("because a hash above the order has never been seen");
        Self(self.0.add_xonly_tweak(&tweak).expect("because the sum is not zero"))
    }
}

pub(crate) fn hash160(data: &[u8]) -> [u8; 20] {
    Ripemd160::digest(sha256(data)).into()
}

pub(crate) fn p2pk(key: &[u8]) -> Vec<u8> {
    Script::new().push(key).ops(&[op::CHECKSIG]).done()
}

pub(crate) fn p2pkh(key: &[u8]) -> Vec<u8> {
    Script::new().ops(&[op::DUP, op::HASH160]).push(&hash160(key)).ops(&[op::EQUALVERIFY, op::CHECKSIG]).done()
}

pub(crate) fn p2sh(redeem: &[u8]) -> Vec<u8> {
    Script::new().ops(&[op::HASH160]).push(&hash160(redeem)).ops(&[op::EQUAL]).done()
}

/// Any witness program.
pub(crate) fn program(version: u8, data: &[u8]) -> Vec<u8> {
    Script::new().num(version.into()).push(data).done()
}

pub(crate) fn p2wpkh(key: &[u8]) -> Vec<u8> {
    program(0, &hash160(key))
}

pub(crate) fn p2wsh(script: &[u8]) -> Vec<u8> {
    program(0, &sha256(script))
}

pub(crate) fn multisig(m: i64, keys: &[Vec<u8>]) -> Vec<u8> {
    let script = keys.iter().fold(Script::new().num(m), |script, key| script.push(key));
    let n = i64::try_from(keys.len()).expect("because keys are few");
    script.num(n).ops(&[op::CHECKMULTISIG]).done()
}

/// A Taproot output with at most two leaves.
#[derive(Debug, Clone)]
pub(crate) struct Taproot {
    internal: Key,
    leaves: Vec<(u8, Vec<u8>)>,
}

impl Taproot {
    pub(crate) fn key_only(internal: Key) -> Self {
        Self { internal, leaves: Vec::new() }
    }

    pub(crate) fn leaf(internal: Key, version: u8, script: Vec<u8>) -> Self {
        Self { internal, leaves: vec![(version, script)] }
    }

    pub(crate) fn two(internal: Key, first: Vec<u8>, second: Vec<u8>) -> Self {
        Self { internal, leaves: vec![(TAPSCRIPT, first), (TAPSCRIPT, second)] }
    }

    fn hashes(&self) -> Vec<[u8; 32]> {
        self.leaves.iter().map(|(version, script)| sighash::leaf_hash(*version, script)).collect()
    }

    fn tweak(&self) -> [u8; 32] {
        let mut hashes = self.hashes();
        hashes.sort_unstable();
        let root = match hashes.as_slice() {
            [] => Vec::new(),
            [only] => only.to_vec(),
            _ => sighash::tagged("TapBranch", &hashes.concat()).to_vec(),
        };
        sighash::tagged("TapTweak", &[&self.internal.x_only()[..], &root].concat())
    }

    fn output(&self) -> (XOnlyPublicKey, Parity) {
        self.internal.tweaked(self.tweak()).0.x_only_public_key()
    }

    pub(crate) fn lock(&self) -> Vec<u8> {
        program(1, &self.output().0.to_byte_array())
    }

    /// The key of the key path.
    pub(crate) fn key(&self) -> Key {
        self.internal.tweaked(self.tweak())
    }

    pub(crate) fn script(&self, leaf: usize) -> Vec<u8> {
        self.leaves[leaf].1.clone()
    }

    pub(crate) fn hash(&self, leaf: usize) -> [u8; 32] {
        self.hashes()[leaf]
    }

    /// The control block of a leaf.
    pub(crate) fn control(&self, leaf: usize) -> Vec<u8> {
        let parity = u8::from(self.output().1 == Parity::Odd);
        let mut control = vec![self.leaves[leaf].0 | parity];
        control.extend(self.internal.x_only());
        for (n, hash) in self.hashes().iter().enumerate() {
            if n != leaf {
                control.extend(hash);
            }
        }
        control
    }
}

/// What stands in an input to unlock a coin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unlock {
    pub(crate) script_sig: Vec<u8>,
    pub(crate) witness: Vec<Vec<u8>>,
}

impl Unlock {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn script(script_sig: Vec<u8>) -> Self {
        Self { script_sig, witness: Vec::new() }
    }

    pub(crate) fn pushes(items: &[&[u8]]) -> Self {
        Self::script(items.iter().fold(Script::new(), |script, item| script.push(item)).done())
    }

    pub(crate) fn witness(witness: Vec<Vec<u8>>) -> Self {
        Self { script_sig: Vec::new(), witness }
    }
}

/// A transaction whose only unsigned input is `index`, and what it spends.
#[derive(Debug)]
pub(crate) struct Signing<'a> {
    pub(crate) tx: &'a TxParts,
    pub(crate) spent: &'a [TxOut],
    pub(crate) index: usize,
}

impl Signing<'_> {
    /// A signature with its hash type, before SegWit.
    pub(crate) fn legacy_as(&self, key: &Key, script_code: &[u8], hash_type: u8) -> Vec<u8> {
        let hash = sighash::legacy(self.tx, self.index, script_code, hash_type);
        [key.ecdsa(hash), vec![hash_type]].concat()
    }

    /// The same over everything, for the script that is spent.
    pub(crate) fn legacy(&self, key: &Key) -> Vec<u8> {
        self.legacy_as(key, &self.spent[self.index].script_pubkey, sighash::ALL)
    }

    /// BIP143.
    pub(crate) fn v0_as(&self, key: &Key, script_code: &[u8], hash_type: u8) -> Vec<u8> {
        let value = self.spent[self.index].value.0;
        let hash = sighash::witness_v0(self.tx, self.index, script_code, value, hash_type);
        [key.ecdsa(hash), vec![hash_type]].concat()
    }

    pub(crate) fn v0(&self, key: &Key, script_code: &[u8]) -> Vec<u8> {
        self.v0_as(key, script_code, sighash::ALL)
    }

    /// The key path with everything signed.
    pub(crate) fn key_path(&self, taproot: &Taproot) -> Vec<u8> {
        self.key_path_as(taproot, 0, None)
    }

    /// The key path; the hash type is written unless it is zero.
    pub(crate) fn key_path_as(&self, taproot: &Taproot, hash_type: u8, annex: Option<&[u8]>) -> Vec<u8> {
        let hash = sighash::taproot(self.tx, self.index, self.spent, hash_type, annex, None);
        let mut signature = taproot.key().schnorr(hash);
        if hash_type != 0 {
            signature.push(hash_type);
        }
        signature
    }

    /// A signature for a leaf.
    pub(crate) fn leaf(&self, key: &Key, leaf: [u8; 32]) -> Vec<u8> {
        key.schnorr(sighash::taproot(self.tx, self.index, self.spent, 0, None, Some(leaf)))
    }
}
