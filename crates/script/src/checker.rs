//! Signatures and lock times against one input of one transaction (v0.21.5.5 src/script/interpreter.cpp,
//! GenericTransactionSignatureChecker; src/pubkey.cpp, CPubKey::Verify).

use litecast_primitives::{
    amount::Amount,
    transaction::{Transaction, TxIn},
};
use secp256k1::{Message, PublicKey, XOnlyPublicKey, ecdsa, schnorr};

use crate::{
    cache::{Kind, SignatureCache},
    script_error::ScriptError,
    sighash::{ExecutionData, SIGHASH_DEFAULT, SigVersion, SighashData, schnorr_signature_hash, signature_hash},
    standard::is_key,
};

/// Lock times below are heights, others are Unix seconds (v0.21.5.5 src/script/script.h).
const LOCKTIME_THRESHOLD: i64 = 500_000_000;
/// The sequence number is no relative lock time (BIP68).
const SEQUENCE_LOCKTIME_DISABLE_FLAG: u32 = 1 << 31;
/// The relative lock time counts 512 seconds, not blocks (BIP68).
const SEQUENCE_LOCKTIME_TYPE_FLAG: i64 = 1 << 22;
/// Bits of a sequence number that hold the relative lock time (BIP68).
const SEQUENCE_LOCKTIME_MASK: i64 = 0xffff;

/// Checks what scripts ask about one input.
#[derive(Debug, Clone, Copy)]
pub struct Checker<'a> {
    tx: &'a Transaction,
    input: usize,
    amount: Amount,
    data: &'a SighashData,
    cache: Option<&'a SignatureCache>,
}

impl<'a> Checker<'a> {
    /// For an input that spends `amount`. `data` is that of `tx`. Signatures that are valid are looked up in, and
    /// added to, the cache.
    ///
    /// # Panics
    /// If `tx` has no such input.
    pub fn new(
        tx: &'a Transaction,
        input: usize,
        amount: Amount,
        data: &'a SighashData,
        cache: Option<&'a SignatureCache>,
    ) -> Self {
        assert!(input < tx.inputs().len(), "a checker needs an input");
        Self { tx, input, amount, data, cache }
    }

    fn signed(&self) -> &'a TxIn {
        &self.tx.inputs()[self.input]
    }

    /// Whether `sig`, with its hash type byte, signs this input for `key`.
    pub fn check_ecdsa_signature(&self, sig: &[u8], key: &[u8], script_code: &[u8], version: SigVersion) -> bool {
        let Some((hash_type, der)) = sig.split_last() else { return false };
        if !is_key(key) {
            return false;
        }
        // Hashing may cost more than reading, so what cannot be read ends here.
        let Ok(mut signature) = ecdsa::Signature::from_der_lax(der) else { return false };
        let hash_type = u32::from(*hash_type);
        let hash = signature_hash(script_code, self.tx, self.input, hash_type, self.amount, version, Some(self.data));
        self.cached(Kind::Ecdsa, &hash, key, der, || {
            let Ok(key) = PublicKey::from_slice(key) else { return false };
            // The library takes low S only, the rules take both.
            signature.normalize_s();
            ecdsa::verify(&signature, Message::from_digest(hash), &key).is_ok()
        })
    }

    /// Whether `sig`, of 64 bytes or of 65 with its hash type, signs this input for `key`.
    pub fn check_schnorr_signature(
        &self,
        sig: &[u8],
        key: &[u8; 32],
        version: SigVersion,
        execution: &ExecutionData,
    ) -> Result<(), ScriptError> {
        let (signature, hash_type) = match sig.split_first_chunk::<64>() {
            Some((signature, [])) => (signature, SIGHASH_DEFAULT),
            Some((_, &[SIGHASH_DEFAULT])) => return Err(ScriptError::SchnorrSigHashtype),
            Some((signature, &[hash_type])) => (signature, hash_type),
            _ => return Err(ScriptError::SchnorrSigSize),
        };
        let hash = schnorr_signature_hash(self.tx, self.input, hash_type, version, execution, self.data)
            .ok_or(ScriptError::SchnorrSigHashtype)?;
        let valid = self.cached(Kind::Schnorr, &hash, key, signature, || {
            let Ok(key) = XOnlyPublicKey::from_byte_array(*key) else { return false };
            schnorr::verify(&schnorr::Signature::from_byte_array(*signature), &hash, &key).is_ok()
        });
        if valid { Ok(()) } else { Err(ScriptError::SchnorrSig) }
    }

    fn cached(&self, kind: Kind, hash: &[u8; 32], key: &[u8], sig: &[u8], verify: impl FnOnce() -> bool) -> bool {
        let Some(cache) = self.cache else { return verify() };
        let entry = cache.entry(kind, hash, key, sig);
        if cache.contains(&entry) {
            return true;
        }
        let valid = verify();
        if valid {
            cache.insert(entry);
        }
        valid
    }

    /// Whether the transaction is locked at least until `lock_time` (BIP65), which is not negative.
    pub fn check_lock_time(&self, lock_time: i64) -> bool {
        let tx_lock_time = i64::from(self.tx.lock_time());
        // Heights are compared with heights, times with times.
        (tx_lock_time < LOCKTIME_THRESHOLD) == (lock_time < LOCKTIME_THRESHOLD)
            && lock_time <= tx_lock_time
            // Lock times are off if no input heeds them; that this one does is enough.
            && self.signed().sequence != TxIn::SEQUENCE_FINAL
    }

    /// Whether the input is locked relatively at least by `sequence` (BIP112), which is not negative.
    pub fn check_sequence(&self, sequence: i64) -> bool {
        let own = self.signed().sequence;
        // The reference compares the version as unsigned.
        if matches!(self.tx.version(), 0 | 1) || own & SEQUENCE_LOCKTIME_DISABLE_FLAG != 0 {
            return false;
        }
        let mask = SEQUENCE_LOCKTIME_TYPE_FLAG | SEQUENCE_LOCKTIME_MASK;
        let (own, sequence) = (i64::from(own) & mask, sequence & mask);
        (own < SEQUENCE_LOCKTIME_TYPE_FLAG) == (sequence < SEQUENCE_LOCKTIME_TYPE_FLAG) && sequence <= own
    }
}
