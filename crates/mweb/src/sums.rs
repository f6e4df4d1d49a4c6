//! The two balances: of values (kernel sum) and of keys (stealth sum).
//!
//! Sums are taken in the reference's steps, because a step that ends at infinity is an error even when the whole would
//! balance.

use litecast_primitives::{
    Amount,
    mweb::{Commitment, TxBody},
};

use crate::{
    amounts::supply_change,
    crypto::{CryptoError, NO_KEY, Verifier, add_blinding_factors},
    reject::Rule,
};

/// No offset.
pub const NO_OFFSET: [u8; 32] = [0; 32];

/// What a block adds to the kernel offset of the chain
/// (v0.21.5.5 src/libmw/include/mw/consensus/KernelSumValidator.h, ValidateForBlock).
pub fn block_offset(total: &[u8; 32], previous: &[u8; 32]) -> Result<[u8; 32], CryptoError> {
    if *previous == NO_OFFSET { Ok(*total) } else { add_blinding_factors(&[*total], &[*previous]) }
}

/// Outputs less inputs less supply are the excesses and the offset (KernelSumValidator.h, ValidateSums): nothing is made
/// of nothing.
pub fn check_kernel_sum(body: &TxBody, offset: &[u8; 32], verifier: &Verifier) -> Result<(), Rule> {
    let supply = supply_change(body).ok_or(Rule::AmountRange)?;
    let outputs: Vec<Commitment> = body.outputs.iter().map(|output| output.commitment).collect();
    let inputs: Vec<Commitment> = body.inputs.iter().map(|input| input.commitment).collect();
    let mut coins = verifier.add_commitments(&outputs, &inputs)?;
    if supply != Amount::ZERO {
        let transparent = verifier.commit_transparent(supply.0.unsigned_abs())?;
        coins = if supply > Amount::ZERO {
            verifier.add_commitments(&[coins], &[transparent])?
        } else {
            verifier.add_commitments(&[coins, transparent], &[])?
        };
    }
    let excesses: Vec<Commitment> = body.kernels.iter().map(|kernel| kernel.excess).collect();
    let mut excess = verifier.add_commitments(&excesses, &[])?;
    if *offset != NO_OFFSET {
        excess = verifier.add_commitments(&[excess, verifier.commit_blinded(offset)?], &[])?;
    }
    if coins == excess { Ok(()) } else { Err(Rule::KernelSums) }
}

/// Keys of senders and inputs are stealth excesses, receiver keys of the spent outputs and the offset
/// (v0.21.5.5 src/libmw/include/mw/consensus/StealthSumValidator.h): who spends knew the keys.
pub fn check_stealth_sum(body: &TxBody, offset: &[u8; 32], verifier: &Verifier) -> Result<(), Rule> {
    let sum = |keys: &[_]| if keys.is_empty() { Ok(NO_KEY) } else { verifier.add_keys(keys) };
    let senders = body.outputs.iter().map(|output| output.sender_pubkey);
    let left: Vec<_> = senders.chain(body.inputs.iter().filter_map(|input| input.input_pubkey)).collect();
    let left = sum(&left)?;
    let excesses = body.kernels.iter().filter_map(|kernel| kernel.stealth_excess);
    let mut right: Vec<_> = excesses.chain(body.inputs.iter().map(|input| input.output_pubkey)).collect();
    if *offset != NO_OFFSET {
        right.push(verifier.public_key(offset)?);
    }
    if left == sum(&right)? { Ok(()) } else { Err(Rule::StealthSums) }
}
