//! Real signatures, in all their forms, and some that are not quite right.

use litecast_primitives::{amount::Amount, transaction::Transaction};
use litecast_script::sighash::{ExecutionData, SigVersion, SighashData, schnorr_signature_hash, signature_hash};
use secp256k1::{Keypair, Message, PublicKey, Scalar, SecretKey, ecdsa, schnorr};

use crate::{
    dice::Dice,
    wrap::{output_key, tagged_hash},
};

pub(super) struct Keys(Vec<Keypair>);

impl Keys {
    pub(super) const COUNT: usize = 8;

    pub(super) fn new() -> Self {
        let key = |n: usize| Keypair::from_secret_bytes([n as u8 + 1; 32]).unwrap();
        Self((0..Self::COUNT).map(key).collect())
    }

    fn public(&self, index: usize) -> PublicKey {
        self.0[index].public_key()
    }

    pub(super) fn x_only(&self, index: usize) -> [u8; 32] {
        self.0[index].x_only_public_key().0.to_byte_array()
    }

    /// Compressed, uncompressed or hybrid.
    pub(super) fn ecdsa_form(&self, dice: &mut Dice, index: usize) -> Vec<u8> {
        let key = self.public(index);
        let mut long = key.serialize_uncompressed();
        match dice.below(20) {
            0..=15 => key.serialize().to_vec(),
            16 | 17 => long.to_vec(),
            18 => {
                long[0] = 6 | long[64] & 1;
                long.to_vec()
            }
            _ => {
                long[0] = 6 | dice.byte() & 1;
                long.to_vec()
            }
        }
    }

    /// The pair for a key path, and the output key.
    pub(super) fn tweaked(&self, index: usize, root: Option<[u8; 32]>) -> (Keypair, [u8; 32]) {
        let internal = self.x_only(index);
        let tree = root.as_ref().map_or(&[][..], |root| &root[..]);
        let tweak = Scalar::from_be_bytes(tagged_hash("TapTweak", &[&internal, tree])).unwrap();
        let (key, _) = output_key(&internal, root).unwrap();
        (self.0[index].add_xonly_tweak(&tweak).unwrap(), key)
    }
}

/// How a signature differs from the right one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Defect {
    None,
    /// Valid all the same, where strict DER is not asked for, or at all.
    HighS,
    Lax,
    Empty,
    BitFlip,
    OtherHashType,
    OtherKey,
    Swapped,
    Short,
    Garbage,
}

impl Defect {
    pub(super) fn random(dice: &mut Dice) -> Self {
        dice.weighted(&[
            (160, Self::None),
            (12, Self::HighS),
            (6, Self::Lax),
            (3, Self::Empty),
            (4, Self::BitFlip),
            (4, Self::OtherHashType),
            (2, Self::OtherKey),
            (1, Self::Swapped),
            (1, Self::Short),
            (1, Self::Garbage),
        ])
    }
}

pub(super) fn ecdsa_hash_type(dice: &mut Dice) -> u8 {
    if dice.percent(15) { dice.byte() } else { *dice.pick(&[1, 1, 1, 2, 3, 0x81, 0x82, 0x83]) }
}

pub(super) fn schnorr_hash_type(dice: &mut Dice) -> u8 {
    if dice.percent(2) { dice.byte() } else { *dice.pick(&[0, 0, 0, 1, 2, 3, 0x81, 0x82, 0x83]) }
}

/// What is signed, but for the script.
pub(super) enum Signing<'a> {
    Ecdsa {
        tx: &'a Transaction,
        input: usize,
        amount: Amount,
        version: SigVersion,
    },
    Schnorr {
        tx: &'a Transaction,
        input: usize,
        version: SigVersion,
        execution: ExecutionData,
        data: &'a SighashData,
        tweaked: Option<Keypair>,
    },
}

impl Signing<'_> {
    /// A signature by `key` with its hash type. `separator` is the position of the last OP_CODESEPARATOR in opcodes.
    #[expect(clippy::too_many_arguments, reason = "it takes all that to sign")]
    pub(super) fn signature(
        &self,
        dice: &mut Dice,
        keys: &Keys,
        key: usize,
        hash_type: u8,
        defect: Defect,
        script_code: &[u8],
        separator: u32,
    ) -> Vec<u8> {
        match defect {
            Defect::Empty => return Vec::new(),
            Defect::Garbage => {
                let length = dice.below(80);
                return dice.bytes(length);
            }
            _ => {}
        }
        let key = if defect == Defect::OtherKey { (key + 1) % Keys::COUNT } else { key };
        let mut signature = match self {
            Self::Ecdsa { tx, input, amount, version } => {
                let hash = signature_hash(script_code, tx, *input, hash_type.into(), *amount, *version, None);
                let signature = ecdsa::sign(Message::from_digest(hash), &keys.0[key].secret_key());
                let mut der = ecdsa_form(dice, &signature, defect);
                der.push(hash_type);
                der
            }
            Self::Schnorr { tx, input, version, execution, data, tweaked } => {
                let execution = ExecutionData { codeseparator_position: separator, ..execution.clone() };
                let hash = schnorr_signature_hash(tx, *input, hash_type, *version, &execution, data);
                let pair = tweaked.as_ref().unwrap_or(&keys.0[key]);
                let mut signature = schnorr::sign_no_aux_rand(&hash.unwrap_or_default(), pair).to_byte_array().to_vec();
                if hash_type != 0 || dice.percent(1) {
                    signature.push(hash_type);
                }
                signature
            }
        };
        match defect {
            Defect::BitFlip => {
                let at = dice.below(signature.len());
                signature[at] ^= 1 << dice.below(8);
            }
            Defect::OtherHashType => *signature.last_mut().unwrap() = dice.byte(),
            Defect::Short => signature.truncate(dice.below(signature.len())),
            _ => {}
        }
        signature
    }
}

fn integer(bytes: &[u8], padding: usize) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let mut out = vec![0; padding];
    if bytes[start] & 0x80 != 0 {
        out.push(0);
    }
    out.extend(&bytes[start..]);
    [&[2, out.len() as u8], &out[..]].concat()
}

fn ecdsa_form(dice: &mut Dice, signature: &ecdsa::Signature, defect: Defect) -> Vec<u8> {
    let compact = signature.serialize_compact();
    let (r, s) = compact.split_at(32);
    let high = SecretKey::from_secret_bytes(s.try_into().unwrap()).unwrap().negate().to_secret_bytes();
    let (r, s) = match defect {
        Defect::HighS => (integer(r, 0), integer(&high, 0)),
        Defect::Swapped => (integer(s, 0), integer(r, 0)),
        Defect::Lax => (integer(r, dice.below(3)), integer(if dice.percent(50) { &high } else { s }, dice.below(3))),
        _ => return signature.serialize_der().to_vec(),
    };
    let body = [r, s].concat();
    let head = match (defect, dice.below(3)) {
        (Defect::Lax, 0) => vec![0x30, dice.byte() & 0x7f],
        (Defect::Lax, 1) => vec![0x30, 0x82, 1, dice.byte()],
        _ => vec![0x30, body.len() as u8],
    };
    let tail = if defect == Defect::Lax { dice.below(3) } else { 0 };
    [&head[..], &body, &dice.bytes(tail)].concat()
}
