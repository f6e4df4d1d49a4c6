//! Making transactions inside of the extension block, for tests of everything that judges them. No wallet: amounts and
//! keys are open, secrets are hashes of numbers, and receivers find nothing out.

use bytes::Bytes;
use litecast_primitives::{
    Amount,
    mweb::{Input, Kernel, Output, OutputMessage, PegOut, PublicKey, Signature, StandardFields, Tx, TxBody},
};
use secp256k1zkp::{
    Message, aggsig,
    key::{self, SecretKey},
};

use crate::{
    add_blinding_factors, blake3,
    crypto::{SignedMessage, Verifier, hash_to_scalar},
    message::{input_message, kernel_message, output_message},
};

/// Kernel features: fee, peg-in, peg-outs, lock height (v0.21.5.5 src/libmw/include/mw/models/tx/Kernel.h).
const FEE: u8 = 1;
const PEG_IN: u8 = 2;
const PEG_OUT: u8 = 4;
const LOCK_HEIGHT: u8 = 8;
/// An input signs with a key of its own.
const STEALTH_KEY: u8 = 1;

/// An output with all of its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// The output.
    pub output: Output,
    /// What it commits to.
    pub value: Amount,
    blind: [u8; 32],
    /// Secret of the receiver key.
    spend_key: [u8; 32],
    /// Secret of the sender key.
    sender_key: [u8; 32],
}

/// What a transaction does beside moving coins inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Fee.
    pub fee: Amount,
    /// Coins that enter; zero for none.
    pub peg_in: Amount,
    /// Coins that leave.
    pub peg_outs: Vec<PegOut>,
    /// Not valid below this height; zero for none.
    pub lock_height: u32,
}

/// Makes outputs, kernels and transactions; the same calls on a new one make the same bytes.
pub struct Forge<'a> {
    verifier: &'a Verifier,
    seed: u64,
    count: u64,
}

impl<'a> Forge<'a> {
    /// Different seeds make different secrets.
    pub fn new(verifier: &'a Verifier, seed: u64) -> Self {
        Self { verifier, seed, count: 0 }
    }

    /// A secret that was not used before.
    pub fn secret(&mut self) -> [u8; 32] {
        self.count += 1;
        hash_to_scalar(&blake3(&[b"litecast forge", &self.seed.to_le_bytes(), &self.count.to_le_bytes()]))
    }

    /// An output of this value.
    pub fn coin(&mut self, value: Amount) -> Coin {
        let (blind, spend_key, sender_key) = (self.secret(), self.secret(), self.secret());
        let (rewind, private) = (self.secret(), self.secret());
        let secp = self.verifier.context();
        let amount = u64::try_from(value.0).expect("because a forged coin has a value");
        let commitment = secp.commit(amount, SecretKey(blind)).expect("because the secret is a scalar").0;
        let message = OutputMessage {
            features: 1,
            standard: Some(StandardFields {
                key_exchange_pubkey: public_key(self.verifier, &sender_key),
                view_tag: 7,
                masked_value: amount,
                masked_nonce: [7; 16],
            }),
            extra_data: None,
        };
        let mut extra = Vec::new();
        message.encode(&mut extra);
        let proof = secp
            .bullet_proof(amount, SecretKey(blind), SecretKey(rewind), SecretKey(private), Some(extra), None)
            .expect("because every value has a proof");
        let mut output = Output {
            commitment,
            sender_pubkey: public_key(self.verifier, &sender_key),
            receiver_pubkey: public_key(self.verifier, &spend_key),
            message,
            range_proof: Bytes::copy_from_slice(&proof.proof[..proof.plen]),
            signature: [0; 64],
        };
        output.signature = self.sign(&output_message(&output), &sender_key);
        Coin { output, value, blind, spend_key, sender_key }
    }

    /// A kernel that is not signed.
    fn kernel(&self, excess: &[u8; 32], terms: &Terms) -> Kernel {
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let some = |amount: Amount| Some(amount).filter(|amount| *amount != Amount::ZERO);
        Kernel {
            features: flag(terms.fee != Amount::ZERO, FEE)
                | flag(terms.peg_in != Amount::ZERO, PEG_IN)
                | flag(!terms.peg_outs.is_empty(), PEG_OUT)
                | flag(terms.lock_height != 0, LOCK_HEIGHT),
            fee: some(terms.fee),
            peg_in: some(terms.peg_in),
            peg_outs: terms.peg_outs.clone(),
            lock_height: Some(terms.lock_height).filter(|height| *height != 0),
            stealth_excess: None,
            extra_data: Bytes::new(),
            excess: self.verifier.commit_blinded(excess).expect("because the secret is a scalar"),
            signature: [0; 64],
        }
    }

    /// Signs a kernel whose excess has this secret.
    pub fn sign_kernel(&mut self, kernel: &mut Kernel, excess: &[u8; 32]) {
        let signed = kernel_message(kernel, self.verifier).expect("because a forged excess is a point");
        kernel.signature = self.sign(&signed, excess);
    }

    /// Spends `coins`, makes outputs of these `values`; answers with the transaction, the new coins, and the secret of
    /// its kernel's excess. Whether the amounts add up is the caller's business.
    pub fn transaction(&mut self, coins: &[Coin], values: &[Amount], terms: &Terms) -> (Tx, Vec<Coin>, [u8; 32]) {
        let excess = self.secret();
        let created: Vec<Coin> = values.iter().map(|value| self.coin(*value)).collect();
        let mut kernel = self.kernel(&excess, terms);
        self.sign_kernel(&mut kernel, &excess);
        let mut input_keys = Vec::new();
        let mut inputs = Vec::new();
        for coin in coins {
            let own = self.secret();
            inputs.push(self.input(coin, &own));
            input_keys.push(own);
        }
        let sum = |plus: Vec<[u8; 32]>, minus: Vec<[u8; 32]>| {
            add_blinding_factors(&plus, &minus).expect("because all secrets are scalars")
        };
        let blinds = |list: &[Coin]| -> Vec<[u8; 32]> { list.iter().map(|coin| coin.blind).collect() };
        let kernel_offset = sum(blinds(&created), [blinds(coins), vec![excess]].concat());
        let senders = created.iter().map(|coin| coin.sender_key);
        let spenders = coins.iter().map(|coin| coin.spend_key);
        let stealth_offset = sum(senders.chain(input_keys).collect(), spenders.collect());
        let mut outputs: Vec<Output> = created.iter().map(|coin| coin.output.clone()).collect();
        inputs.sort_by_key(|input| input.output_id);
        outputs.sort_by_cached_key(Output::id);
        (Tx { kernel_offset, stealth_offset, body: TxBody { inputs, outputs, kernels: vec![kernel] } }, created, excess)
    }

    fn input(&mut self, coin: &Coin, own: &[u8; 32]) -> Input {
        let mut input = Input {
            features: STEALTH_KEY,
            output_id: coin.output.id(),
            commitment: coin.output.commitment,
            output_pubkey: coin.output.receiver_pubkey,
            input_pubkey: Some(public_key(self.verifier, own)),
            extra_data: None,
            signature: [0; 64],
        };
        let signed = input_message(&input, self.verifier).expect("because forged keys are points");
        // As the key: own + H(Ki || Ko) * spend key.
        let hash = hash_to_scalar(&blake3(&[&public_key(self.verifier, own), &coin.output.receiver_pubkey]));
        let mut key = SecretKey(coin.spend_key);
        key.mul_assign(self.verifier.context(), &SecretKey(hash)).expect("because the hash is a scalar");
        let key = add_blinding_factors(&[key.0, *own], &[]).expect("because both are scalars");
        input.signature = self.sign(&signed, &key);
        input
    }

    fn sign(&mut self, signed: &SignedMessage, secret: &[u8; 32]) -> Signature {
        let nonce = SecretKey(self.secret());
        let secp = self.verifier.context();
        let message = Message::from_slice(&signed.message.0).expect("because it has 32 bytes");
        let public = key::PublicKey::from_slice(secp, &signed.key).expect("because forged keys are points");
        let signature =
            aggsig::sign_single(secp, &message, &SecretKey(*secret), Some(&nonce), None, None, Some(&public), None)
                .expect("because key and nonce are scalars");
        let signature: Signature = signature.as_ref().try_into().expect("because a signature has 64 bytes");
        let found = SignedMessage { signature, ..*signed };
        debug_assert_eq!(self.verifier.verify_signature(&found), Ok(true));
        signature
    }
}

fn public_key(verifier: &Verifier, secret: &[u8; 32]) -> PublicKey {
    verifier.public_key(secret).expect("because the secret is a scalar")
}
