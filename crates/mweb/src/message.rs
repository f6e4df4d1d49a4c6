//! What kernels, inputs and outputs sign, and with which key.

use litecast_primitives::{
    codec::{put_len, put_var_bytes, put_varint},
    hash::MwebHash,
    mweb::{Input, Kernel, Output},
};

use crate::{
    blake3,
    crypto::{CryptoError, SignedMessage, Verifier},
};

/// Bit of an input that has a key of its own (v0.21.5.5 src/libmw/include/mw/models/tx/Input.h).
const INPUT_STEALTH_KEY: u8 = 1;
/// Bit of an input that has extra data.
const INPUT_EXTRA_DATA: u8 = 2;

/// What a kernel signs, by the key of its excess; a stealth excess is mixed into that key
/// (v0.21.5.5 src/libmw/src/models/tx/Kernel.cpp, BuildSignedMsg). Fields are hashed by presence, not by feature bit.
pub fn kernel_message(kernel: &Kernel, verifier: &Verifier) -> Result<SignedMessage, CryptoError> {
    let mut key = verifier.commitment_to_key(&kernel.excess)?;
    if let Some(excess) = &kernel.stealth_excess {
        key = verifier.mix_key(&key, &blake3(&[&key, excess]), excess)?;
    }
    Ok(SignedMessage { message: kernel_message_hash(kernel), key, signature: kernel.signature })
}

/// The hash that a kernel's signature covers (Kernel.cpp, GetSignatureMessage).
pub fn kernel_message_hash(kernel: &Kernel) -> MwebHash {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(kernel.features);
    bytes.extend_from_slice(&kernel.excess);
    let amount = |bytes: &mut Vec<u8>, amount: litecast_primitives::Amount| {
        put_varint(bytes, u64::try_from(amount.0).expect("because amounts of kernels are never negative"));
    };
    if let Some(fee) = kernel.fee {
        amount(&mut bytes, fee);
    }
    if let Some(peg_in) = kernel.peg_in {
        amount(&mut bytes, peg_in);
    }
    if !kernel.peg_outs.is_empty() {
        put_len(&mut bytes, kernel.peg_outs.len());
        for peg_out in &kernel.peg_outs {
            amount(&mut bytes, peg_out.amount);
            put_var_bytes(&mut bytes, &peg_out.script_pubkey);
        }
    }
    if let Some(height) = kernel.lock_height {
        put_varint(&mut bytes, height.into());
    }
    if let Some(excess) = &kernel.stealth_excess {
        bytes.extend_from_slice(excess);
    }
    if !kernel.extra_data.is_empty() {
        put_var_bytes(&mut bytes, &kernel.extra_data);
    }
    MwebHash(blake3(&[&bytes]))
}

/// What an input signs, by the receiver key of the output it spends, into which its own key is mixed if it has one
/// (v0.21.5.5 src/libmw/src/models/tx/Input.cpp, BuildSignedMsg).
pub fn input_message(input: &Input, verifier: &Verifier) -> Result<SignedMessage, CryptoError> {
    let mut bytes = vec![input.features];
    bytes.extend_from_slice(&input.output_id.0);
    if let (true, Some(extra)) = (input.features & INPUT_EXTRA_DATA != 0, &input.extra_data) {
        put_var_bytes(&mut bytes, extra);
    }
    let mut key = input.output_pubkey;
    if let (true, Some(own)) = (input.features & INPUT_STEALTH_KEY != 0, &input.input_pubkey) {
        key = verifier.mix_key(&key, &blake3(&[own, &key]), own)?;
    }
    Ok(SignedMessage { message: MwebHash(blake3(&[&bytes])), key, signature: input.signature })
}

/// What an output signs, by its sender key (v0.21.5.5 src/libmw/src/models/tx/Output.cpp, BuildSignedMsg).
pub fn output_message(output: &Output) -> SignedMessage {
    let mut message = Vec::new();
    output.message.encode(&mut message);
    let hash = blake3(&[
        &output.commitment,
        &output.sender_pubkey,
        &output.receiver_pubkey,
        &blake3(&[&message]),
        &blake3(&[&output.range_proof]),
    ]);
    SignedMessage { message: MwebHash(hash), key: output.sender_pubkey, signature: output.signature }
}
