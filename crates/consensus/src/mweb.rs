//! Rules about the place of the extension block in its block: HogEx, peg-ins, amounts
//! (v0.21.5.5 src/mweb/mweb_node.cpp). The inside of the extension block is not checked yet.

use litecast_primitives::{
    Amount, Block, Transaction, TxOut, Txid, mweb::Kernel, params::Params, view::Ancestors, view::HeaderView,
};
use litecast_script::template;

use crate::{
    reject::{Reject, Rule},
    versionbits::{VersionBitsCache, is_mweb_active},
};

/// What the block below left behind in the extension block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrevMweb {
    /// Its HogEx; zero if it had none.
    pub hogex: Txid,
    /// Coins inside of the extension block.
    pub amount: Amount,
}

/// Loose MWEB data never stands in a block.
pub(crate) fn check_block(block: &Block) -> Result<(), Reject> {
    if block.transactions().iter().any(|tx| tx.mweb().is_some()) {
        return Err(Reject::new(Rule::UnexpectedMweb, "Block contains transactions with MWEB data attached"));
    }
    Ok(())
}

/// The block carries an extension block exactly when it must, and its HogEx is in order.
pub(crate) fn contextual_check_block(
    block: &Block,
    chain: &dyn HeaderView,
    params: &Params,
    cache: &VersionBitsCache,
) -> Result<(), Reject> {
    let transactions = block.transactions();
    if !is_mweb_active(Some(chain), params, cache) {
        if block.extension().is_some() {
            return Err(Reject::new(Rule::UnexpectedMweb, "MWEB not activated, but extension block found"));
        }
        // The merkle root does not cover the marker.
        if transactions.iter().any(|tx| tx.is_hogex()) {
            return Err(Reject::new(Rule::UnexpectedMweb, "MWEB not activated, but HogEx marker found"));
        }
        return Ok(());
    }
    let Some(extension) = block.extension() else {
        return Err(Reject::new(Rule::MwebMissing, "MWEB activated but extension block not found"));
    };
    let no_peg_ins = |tx: &Transaction| !tx.outputs().iter().any(is_peg_in);
    if !transactions.iter().filter(|tx| tx.is_coinbase() || tx.is_hogex()).all(|tx| no_peg_ins(tx)) {
        return Err(Reject::new(Rule::UnexpectedPegIn, "Pegin found in coinbase or HogEx"));
    }
    let Some(hogex) = transactions.last().filter(|tx| tx.is_hogex()) else {
        return Err(Reject::new(Rule::HogExMissing, "hogex missing"));
    };
    if transactions[..transactions.len() - 1].iter().any(|tx| tx.is_hogex()) {
        return Err(Reject::new(Rule::HogExPosition, "hogex in wrong position"));
    }
    let Some(committed) = template::hogaddr_header(&hogex.outputs()[0].script_pubkey) else {
        return Err(Reject::new(Rule::HogExInvalid, "HogEx missing or invalid"));
    };
    if committed != extension.header.hash() {
        return Err(Reject::new(Rule::MwebHashMismatch, "MWEB header hash doesn't match hogex hash"));
    }
    if extension.header.height != chain.tip_height() + 1 {
        return Err(Reject::new(Rule::MwebHeightMismatch, "Invalid MWEB block height"));
    }
    check_peg_in_inputs(block, hogex, is_first_hogex(chain, params, cache))
}

/// The HogEx of the first extension block spends peg-ins only; every later one spends the HogEx before it first.
fn is_first_hogex(chain: &dyn HeaderView, params: &Params, cache: &VersionBitsCache) -> bool {
    match chain.tip_height().checked_sub(1) {
        Some(below) => !is_mweb_active(Some(&Ancestors::new(chain, below)), params, cache),
        None => !is_mweb_active(None, params, cache),
    }
}

fn is_peg_in(output: &TxOut) -> bool {
    template::peg_in_kernel(&output.script_pubkey).is_some()
}

fn peg_ins(block: &Block) -> impl Iterator<Item = (Txid, usize, &TxOut)> {
    let transactions = block.transactions();
    transactions[1..transactions.len() - 1]
        .iter()
        .flat_map(|tx| tx.outputs().iter().enumerate().map(|(n, output)| (tx.txid(), n, output)))
        .filter(|(_, _, output)| is_peg_in(output))
}

/// The HogEx spends exactly the block's peg-ins, in their order.
fn check_peg_in_inputs(block: &Block, hogex: &Transaction, first: bool) -> Result<(), Reject> {
    let mut inputs = hogex.inputs().iter().skip(usize::from(!first));
    for (txid, n, _) in peg_ins(block) {
        let Some(input) = inputs.next() else {
            return Err(Reject::new(Rule::PegInsMissing, "Pegins missing from HogEx"));
        };
        if input.prevout.txid != txid || usize::try_from(input.prevout.vout) != Ok(n) {
            return Err(Reject::new(Rule::PegInMismatch, "HogEx pegins do not match block's pegins"));
        }
    }
    let spare = !first && hogex.inputs().is_empty();
    if inputs.next().is_some() || spare {
        return Err(Reject::new(Rule::ExtraHogExInput, "HogEx contains unexpected input(s)"));
    }
    Ok(())
}

/// Amounts: what goes into the extension block, what comes out, and what stays there. `chain` ends below the block.
pub(crate) fn connect_block(
    block: &Block,
    chain: &dyn HeaderView,
    prev: PrevMweb,
    params: &Params,
    cache: &VersionBitsCache,
) -> Result<(), Reject> {
    let (Some(extension), Some(hogex)) = (block.extension(), block.hogex()) else { return Ok(()) };
    if !is_first_hogex(chain, params, cache) {
        let first = hogex.inputs().first().map(|input| input.prevout);
        if !first.is_some_and(|out| out.vout == 0 && out.txid == prev.hogex) {
            let detail = "First input of HogEx does not point to previous HogEx";
            return Err(Reject::new(Rule::HogExInput, detail));
        }
    }
    let mut input_amount = prev.amount;
    for (_, _, output) in peg_ins(block) {
        input_amount = input_amount
            .checked_add(output.value)
            .filter(|a| a.is_money())
            .ok_or_else(|| Reject::new(Rule::PegInTotal, "Accumulated pegin amount for the block is out of range"))?;
    }
    let bad_amount = || Reject::new(Rule::MwebAmount, "Invalid MWEB amount accounting");
    let fee = total_fee(&extension.body.kernels).ok_or_else(bad_amount)?;
    let supply_change = supply_change(&extension.body.kernels).ok_or_else(bad_amount)?;
    let total_out = Amount(hogex.outputs().iter().map(|o| o.value.0).sum());
    let hogex_fee = Amount(input_amount.0 - total_out.0);
    if !hogex_fee.is_money() || hogex_fee != fee {
        return Err(Reject::new(Rule::MwebFeeMismatch, "HogEx fee does not match MWEB fee."));
    }
    let amount = prev
        .amount
        .checked_add(supply_change)
        .ok_or_else(|| Reject::new(Rule::MwebAmount, "Invalid MWEB supply change"))?;
    if !amount.is_money() || amount != hogex.outputs()[0].value {
        let detail = "HogEx amount does not match expected MWEB amount";
        return Err(Reject::new(Rule::MwebAmountMismatch, detail));
    }
    if extension.body.inputs.iter().any(|input| params.mweb.frozen_outputs.contains(&input.output_id)) {
        return Err(Reject::new(Rule::FrozenOutputSpent, "Frozen MWEB output spent"));
    }
    Ok(())
}

/// Sum of the fees; `None` if a fee or a partial sum is no amount of money
/// (v0.21.5.5 src/libmw/src/models/tx/TxBody.cpp, GetTotalFee).
fn total_fee(kernels: &[Kernel]) -> Option<Amount> {
    money_sum(kernels.iter().map(|kernel| kernel.fee.unwrap_or_default()))
}

/// What the kernels add to the coins inside (TxBody.cpp and Kernel.h, GetSupplyChange); `None` if any number on the way
/// there is out of range.
fn supply_change(kernels: &[Kernel]) -> Option<Amount> {
    let in_range = |amount: &Amount| amount.0.abs() <= Amount::MAX_MONEY.0;
    kernels.iter().try_fold(Amount::ZERO, |total, kernel| {
        let (peg_in, fee) = (kernel.peg_in.unwrap_or_default(), kernel.fee.unwrap_or_default());
        let peg_out = money_sum(kernel.peg_outs.iter().map(|peg_out| peg_out.amount))?;
        if !peg_in.is_money() || !fee.is_money() {
            return None;
        }
        // Three amounts of money cannot overflow.
        let change = Some(Amount(peg_in.0 - fee.0 - peg_out.0)).filter(in_range)?;
        total.checked_add(change).filter(in_range)
    })
}

fn money_sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.try_fold(Amount::ZERO, |total, amount| {
        total.checked_add(amount).filter(|sum| amount.is_money() && sum.is_money())
    })
}
