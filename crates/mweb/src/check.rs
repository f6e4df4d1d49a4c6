//! What needs no state: the content of an extension block and of a loose transaction.

use std::collections::{HashMap, HashSet};

use litecast_primitives::{
    Amount,
    hash::MwebHash,
    mweb::{ExtensionBlock, Input, Kernel, Output, PegOut, Tx, TxBody},
    params::MwebParams,
};
use rayon::prelude::*;

use crate::{
    amounts::{PegIn, kernel_supply_change, lock_height, peg_ins, peg_outs},
    crypto::{CryptoError, ProofData, SignedMessage, Verifier},
    message::{input_message, kernel_message, output_message},
    mmr::Mmr,
    reject::{Reject, Rule, Stage},
    sums::{check_kernel_sum, check_stealth_sum},
    weight::exceeds_maximum,
};

/// Fewest signatures whose keys are prepared by one job.
const MIN_JOB: usize = 16;
/// First bit that only a non-standard kernel has: extra data (v0.21.5.5 src/libmw/include/mw/models/tx/Kernel.h).
const KERNEL_EXTRA_DATA: u8 = 0x20;
/// The same of an input (Input.h).
const INPUT_EXTRA_DATA: u8 = 2;
/// The only bit of a standard output's message (Output.h).
const OUTPUT_STANDARD_FIELDS: u8 = 1;

/// An extension block in its block: the content, the balance of keys, the kernels of the header, and that peg-ins and
/// peg-outs are those outside (v0.21.5.5 src/libmw/src/node/BlockValidator.cpp, ValidateBlock).
///
/// `block_peg_ins` are the peg-in outputs of all transactions but coinbase and HogEx, `hogex_peg_outs` amounts and
/// scripts of the HogEx's outputs but the first. The balance of values needs the previous offset:
/// [`crate::connect_block`] checks it.
pub fn check_block(
    block: &ExtensionBlock,
    block_peg_ins: &[PegIn],
    hogex_peg_outs: &[PegOut],
    params: &MwebParams,
    verifier: &Verifier,
) -> Result<(), Reject> {
    let check = || {
        check_extension(block, params, verifier)?;
        check_peg_ins(&block.body, block_peg_ins)?;
        check_peg_outs(&block.body, hogex_peg_outs)
    };
    check().map_err(|rule| Reject { stage: Stage::CheckBlock, rule })
}

/// The extension block alone (v0.21.5.5 src/libmw/src/models/block/Block.cpp, Validate).
pub fn check_extension(block: &ExtensionBlock, params: &MwebParams, verifier: &Verifier) -> Result<(), Rule> {
    let ExtensionBlock { header, body } = block;
    if usize::try_from(header.kernel_mmr_size) != Ok(body.kernels.len()) {
        return Err(Rule::KernelCount);
    }
    check_body(body, verifier)?;
    if header.height > params.lock_height_enforced_above && lock_height(body) > header.height {
        return Err(Rule::LockHeight);
    }
    check_stealth_sum(body, &header.stealth_offset, verifier)?;
    if header.kernel_root != kernel_root(&body.kernels) {
        return Err(Rule::KernelRoot);
    }
    Ok(())
}

/// Root of the range of a block's kernels.
pub fn kernel_root(kernels: &[Kernel]) -> MwebHash {
    let mut mmr = Mmr::new();
    let mut bytes = Vec::new();
    for kernel in kernels {
        bytes.clear();
        kernel.encode(&mut bytes);
        mmr.append(&bytes, |_, _| {});
    }
    mmr.root()
}

/// Weight, order, duplicates, signatures, range proofs (v0.21.5.5 src/libmw/src/models/tx/TxBody.cpp, Validate).
pub fn check_body(body: &TxBody, verifier: &Verifier) -> Result<(), Rule> {
    if exceeds_maximum(body) {
        return Err(Rule::Weight);
    }
    let spent: Vec<MwebHash> = body.inputs.iter().map(|input| input.output_id).collect();
    let outputs: Vec<MwebHash> = verifier.install(|| body.outputs.par_iter().map(Output::id).collect());
    let kernels: Vec<(Option<Amount>, MwebHash)> =
        body.kernels.iter().map(|kernel| (kernel_supply_change(kernel), kernel.id())).collect();
    // Highest change first, those out of range last, then by id.
    let kernels_sorted = kernels.is_sorted_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).is_le());
    if !spent.is_sorted() || !outputs.is_sorted() || !kernels_sorted {
        return Err(Rule::NotSorted);
    }
    if has_duplicates(spent.iter()) {
        return Err(Rule::DuplicateInputs);
    }
    if has_duplicates(outputs.iter()) {
        return Err(Rule::DuplicateOutputs);
    }
    if has_duplicates(kernels.iter().map(|(_, id)| id)) {
        return Err(Rule::DuplicateKernels);
    }
    let (signatures, proofs) =
        verifier.install(|| rayon::join(|| check_signatures(body, verifier), || check_proofs(&body.outputs, verifier)));
    signatures.and(proofs)
}

fn has_duplicates<'a>(mut ids: impl Iterator<Item = &'a MwebHash>) -> bool {
    let mut seen = HashSet::new();
    !ids.all(|id| seen.insert(id))
}

fn check_signatures(body: &TxBody, verifier: &Verifier) -> Result<(), Rule> {
    let kernels = body.kernels.par_iter().with_min_len(MIN_JOB).map(|kernel: &Kernel| kernel_message(kernel, verifier));
    let inputs = body.inputs.par_iter().with_min_len(MIN_JOB).map(|input: &Input| input_message(input, verifier));
    let outputs = body.outputs.par_iter().with_min_len(MIN_JOB).map(|output: &Output| Ok(output_message(output)));
    let signed: Vec<Result<SignedMessage, CryptoError>> = kernels.chain(inputs).chain(outputs).collect();
    let signed = signed.into_iter().collect::<Result<Vec<_>, _>>()?;
    if verifier.verify_signatures(&signed)? { Ok(()) } else { Err(Rule::Signature) }
}

fn check_proofs(outputs: &[Output], verifier: &Verifier) -> Result<(), Rule> {
    let messages: Vec<Vec<u8>> = outputs
        .iter()
        .map(|output| {
            let mut bytes = Vec::with_capacity(64);
            output.message.encode(&mut bytes);
            bytes
        })
        .collect();
    let proofs: Vec<ProofData<'_>> = outputs
        .iter()
        .zip(&messages)
        .map(|(output, message)| ProofData {
            commitment: output.commitment,
            proof: &output.range_proof,
            extra_data: message,
        })
        .collect();
    if verifier.verify_range_proofs(&proofs)? { Ok(()) } else { Err(Rule::RangeProof) }
}

/// BlockValidator.cpp, ValidatePegInCoins.
fn check_peg_ins(body: &TxBody, outside: &[PegIn]) -> Result<(), Rule> {
    let mut amounts = HashMap::with_capacity(outside.len());
    for peg_in in outside {
        if amounts.insert(peg_in.kernel_id, peg_in.amount).is_some() {
            return Err(Rule::PegIns);
        }
    }
    let inside = peg_ins(body);
    if inside.len() != amounts.len() || !inside.iter().all(|p| amounts.remove(&p.kernel_id) == Some(p.amount)) {
        return Err(Rule::PegIns);
    }
    Ok(())
}

/// BlockValidator.cpp, ValidatePegOutCoins: the same ones as often, in any order.
fn check_peg_outs(body: &TxBody, hogex: &[PegOut]) -> Result<(), Rule> {
    fn sorted<'a>(list: impl Iterator<Item = &'a PegOut>) -> Vec<(Amount, &'a [u8])> {
        let mut list: Vec<_> = list.map(|p| (p.amount, p.script_pubkey.as_ref())).collect();
        list.sort_unstable();
        list
    }
    if sorted(peg_outs(body)) == sorted(hogex.iter()) { Ok(()) } else { Err(Rule::PegOuts) }
}

/// The MWEB side of a loose transaction; `outside` are its own peg-in outputs. A transaction without MWEB data passes if
/// it has none (v0.21.5.5 src/mweb/mweb_node.cpp, CheckTransaction).
pub fn check_transaction(tx: Option<&Tx>, outside: &[PegIn], verifier: &Verifier) -> Result<(), Reject> {
    let check = || {
        let mut amounts = HashMap::with_capacity(outside.len());
        for peg_in in outside {
            if amounts.insert(peg_in.kernel_id, peg_in.amount).is_some() {
                return Err(Rule::DuplicateTxPegIns);
            }
        }
        let inside = tx.map_or_else(Vec::new, |tx| peg_ins(&tx.body));
        if inside.len() != amounts.len() {
            return Err(Rule::PegInCount);
        }
        if !inside.iter().all(|p| amounts.get(&p.kernel_id) == Some(&p.amount)) {
            return Err(Rule::TxPegIns);
        }
        tx.map_or(Ok(()), |tx| check_tx(tx, verifier))
    };
    check().map_err(|rule| Reject { stage: Stage::CheckTransaction, rule })
}

/// The content and both balances (v0.21.5.5 src/libmw/src/models/tx/Transaction.cpp, Validate).
pub fn check_tx(tx: &Tx, verifier: &Verifier) -> Result<(), Rule> {
    check_body(&tx.body, verifier)?;
    check_kernel_sum(&tx.body, &tx.kernel_offset, verifier)?;
    check_stealth_sum(&tx.body, &tx.stealth_offset, verifier)
}

/// Whether a transaction uses only features that are relayed (Transaction.cpp, IsStandard).
pub fn is_standard(tx: &Tx) -> bool {
    tx.body.inputs.iter().all(|input| input.features < INPUT_EXTRA_DATA)
        && tx.body.kernels.iter().all(|kernel| kernel.features < KERNEL_EXTRA_DATA)
        && tx.body.outputs.iter().all(|output| output.message.features == OUTPUT_STANDARD_FIELDS)
}

/// Why a valid transaction is not relayed (v0.21.5.5 src/mweb/mweb_policy.cpp, IsStandardTx).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NonStandard {
    /// A transaction with a side outside has kernels that none of its peg-ins names.
    #[error("kernel-mismatch")]
    KernelMismatch,
    /// Features that nobody uses yet.
    #[error("non-standard-mweb-tx")]
    Features,
}

/// Whether the MWEB side of a transaction is relayed. `mweb_only` is a transaction without inputs and outputs outside;
/// `outside` are its peg-in outputs.
pub fn check_standard(tx: Option<&Tx>, mweb_only: bool, outside: &[PegIn]) -> Result<(), NonStandard> {
    if !mweb_only {
        let named: HashSet<MwebHash> = outside.iter().map(|peg_in| peg_in.kernel_id).collect();
        let kernels: HashSet<MwebHash> = tx.iter().flat_map(|tx| &tx.body.kernels).map(Kernel::id).collect();
        if named != kernels {
            return Err(NonStandard::KernelMismatch);
        }
    }
    if tx.is_none_or(is_standard) { Ok(()) } else { Err(NonStandard::Features) }
}
