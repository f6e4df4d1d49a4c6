//! Rules about the place of the extension block in its block: HogEx, peg-ins, amounts
//! (v0.21.5.5 src/mweb/mweb_node.cpp). Its inside is litecast-mweb's.

use litecast_mweb::{
    Connected, LeafStore, MwebDelta, PegIn, Stage,
    amounts::{supply_change, total_fee},
};
use litecast_primitives::{Amount, Block, OutPoint, Transaction, mweb::PegOut, view::Ancestors};
use litecast_script::template;

use crate::{
    connect::{BlockUndo, ConnectError},
    context::{Context, State},
    reject::{Reject, Rule},
    versionbits::is_mweb_active,
};

/// Loose MWEB data never stands in a block.
pub(crate) fn check_block(block: &Block) -> Result<(), Reject> {
    if block.transactions().iter().any(|tx| tx.mweb().is_some()) {
        return Err(Reject::new(Rule::UnexpectedMweb, "Block contains transactions with MWEB data attached"));
    }
    Ok(())
}

/// The block carries an extension block exactly when it must, and its HogEx is in order.
pub(crate) fn contextual_check_block(block: &Block, context: &Context<'_>) -> Result<(), Reject> {
    let transactions = block.transactions();
    let Context { chain, params, .. } = *context;
    if !is_mweb_active(Some(chain), params, context.versionbits) {
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
    if transactions.iter().filter(|tx| tx.is_coinbase() || tx.is_hogex()).any(|tx| peg_ins(tx).next().is_some()) {
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
    check_peg_in_inputs(block, hogex, is_first_hogex(context))?;
    let peg_ins: Vec<PegIn> = block_peg_ins(block).map(|(peg_in, _)| peg_in).collect();
    let peg_outs: Vec<PegOut> = hogex.outputs()[1..]
        .iter()
        .map(|output| PegOut { amount: output.value, script_pubkey: output.script_pubkey.clone() })
        .collect();
    Ok(litecast_mweb::check_block(extension, &peg_ins, &peg_outs, &params.mweb, context.mweb)?)
}

/// The HogEx of the first extension block spends peg-ins only; every later one spends the HogEx before it first.
fn is_first_hogex(context: &Context<'_>) -> bool {
    let Context { chain, params, versionbits, .. } = *context;
    match chain.tip_height().checked_sub(1) {
        Some(below) => !is_mweb_active(Some(&Ancestors::new(chain, below)), params, versionbits),
        None => !is_mweb_active(None, params, versionbits),
    }
}

/// The peg-ins among a transaction's outputs, with the outputs that they are.
pub fn peg_ins(tx: &Transaction) -> impl Iterator<Item = (PegIn, OutPoint)> {
    (0u32..).zip(tx.outputs()).filter_map(|(vout, output)| {
        let kernel_id = template::peg_in_kernel(&output.script_pubkey)?;
        Some((PegIn { amount: output.value, kernel_id }, OutPoint { txid: tx.txid(), vout }))
    })
}

/// The peg-ins of all transactions but coinbase and HogEx.
fn block_peg_ins(block: &Block) -> impl Iterator<Item = (PegIn, OutPoint)> {
    let transactions = block.transactions();
    transactions[1..transactions.len() - 1].iter().flat_map(|tx| peg_ins(tx))
}

/// The HogEx spends exactly the block's peg-ins, in their order.
fn check_peg_in_inputs(block: &Block, hogex: &Transaction, first: bool) -> Result<(), Reject> {
    let mut inputs = hogex.inputs().iter().skip(usize::from(!first));
    for (_, outpoint) in block_peg_ins(block) {
        let Some(input) = inputs.next() else {
            return Err(Reject::new(Rule::PegInsMissing, "Pegins missing from HogEx"));
        };
        if input.prevout != outpoint {
            return Err(Reject::new(Rule::PegInMismatch, "HogEx pegins do not match block's pegins"));
        }
    }
    let spare = !first && hogex.inputs().is_empty();
    if inputs.next().is_some() || spare {
        return Err(Reject::new(Rule::ExtraHogExInput, "HogEx contains unexpected input(s)"));
    }
    Ok(())
}

/// Amounts: what goes into the extension block, what comes out, and what stays there; then its inside. Answers with what
/// the extension block changes, if there is one.
pub(crate) fn connect_block(
    block: &Block,
    context: &Context<'_>,
    state: &State<'_>,
) -> Result<Option<Connected>, ConnectError> {
    let (Some(extension), Some(hogex)) = (block.extension(), block.hogex()) else { return Ok(None) };
    let prev = state.prev_mweb;
    if !is_first_hogex(context) {
        let first = hogex.inputs().first().map(|input| input.prevout);
        if !first.is_some_and(|out| out.vout == 0 && out.txid == prev.hogex) {
            let detail = "First input of HogEx does not point to previous HogEx";
            return Err(Reject::new(Rule::HogExInput, detail).into());
        }
    }
    let mut input_amount = prev.amount;
    for (peg_in, _) in block_peg_ins(block) {
        input_amount = input_amount
            .checked_add(peg_in.amount)
            .filter(|a| a.is_money())
            .ok_or_else(|| Reject::new(Rule::PegInTotal, "Accumulated pegin amount for the block is out of range"))?;
    }
    let bad_amount = || Reject::new(Rule::MwebAmount, "Invalid MWEB amount accounting");
    let fee = total_fee(&extension.body).ok_or_else(bad_amount)?;
    let supply_change = supply_change(&extension.body).ok_or_else(bad_amount)?;
    let total_out = Amount(hogex.outputs().iter().map(|o| o.value.0).sum());
    let hogex_fee = Amount(input_amount.0 - total_out.0);
    if !hogex_fee.is_money() || hogex_fee != fee {
        return Err(Reject::new(Rule::MwebFeeMismatch, "HogEx fee does not match MWEB fee.").into());
    }
    let amount = prev
        .amount
        .checked_add(supply_change)
        .ok_or_else(|| Reject::new(Rule::MwebAmount, "Invalid MWEB supply change"))?;
    if !amount.is_money() || amount != hogex.outputs()[0].value {
        let detail = "HogEx amount does not match expected MWEB amount";
        return Err(Reject::new(Rule::MwebAmountMismatch, detail).into());
    }
    let (hash, params) = (block.hash(), &context.params.mweb);
    Ok(Some(litecast_mweb::connect_block(extension, &hash, prev.header, state.mweb, params, context.mweb)?))
}

/// Why an extension block was not taken off.
#[derive(Debug, thiserror::Error)]
pub enum DisconnectError {
    /// One of block and undo data has an extension block, and the other has none.
    #[error("the undo data is that of another block")]
    OtherBlock,
    /// The inside does not come off.
    #[error(transparent)]
    Inside(#[from] litecast_mweb::DisconnectError),
}

/// Takes the extension block off again, if there is one. `state` is what the block left.
pub fn disconnect_block(block: &Block, undo: &BlockUndo, state: &dyn LeafStore) -> Result<MwebDelta, DisconnectError> {
    match (block.extension(), &undo.mweb) {
        (None, None) => Ok(MwebDelta::default()),
        (Some(extension), Some(undo)) => Ok(litecast_mweb::disconnect_block(&extension.header, undo, state)?),
        _ => Err(DisconnectError::OtherBlock),
    }
}

impl From<litecast_mweb::Reject> for Reject {
    fn from(reject: litecast_mweb::Reject) -> Self {
        let rule = match (reject.stage, reject.rule) {
            (Stage::ConnectBlock, litecast_mweb::Rule::FrozenOutputSpent(_)) => Rule::FrozenOutputSpent,
            (Stage::ConnectBlock, _) => Rule::MwebConnectFailed,
            // Loose transactions are the memory pool's; in a block there are none.
            (Stage::CheckBlock | Stage::CheckTransaction, _) => Rule::MwebInvalid,
        };
        debug_assert_eq!(rule.reason(), reject.reason());
        Self::new(rule, reject.detail())
    }
}
