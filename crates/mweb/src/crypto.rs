//! The cryptography of the extension block: points, commitments, signatures and range proofs over one context.
//!
//! A [`Verifier`] is made once (6 to 18 ms) and shared. Keys and commitments come as bytes and are parsed here, by the
//! rule that needs the point, as the reference does. It refuses secrets: nothing here signs.

mod scalar;
mod verified;

pub use scalar::{add_blinding_factors, hash_to_scalar};

use std::sync::Arc;

use litecast_primitives::{
    hash::MwebHash,
    mweb::{Commitment, PublicKey, RANGE_PROOF_SIZE, Signature},
};
use rayon::{ThreadPool, prelude::*};
use secp256k1zkp::{
    ContextFlag, Message, Secp256k1, aggsig,
    key::{self, SecretKey},
    pedersen,
};

use verified::Verified;

/// The commitment of nothing: what the reference's default constructor leaves.
pub const NO_COMMITMENT: Commitment = [0; 33];
/// The key of nothing.
pub const NO_KEY: PublicKey = [0; 33];

/// Batches of proofs: smaller ones cost more for each proof, and the library takes 5 kB for each.
const PROOF_BATCH: BatchSize = BatchSize { least: 16, good: 64, most: 1024 };
/// Batches of signatures.
const SIGNATURE_BATCH: BatchSize = BatchSize { least: 32, good: 256, most: 8192 };
/// Batches that each thread gets, if they stay good ones: who is done early finds another one.
const BATCHES_PER_THREAD: usize = 3;

/// Fewest points that are a part of a sum: taking one from its bytes is what costs.
const SUM_PART: usize = 128;

/// A step of the arithmetic that has no answer. In the reference each of these is an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CryptoError {
    /// Bytes that are no point of the curve (v0.21.5.5 src/libmw/src/crypto/ConversionUtil.cpp, ToSecp256k1).
    #[error("ToSecp256k1: Failed to parse pubkey")]
    PublicKey,
    /// Bytes that are no commitment (ConversionUtil.cpp, ToSecp256k1).
    #[error("ToSecp256k1: Failed to parse commitment")]
    Commitment,
    /// A blinding factor that is not below the order of the curve (Pedersen.cpp, PedersenBlindSum).
    #[error("PedersenBlindSum: secp256k1_pedersen_blind_sum error")]
    BlindingFactor,
    /// A commitment that cannot be made: a blinding factor out of range, or infinity (Pedersen.cpp, Commit).
    #[error("Commit: Failed to create commitment.")]
    Commit,
    /// Commitments that sum to infinity (Pedersen.cpp, PedersenCommitSum).
    #[error("PedersenCommitSum: secp256k1_pedersen_commit_sum error")]
    CommitSum,
    /// Keys that sum to infinity (PublicKeys.cpp, Add).
    #[error("Add: Failed to combine public keys.")]
    KeySum,
    /// A product of key and scalar that does not exist (PublicKeys.cpp, MultiplyKey).
    #[error("MultiplyKey: secp256k1_ec_pubkey_tweak_mul failed")]
    KeyProduct,
    /// A secret key of zero or above the order (PublicKeys.cpp, Calculate).
    #[error("Calculate: Failed to verify secret key")]
    SecretKey,
}

/// A signature with what it signs and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedMessage {
    /// Hash of the message.
    pub message: MwebHash,
    /// The key, unchecked.
    pub key: PublicKey,
    /// The signature, unchecked.
    pub signature: Signature,
}

/// A range proof with what it proves something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofData<'a> {
    /// The commitment, unchecked.
    pub commitment: Commitment,
    /// 675 bytes.
    pub proof: &'a [u8],
    /// What the proof commits to beside the value.
    pub extra_data: &'a [u8],
}

/// Context of the curve, and a memory of what was found good.
pub struct Verifier {
    secp: Secp256k1,
    verified: Verified,
    pool: Option<Arc<ThreadPool>>,
}

impl Verifier {
    /// Signatures and proofs that a node should remember: what its mempool has seen need not be verified again in a
    /// block. 32 bytes each, twice.
    pub const CACHE_ENTRIES: usize = 50_000;

    /// A context that remembers up to twice `cache_entries` good signatures and proofs; zero remembers nothing.
    pub fn new(cache_entries: usize) -> Self {
        let secp = Secp256k1::with_caps(ContextFlag::Commit);
        Self { secp, verified: Verified::new(cache_entries), pool: None }
    }

    /// The same, on the threads of this pool instead of the caller's.
    #[must_use]
    pub fn on(self, pool: Arc<ThreadPool>) -> Self {
        Self { pool: Some(pool), ..self }
    }

    /// Lets `work` share its parts among the verifier's threads.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// The raw context, for those who make transactions.
    pub fn context(&self) -> &Secp256k1 {
        &self.secp
    }

    /// Adds and subtracts commitments. Those of [`NO_COMMITMENT`] are left out, and nothing at all sums to it
    /// (v0.21.5.5 src/libmw/src/crypto/Pedersen.cpp, AddCommitments).
    pub fn add_commitments(&self, positive: &[Commitment], negative: &[Commitment]) -> Result<Commitment, CryptoError> {
        let part = |part: &[Commitment]| self.sum_commitments(part, &[]).ok();
        if let Some((positive, negative)) =
            self.install(|| Some((in_parts(positive, part)?, in_parts(negative, part)?)))
            && let Ok(sum) = self.sum_commitments(&positive, &negative)
        {
            return Ok(sum);
        }
        // A part may be infinity where the whole is not; and which error it is, the whole says.
        self.sum_commitments(positive, negative)
    }

    fn sum_commitments(&self, positive: &[Commitment], negative: &[Commitment]) -> Result<Commitment, CryptoError> {
        let some = |list: &[Commitment]| -> Vec<pedersen::Commitment> {
            list.iter().filter(|c| **c != NO_COMMITMENT).map(|c| pedersen::Commitment(*c)).collect()
        };
        let (positive, negative) = (some(positive), some(negative));
        if positive.is_empty() && negative.is_empty() {
            return Ok(NO_COMMITMENT);
        }
        match self.secp.commit_sum(positive, negative) {
            Ok(sum) => Ok(sum.0),
            Err(secp256k1zkp::Error::InvalidCommit) => Err(CryptoError::Commitment),
            Err(_) => Err(CryptoError::CommitSum),
        }
    }

    /// Commits to a value with a blinding factor of zero (Pedersen.cpp, CommitTransparent).
    pub fn commit_transparent(&self, value: u64) -> Result<Commitment, CryptoError> {
        self.secp.commit_value(value).map(|c| c.0).map_err(|_| CryptoError::Commit)
    }

    /// Commits to zero with a blinding factor (Pedersen.cpp, Commit).
    pub fn commit_blinded(&self, blind: &[u8; 32]) -> Result<Commitment, CryptoError> {
        self.secp.commit(0, SecretKey(*blind)).map(|c| c.0).map_err(|_| CryptoError::Commit)
    }

    /// The point of a commitment as a key (ConversionUtil.cpp, ToPublicKey).
    pub fn commitment_to_key(&self, commitment: &Commitment) -> Result<PublicKey, CryptoError> {
        let key = pedersen::Commitment(*commitment).to_pubkey(&self.secp).map_err(|_| CryptoError::Commitment)?;
        Ok(self.key_bytes(&key))
    }

    /// The key of a secret (PublicKeys.cpp, Calculate).
    pub fn public_key(&self, secret: &[u8; 32]) -> Result<PublicKey, CryptoError> {
        let secret = SecretKey::from_slice(&self.secp, secret).map_err(|_| CryptoError::SecretKey)?;
        let key = key::PublicKey::from_secret_key(&self.secp, &secret).map_err(|_| CryptoError::SecretKey)?;
        Ok(self.key_bytes(&key))
    }

    /// Sum of keys, at least one (PublicKeys.cpp, Add).
    pub fn add_keys(&self, keys: &[PublicKey]) -> Result<PublicKey, CryptoError> {
        if let Some(parts) = self.install(|| in_parts(keys, |part| self.sum_keys(part).ok()))
            && let Ok(sum) = self.sum_keys(&parts)
        {
            return Ok(sum);
        }
        // As with commitments.
        self.sum_keys(keys)
    }

    fn sum_keys(&self, keys: &[PublicKey]) -> Result<PublicKey, CryptoError> {
        let parsed = keys.iter().map(|key| self.parse_key(key)).collect::<Result<Vec<_>, _>>()?;
        if parsed.is_empty() {
            return Err(CryptoError::KeySum);
        }
        let sum =
            key::PublicKey::from_combination(&self.secp, parsed.iter().collect()).map_err(|_| CryptoError::KeySum)?;
        Ok(self.key_bytes(&sum))
    }

    /// `key * H(hash) + other`, where `H` makes a scalar of the hash (PublicKeys.cpp, MultiplyKey and Add; SecretKey.h,
    /// FromHash).
    pub fn mix_key(&self, key: &PublicKey, hash: &[u8; 32], other: &PublicKey) -> Result<PublicKey, CryptoError> {
        let mut product = self.parse_key(key)?;
        product.mul_assign(&self.secp, &SecretKey(hash_to_scalar(hash))).map_err(|_| CryptoError::KeyProduct)?;
        let other = self.parse_key(other)?;
        let sum =
            key::PublicKey::from_combination(&self.secp, vec![&product, &other]).map_err(|_| CryptoError::KeySum)?;
        Ok(self.key_bytes(&sum))
    }

    fn parse_key(&self, key: &PublicKey) -> Result<key::PublicKey, CryptoError> {
        key::PublicKey::from_slice(&self.secp, key).map_err(|_| CryptoError::PublicKey)
    }

    fn key_bytes(&self, key: &key::PublicKey) -> PublicKey {
        let mut bytes = NO_KEY;
        bytes.copy_from_slice(&key.serialize_vec(&self.secp, true));
        bytes
    }

    /// One signature. The same verdict as [`Verifier::verify_signatures`] on a list of one.
    pub fn verify_signature(&self, signed: &SignedMessage) -> Result<bool, CryptoError> {
        let message = Message::from_slice(&signed.message.0).expect("because a message is 32 bytes");
        let signature = raw_signature(&signed.signature);
        let key = self.parse_key(&signed.key)?;
        Ok(aggsig::verify_single(&self.secp, &signature, &message, None, &key, Some(&key), None, false))
    }

    /// Whether all signatures are good (v0.21.5.5 src/libmw/src/crypto/Schnorr.cpp, BatchVerify): `s*G = R + e*P` with
    /// `e = SHA256(R.x || P || message)` and an `R` whose y is a square. An empty list is good.
    pub fn verify_signatures(&self, signed: &[SignedMessage]) -> Result<bool, CryptoError> {
        let batch = |signed: &[SignedMessage]| self.verify_signature_batch(signed);
        self.install(|| in_batches(signed, SIGNATURE_BATCH, batch))
    }

    fn verify_signature_batch(&self, all: &[SignedMessage]) -> Result<bool, CryptoError> {
        let name = |s: &SignedMessage| Verified::name(&[b"s", &s.message.0, &s.key, &s.signature]);
        let (mut signatures, mut messages, mut keys, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for signed in all {
            let name = name(signed);
            if self.verified.contains(&name) {
                continue;
            }
            keys.push(self.parse_key(&signed.key)?);
            signatures.push(raw_signature(&signed.signature));
            messages.push(Message::from_slice(&signed.message.0).expect("because a message is 32 bytes"));
            names.push(name);
        }
        let good = names.is_empty() || aggsig::verify_batch(&self.secp, &signatures, &messages, &keys);
        if good {
            self.verified.insert(&names);
        }
        Ok(good)
    }

    /// Whether all range proofs are good (v0.21.5.5 src/libmw/src/crypto/Bulletproofs.cpp, BatchVerify). An empty list
    /// is good.
    pub fn verify_range_proofs(&self, proofs: &[ProofData<'_>]) -> Result<bool, CryptoError> {
        self.install(|| in_batches(proofs, PROOF_BATCH, |proofs| self.verify_proof_batch(proofs)))
    }

    fn verify_proof_batch(&self, all: &[ProofData<'_>]) -> Result<bool, CryptoError> {
        let (mut commitments, mut proofs, mut extra, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for data in all {
            // A list with proofs of several lengths would be read with the length of the first.
            if data.proof.len() != RANGE_PROOF_SIZE {
                return Ok(false);
            }
            let name = Verified::name(&[b"p", &data.commitment, data.proof, data.extra_data]);
            if self.verified.contains(&name) {
                continue;
            }
            let mut proof = pedersen::RangeProof::zero();
            proof.proof[..RANGE_PROOF_SIZE].copy_from_slice(data.proof);
            proof.plen = RANGE_PROOF_SIZE;
            proofs.push(proof);
            commitments.push(pedersen::Commitment(data.commitment));
            extra.push(data.extra_data.to_vec());
            names.push(name);
        }
        // The library crashes on an empty list.
        if names.is_empty() {
            return Ok(true);
        }
        match self.secp.verify_bullet_proof_multi(commitments, proofs, Some(extra)) {
            Ok(_) => {
                self.verified.insert(&names);
                Ok(true)
            }
            Err(secp256k1zkp::Error::InvalidCommit) => Err(CryptoError::Commitment),
            Err(_) => Ok(false),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

fn raw_signature(bytes: &Signature) -> secp256k1zkp::Signature {
    secp256k1zkp::Signature::from_raw_data(bytes).expect("because raw bytes are taken as they are")
}

/// Sums of the parts of a list, one part for each thread of the current pool; the list itself if it is short. `None` if
/// a part has no sum.
fn in_parts<T: Copy + Send + Sync>(items: &[T], sum: impl Fn(&[T]) -> Option<T> + Send + Sync) -> Option<Vec<T>> {
    let size = items.len().div_ceil(rayon::current_num_threads()).max(SUM_PART);
    if items.len() <= size {
        return Some(items.to_vec());
    }
    items.par_chunks(size).map(sum).collect()
}

/// How many items are verified at once.
#[derive(Debug, Clone, Copy)]
struct BatchSize {
    least: usize,
    /// From here on, larger batches are hardly better ones.
    good: usize,
    most: usize,
}

impl BatchSize {
    fn of(self, items: usize, threads: usize) -> usize {
        if threads == 1 {
            return self.most;
        }
        let balanced = items.div_ceil(threads * BATCHES_PER_THREAD);
        balanced.max(items.div_ceil(threads).min(self.good)).clamp(self.least, self.most)
    }
}

/// Cuts a list into batches for the threads of the current pool. The verdict is that of the first batch that is not good.
fn in_batches<T: Sync>(
    items: &[T],
    size: BatchSize,
    verify: impl Fn(&[T]) -> Result<bool, CryptoError> + Send + Sync,
) -> Result<bool, CryptoError> {
    let size = size.of(items.len(), rayon::current_num_threads());
    if items.len() <= size {
        return verify(items);
    }
    let verdicts: Vec<_> = items.par_chunks(size).with_max_len(1).map(verify).collect();
    verdicts.into_iter().find(|verdict| *verdict != Ok(true)).unwrap_or(Ok(true))
}

#[cfg(test)]
mod tests;
