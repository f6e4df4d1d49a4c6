//! Output scripts of every kind that policy tells apart, and what unlocks them.

use std::{collections::HashMap, sync::LazyLock};

use bytes::Bytes;
use litecast_primitives::{Amount, Transaction, TxOut, hash::sha256};
use litecast_script::{
    hash160::hash160,
    opcode,
    sighash::{ExecutionData, SigVersion, SighashData, schnorr_signature_hash, signature_hash},
};
use secp256k1::{Keypair, Message, Parity, Scalar};

/// Opcodes without a name of their own in the crate.
const OP_2: u8 = 0x52;
const OP_3: u8 = 0x53;
/// Leaf version of Tapscript.
const TAPSCRIPT: u8 = 0xc0;

/// Three keys, the same in every run.
static KEYS: LazyLock<[Keypair; 3]> = LazyLock::new(|| {
    [1, 2, 3].map(|n| Keypair::from_secret_bytes([n; 32]).expect("because a small number is a scalar"))
});

/// A kind of output that this test can spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Lock {
    Pk,
    Pkh,
    Wpkh,
    ShWpkh,
    /// Bare, one of two.
    Multi,
    /// Two of three, as the next two.
    ShMulti,
    WshMulti,
    ShWshMulti,
    /// Key path.
    Taproot,
    /// Script path.
    Leaf,
    /// Bare OP_1.
    True,
    ShTrue,
    WshTrue,
    ShWshTrue,
    /// So many OP_CHECKSIG that are not executed.
    ShSigops(u8),
    /// So many OP_CHECKMULTISIG that are not executed.
    WshSigops(u8),
    /// So many items of such a size, all dropped.
    WshItems(u8, u8),
    /// So many pushes of 500 bytes, all dropped.
    WshLong(u8),
    /// A witness version that means nothing, with 32 bytes.
    Unknown(u8),
    /// BIP112, in blocks.
    Csv(u8),
    /// BIP65.
    Cltv(u16),
}

/// Kinds that are standard, to receive and to spend.
pub(super) const STANDARD: [Lock; 14] = [
    Lock::Pk,
    Lock::Pkh,
    Lock::Wpkh,
    Lock::ShWpkh,
    Lock::Multi,
    Lock::ShMulti,
    Lock::WshMulti,
    Lock::ShWshMulti,
    Lock::Taproot,
    Lock::Leaf,
    Lock::ShTrue,
    Lock::WshTrue,
    Lock::ShWshTrue,
    Lock::ShSigops(15),
];

/// Kinds that something is wrong with, or nearly.
pub(super) const ODD: [Lock; 17] = [
    Lock::True,
    Lock::ShSigops(16),
    Lock::WshSigops(190),
    Lock::WshItems(100, 80),
    Lock::WshItems(101, 10),
    Lock::WshItems(1, 81),
    Lock::WshItems(3, 1),
    Lock::WshLong(6),
    Lock::WshLong(7),
    Lock::WshLong(8),
    Lock::Unknown(2),
    Lock::Unknown(16),
    Lock::Csv(1),
    Lock::Csv(8),
    Lock::Csv(200),
    Lock::Cltv(400),
    Lock::Cltv(2000),
];

/// Every kind by its script.
pub(super) static BY_SCRIPT: LazyLock<HashMap<Bytes, Lock>> =
    LazyLock::new(|| STANDARD.iter().chain(&ODD).map(|lock| (lock.script(), *lock)).collect());

fn public(key: usize) -> [u8; 33] {
    KEYS[key].public_key().serialize()
}

fn pushes(items: &[&[u8]]) -> Vec<u8> {
    let mut script = Vec::new();
    items.iter().for_each(|item| opcode::push_bytes(&mut script, item));
    script
}

fn script_hash(redeem: &[u8]) -> Vec<u8> {
    [&[opcode::OP_HASH160, 20][..], &hash160(redeem), &[opcode::OP_EQUAL]].concat()
}

fn key_hash(hash: [u8; 20]) -> Vec<u8> {
    [&[opcode::OP_DUP, opcode::OP_HASH160, 20][..], &hash, &[opcode::OP_EQUALVERIFY, opcode::OP_CHECKSIG]].concat()
}

fn witness_hash(script: &[u8]) -> Vec<u8> {
    [&[0, 32][..], &sha256(script)].concat()
}

fn witness_key(key: usize) -> Vec<u8> {
    [&[0, 20][..], &hash160(&public(key))].concat()
}

fn tagged(tag: &str, data: &[&[u8]]) -> [u8; 32] {
    let tag = sha256(tag.as_bytes());
    sha256(&[&tag[..], &tag, &data.concat()].concat())
}

fn leaf_script() -> Vec<u8> {
    [pushes(&[&KEYS[1].x_only_public_key().0.to_byte_array()]), vec![opcode::OP_CHECKSIG]].concat()
}

fn leaf_hash() -> [u8; 32] {
    let script = leaf_script();
    tagged("TapLeaf", &[&[TAPSCRIPT, u8::try_from(script.len()).unwrap()], &script])
}

/// The pair of the output key.
fn tweaked(root: &[u8]) -> Keypair {
    let internal = KEYS[0].x_only_public_key().0.to_byte_array();
    let tweak = Scalar::from_be_bytes(tagged("TapTweak", &[&internal, root])).unwrap();
    KEYS[0].add_xonly_tweak(&tweak).unwrap()
}

fn taproot(root: &[u8]) -> Vec<u8> {
    [&[opcode::OP_1, 32][..], &tweaked(root).x_only_public_key().0.to_byte_array()].concat()
}

impl Lock {
    /// The script that a hash stands for.
    fn inner(self) -> Vec<u8> {
        let skipped = |count: u8, op: u8| {
            let ops = std::iter::repeat_n(op, count.into());
            let script = [opcode::OP_0, opcode::OP_IF].into_iter().chain(ops);
            script.chain([opcode::OP_ENDIF, opcode::OP_1]).collect()
        };
        let dropped = |count: u8| [vec![opcode::OP_DROP; count.into()], vec![opcode::OP_1]].concat();
        let timed = |number: i64, op: u8| {
            let mut script = Vec::new();
            opcode::push_number(&mut script, number);
            script.extend([op, opcode::OP_DROP, opcode::OP_1]);
            script
        };
        match self {
            Self::ShMulti | Self::WshMulti | Self::ShWshMulti => {
                let keys = pushes(&[&public(0), &public(1), &public(2)]);
                [&[OP_2][..], &keys, &[OP_3, opcode::OP_CHECKMULTISIG]].concat()
            }
            Self::ShSigops(count) => skipped(count, opcode::OP_CHECKSIG),
            Self::WshSigops(count) => skipped(count, opcode::OP_CHECKMULTISIG),
            Self::WshItems(count, _) => dropped(count),
            Self::WshLong(count) => {
                let push = [&[opcode::OP_PUSHDATA2, 0xf4, 1][..], &[7; 500], &[opcode::OP_DROP]].concat();
                [push.repeat(count.into()), vec![opcode::OP_1]].concat()
            }
            Self::Csv(blocks) => timed(blocks.into(), opcode::OP_CHECKSEQUENCEVERIFY),
            Self::Cltv(height) => timed(height.into(), opcode::OP_CHECKLOCKTIMEVERIFY),
            _ => vec![opcode::OP_1],
        }
    }

    /// The output script.
    pub(super) fn script(self) -> Bytes {
        let script = match self {
            Self::Pk => [pushes(&[&public(0)]), vec![opcode::OP_CHECKSIG]].concat(),
            Self::Pkh => key_hash(hash160(&public(0))),
            Self::Wpkh => witness_key(0),
            Self::ShWpkh => script_hash(&witness_key(0)),
            Self::Multi => {
                let keys = pushes(&[&public(0), &public(1)]);
                [&[opcode::OP_1][..], &keys, &[OP_2, opcode::OP_CHECKMULTISIG]].concat()
            }
            Self::Taproot => taproot(&[]),
            Self::Leaf => taproot(&leaf_hash()),
            Self::True => vec![opcode::OP_1],
            Self::Unknown(version) => [&[0x50 + version, 32][..], &[9; 32]].concat(),
            Self::ShMulti | Self::ShTrue | Self::ShSigops(_) => script_hash(&self.inner()),
            Self::ShWshMulti | Self::ShWshTrue => script_hash(&witness_hash(&self.inner())),
            _ => witness_hash(&self.inner()),
        };
        script.into()
    }

    /// An output of this kind.
    pub(super) fn output(self, value: i64) -> TxOut {
        TxOut { value: Amount(value), script_pubkey: self.script() }
    }

    /// Script and witness of the input that spends `spent[index]`, which has this lock.
    pub(super) fn unlock(
        self,
        tx: &Transaction,
        index: usize,
        spent: &[TxOut],
        hash_type: u8,
    ) -> (Vec<u8>, Vec<Vec<u8>>) {
        let ecdsa = |key: usize, code: &[u8], version: SigVersion| {
            let hash = signature_hash(code, tx, index, hash_type.into(), spent[index].value, version, None);
            let mut der = KEYS[key].secret_key().sign_ecdsa(Message::from_digest(hash)).serialize_der().to_vec();
            der.push(hash_type);
            der
        };
        let schnorr = |pair: &Keypair, version: SigVersion, leaf: Option<[u8; 32]>| {
            let execution = ExecutionData { tapleaf_hash: leaf, ..ExecutionData::default() };
            let data = SighashData::complete(tx, spent);
            let hash = schnorr_signature_hash(tx, index, 0, version, &execution, &data);
            pair.sign_schnorr_no_aux_rand(&hash.unwrap_or([1; 32])).to_byte_array().to_vec()
        };
        let script = &spent[index].script_pubkey;
        let inner = self.inner();
        let code = key_hash(hash160(&public(0)));
        let multi = |version| vec![vec![], ecdsa(0, &inner, version), ecdsa(2, &inner, version), inner.clone()];
        let refer = |items: Vec<Vec<u8>>| pushes(&items.iter().map(Vec::as_slice).collect::<Vec<_>>());
        match self {
            Self::Pk => (pushes(&[&ecdsa(0, script, SigVersion::Base)]), vec![]),
            Self::Pkh => (pushes(&[&ecdsa(0, script, SigVersion::Base), &public(0)]), vec![]),
            Self::Wpkh => (vec![], vec![ecdsa(0, &code, SigVersion::WitnessV0), public(0).to_vec()]),
            Self::ShWpkh => {
                (pushes(&[&witness_key(0)]), vec![ecdsa(0, &code, SigVersion::WitnessV0), public(0).to_vec()])
            }
            Self::Multi => (pushes(&[&[], &ecdsa(1, script, SigVersion::Base)]), vec![]),
            Self::ShMulti => (refer(multi(SigVersion::Base)), vec![]),
            Self::WshMulti => (vec![], multi(SigVersion::WitnessV0)),
            Self::ShWshMulti => (pushes(&[&witness_hash(&inner)]), multi(SigVersion::WitnessV0)),
            Self::Taproot => (vec![], vec![schnorr(&tweaked(&[]), SigVersion::Taproot, None)]),
            Self::Leaf => {
                let odd = u8::from(tweaked(&leaf_hash()).x_only_public_key().1 == Parity::Odd);
                let internal = KEYS[0].x_only_public_key().0.to_byte_array();
                let control = [&[TAPSCRIPT | odd][..], &internal].concat();
                (vec![], vec![schnorr(&KEYS[1], SigVersion::Tapscript, Some(leaf_hash())), leaf_script(), control])
            }
            Self::True | Self::Unknown(_) => (vec![], vec![]),
            Self::ShTrue | Self::ShSigops(_) => (pushes(&[&inner]), vec![]),
            Self::ShWshTrue => (pushes(&[&witness_hash(&inner)]), vec![inner]),
            Self::WshItems(count, size) => {
                (vec![], [vec![vec![5; size.into()]; count.into()], vec![inner.clone()]].concat())
            }
            _ => (vec![], vec![inner.clone()]),
        }
    }
}
