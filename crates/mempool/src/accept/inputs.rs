//! What a transaction spends, in the chain or in the pool, outside and inside of the extension block
//! (v0.21.5.5 src/txmempool.cpp CCoinsViewMemPool, src/consensus/tx_verify.cpp CheckTxInputs).

use litecast_consensus::tx::check_tx_inputs;
use litecast_mweb::amounts::total_fee;
use litecast_primitives::{
    Amount, Coin, Height, OutPoint, Transaction, Txid,
    hash::MwebHash,
    mweb::{Input, Output},
    view::ViewError,
};

use super::{AcceptError, Chain};
use crate::{
    entry::OutputIndex,
    pool::Mempool,
    reject::{Rule, TxReject},
};

/// Outputs that are looked up to tell a mined transaction from an orphan.
const MAX_KNOWN_LOOKUPS: u32 = 25;

/// The height of a coin of the pool (v0.21.5.5 src/txmempool.h).
pub(super) const MEMPOOL_HEIGHT: Height = 0x7fff_ffff;

/// The coins of the inputs outside, in order; that those inside exist, too.
pub(super) fn spent_coins(pool: &Mempool, tx: &Transaction, chain: &Chain<'_>) -> Result<Vec<Coin>, AcceptError> {
    let mut coins = Vec::with_capacity(tx.inputs().len());
    for input in tx.inputs() {
        match coin(pool, chain, &input.prevout)? {
            Some(coin) => coins.push(coin),
            None => return Err(missing(tx, chain)?.into()),
        }
    }
    for input in inside(tx) {
        // What the pool spends already is not there, replaceable or not.
        let spent = pool.spender(&OutputIndex::Mweb(input.output_id)).is_some();
        if spent || output_inside(pool, chain, &input.output_id)?.is_none() {
            return Err(missing(tx, chain)?.into());
        }
    }
    Ok(coins)
}

fn inside(tx: &Transaction) -> impl Iterator<Item = &Input> {
    tx.mweb().into_iter().flat_map(|mweb| &mweb.body.inputs)
}

fn coin(pool: &Mempool, chain: &Chain<'_>, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
    let Some(entry) = pool.get(&outpoint.txid) else { return chain.coins.coin(outpoint) };
    let tx = entry.tx();
    let output = usize::try_from(outpoint.vout).ok().and_then(|vout| tx.outputs().get(vout));
    let pays_out = tx.mweb().is_some_and(|mweb| mweb.body.kernels.iter().any(|kernel| !kernel.peg_outs.is_empty()));
    // The reference takes every output of a transaction with a peg-out for one.
    let coin = |output: &_| Coin {
        output: Clone::clone(output),
        height: MEMPOOL_HEIGHT,
        is_coinbase: false,
        is_peg_out: pays_out,
    };
    Ok(output.map(coin))
}

fn output_inside(pool: &Mempool, chain: &Chain<'_>, id: &MwebHash) -> Result<Option<Output>, ViewError> {
    let waiting = pool.creator_inside(id).and_then(|entry| entry.tx().mweb());
    match waiting.and_then(|mweb| mweb.body.outputs.iter().find(|output| output.id() == *id)) {
        Some(output) => Ok(Some(output.clone())),
        None => Ok(chain.inside.utxo(id)?.map(|utxo| utxo.output)),
    }
}

/// An input is missing: because the transaction is mined already, or because its parents are not known.
fn missing(tx: &Transaction, chain: &Chain<'_>) -> Result<TxReject, ViewError> {
    let txid: Txid = tx.txid();
    for (vout, _) in (0..MAX_KNOWN_LOOKUPS).zip(tx.outputs()) {
        if chain.coins.coin(&OutPoint { txid, vout })?.is_some() {
            return Ok(Rule::AlreadyKnown.into());
        }
    }
    let outputs = tx.mweb().into_iter().flat_map(|mweb| &mweb.body.outputs);
    for (_, output) in (0..MAX_KNOWN_LOOKUPS).zip(outputs) {
        if chain.inside.utxo(&output.id())?.is_some() {
            return Ok(Rule::AlreadyKnown.into());
        }
    }
    Ok(Rule::InputsMissingOrSpent.into())
}

/// Maturity and values outside, then what is spent inside; answers with both fees together.
pub(super) fn check_inputs(
    pool: &Mempool,
    tx: &Transaction,
    coins: &[Coin],
    chain: &Chain<'_>,
    next: Height,
) -> Result<Amount, AcceptError> {
    let fee = check_tx_inputs(tx, coins, next).map_err(TxReject::Consensus)?;
    let Some(mweb) = tx.mweb() else { return Ok(fee) };
    for input in inside(tx) {
        let reject = |rule, detail: String| Err(TxReject::new(rule, detail).into());
        let id = input.output_id;
        let Some(output) = output_inside(pool, chain, &id)? else {
            return reject(Rule::MwebInputsMissing, "CheckTxInputs: MWEB inputs missing".into());
        };
        if chain.params.mweb.frozen_outputs.contains(&id) {
            return reject(Rule::FrozenMwebOutput, format!("CheckTxInputs: spends frozen MWEB output {id}"));
        }
        if output.receiver_pubkey != input.output_pubkey || output.commitment != input.commitment {
            return reject(Rule::MwebInputMismatch, "CheckTxInputs: MWEB input doesn't match UTXO".into());
        }
    }
    let total = total_fee(&mweb.body).and_then(|inside| fee.checked_add(inside)).filter(|total| total.is_money());
    Ok(total.ok_or(Rule::MwebFeeOutOfRange)?)
}
