//! Connecting a block to the set of coins and taking it off again
//! (v0.21.5.5 src/validation.cpp, ConnectBlock and DisconnectBlock).
//!
//! Both are pure: they read a view and answer with a [`CoinDelta`], which the store applies. A failing view is a
//! failing machine ([`ConnectError::View`]) and says nothing about the block.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use litecast_mweb::{DisconnectError, LeafStore, MwebDelta, MwebUndo};
use litecast_primitives::{
    Amount, Block, Coin, Height, OutPoint, Transaction, TxOut,
    params::Params,
    view::{CoinView, HeaderView, ViewError},
};
use litecast_script::template;

use crate::{
    MAX_BLOCK_SIGOPS_COST,
    context::{Context, State},
    mweb,
    reject::{Reject, Rule},
    scripts::{ScriptSink, TxScripts, block_script_flags},
    subsidy::block_subsidy,
    tx::{SequenceLocks, check_tx_inputs, sigop_cost},
};

/// Why a block did not connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The block is invalid.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// The coins could not be read.
    #[error("reading the coins failed: {0}")]
    View(#[from] ViewError),
    /// The stored undo data does not belong to the block.
    #[error("undo data of block {0} does not fit it")]
    Undo(litecast_primitives::BlockHash),
}

impl From<litecast_mweb::ConnectError> for ConnectError {
    fn from(error: litecast_mweb::ConnectError) -> Self {
        match error {
            litecast_mweb::ConnectError::Reject(reject) => Self::Reject(reject.into()),
            litecast_mweb::ConnectError::View(error) => Self::View(error),
        }
    }
}

impl From<Rule> for ConnectError {
    fn from(rule: Rule) -> Self {
        Self::Reject(rule.into())
    }
}

/// Changes to the set of coins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoinDelta {
    /// `Some` is created or restored, `None` is gone. A coin that came and went within the block is not named.
    pub changes: HashMap<OutPoint, Option<Coin>>,
    /// By how much the number of coins grows.
    pub net: i64,
}

impl CoinDelta {
    fn create(&mut self, outpoint: OutPoint, coin: Coin) {
        self.changes.insert(outpoint, Some(coin));
        self.net += 1;
    }

    fn spend(&mut self, outpoint: OutPoint) {
        if !matches!(self.changes.remove(&outpoint), Some(Some(_))) {
            self.changes.insert(outpoint, None);
        }
        self.net -= 1;
    }
}

/// What a block replaced: the coins it spent, one list per transaction after the coinbase, in the order of its inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockUndo {
    /// Spent coins.
    pub spent: Vec<Vec<Coin>>,
    /// What the extension block replaced, if there was one.
    pub mweb: Option<MwebUndo>,
}

/// What connecting a block does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connected {
    /// Changes to the set of coins.
    pub delta: CoinDelta,
    /// Changes inside of the extension block.
    pub mweb: MwebDelta,
    /// How to take them back.
    pub undo: BlockUndo,
    /// Sum of the fees.
    pub fees: Amount,
    /// Cost of the signature operations.
    pub sigops_cost: u64,
}

/// A view with a delta on top.
struct Overlay<'a> {
    base: &'a dyn CoinView,
    delta: CoinDelta,
}

impl Overlay<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        match self.delta.changes.get(outpoint) {
            Some(changed) => Ok(changed.clone()),
            None => self.base.coin(outpoint),
        }
    }

    fn add_outputs(&mut self, tx: &Transaction, height: Height) {
        for (n, output) in (0u32..).zip(tx.outputs()) {
            if template::is_unspendable(&output.script_pubkey) {
                continue;
            }
            let coin = Coin {
                // An own copy of the script: a coin must not keep its whole block in memory.
                output: TxOut { value: output.value, script_pubkey: Bytes::copy_from_slice(&output.script_pubkey) },
                height,
                is_coinbase: tx.is_coinbase(),
                // The first output of a HogEx is spent by the next one and never matures.
                is_peg_out: tx.is_hogex() && n > 0,
            };
            self.delta.create(OutPoint { txid: tx.txid(), vout: n }, coin);
        }
    }
}

/// Applies a block to the state of the chain below it. The block has passed the contextual checks; its scripts are
/// `scripts`' to check.
pub fn connect_block(
    block: &Block,
    context: &Context<'_>,
    state: &State<'_>,
    scripts: &mut dyn ScriptSink,
) -> Result<Connected, ConnectError> {
    let Context { chain, params, .. } = *context;
    let height = chain.tip_height() + 1;
    let mut view = Overlay { base: state.coins, delta: CoinDelta::default() };
    if enforces_bip30(chain, params) {
        check_bip30(block, &view)?;
    }
    let flags = block_script_flags(chain, params, context.versionbits);
    let enforces_bip68 = height >= params.csv_height;
    let mut fees = Amount::ZERO;
    let mut sigops_cost = 0;
    let mut undo = BlockUndo { spent: Vec::with_capacity(block.transactions().len().saturating_sub(1)), mweb: None };
    for (i, tx) in block.transactions().iter().enumerate() {
        let spent = if tx.is_coinbase() { Vec::new() } else { spent_coins(tx, &view)? };
        if !tx.is_coinbase() {
            let fee = check_tx_inputs(tx, &spent, height)?;
            fees = fees.checked_add(fee).filter(|sum| sum.is_money()).ok_or(Rule::FeesOutOfRange)?;
            let heights: Vec<Height> = spent.iter().map(|coin| coin.height).collect();
            if enforces_bip68 && !SequenceLocks::new(tx, &heights, chain).are_met(chain) {
                return Err(Rule::TxNonFinal.into());
            }
        }
        sigops_cost += sigop_cost(tx, &spent, flags);
        if sigops_cost > MAX_BLOCK_SIGOPS_COST {
            return Err(Rule::BlockSigops.into());
        }
        if !tx.is_coinbase() {
            scripts.add(TxScripts::new(Arc::clone(tx), &spent, flags))?;
            for input in tx.inputs() {
                view.delta.spend(input.prevout);
            }
        }
        view.add_outputs(tx, height);
        if i > 0 {
            undo.spent.push(spent);
        }
    }
    let reward = fees.checked_add(block_subsidy(height, params)).ok_or(Rule::FeesOutOfRange)?;
    let claimed: i64 = block.transactions()[0].outputs().iter().map(|o| o.value.0).sum();
    if claimed > reward.0 {
        return Err(Rule::CoinbaseAmount.into());
    }
    scripts.finish()?;
    let mweb = match mweb::connect_block(block, context, state)? {
        Some(connected) => {
            undo.mweb = Some(connected.undo);
            connected.delta
        }
        None => MwebDelta::default(),
    };
    Ok(Connected { delta: view.delta, mweb, undo, fees, sigops_cost })
}

fn spent_coins(tx: &Transaction, view: &Overlay<'_>) -> Result<Vec<Coin>, ConnectError> {
    let mut coins = Vec::with_capacity(tx.inputs().len());
    for input in tx.inputs() {
        let coin = view
            .coin(&input.prevout)?
            .ok_or_else(|| Reject::new(Rule::InputsMissingOrSpent, "CheckTxInputs: inputs missing/spent"))?;
        coins.push(coin);
    }
    Ok(coins)
}

/// Duplicate transactions are looked for, but on the known chain above BIP34 they cannot exist.
fn enforces_bip30(chain: &dyn HeaderView, params: &Params) -> bool {
    match (chain.at(params.bip34_height), params.bip34_hash) {
        (Some(found), Some(known)) => found.hash != known,
        _ => true,
    }
}

fn check_bip30(block: &Block, view: &Overlay<'_>) -> Result<(), ConnectError> {
    for tx in block.transactions() {
        for (vout, _) in (0u32..).zip(tx.outputs()) {
            if view.coin(&OutPoint { txid: tx.txid(), vout })?.is_some() {
                return Err(Rule::Bip30.into());
            }
        }
    }
    Ok(())
}

/// Takes a block off again: its outputs go, what it spent comes back. `mweb` is the state that it left.
pub fn disconnect_block(
    block: &Block,
    undo: &BlockUndo,
    mweb: &dyn LeafStore,
) -> Result<(CoinDelta, MwebDelta), ConnectError> {
    let mut delta = CoinDelta::default();
    let transactions = block.transactions();
    if undo.spent.len() + 1 != transactions.len() {
        return Err(ConnectError::Undo(block.hash()));
    }
    for (i, tx) in transactions.iter().enumerate().rev() {
        for (vout, output) in (0u32..).zip(tx.outputs()) {
            if !template::is_unspendable(&output.script_pubkey) {
                delta.spend(OutPoint { txid: tx.txid(), vout });
            }
        }
        if i == 0 {
            continue;
        }
        let spent = &undo.spent[i - 1];
        if spent.len() != tx.inputs().len() {
            return Err(ConnectError::Undo(block.hash()));
        }
        for (input, coin) in tx.inputs().iter().zip(spent) {
            delta.create(input.prevout, coin.clone());
        }
    }
    let mweb = mweb::disconnect_block(block, undo, mweb).map_err(|error| match error {
        mweb::DisconnectError::Inside(DisconnectError::View(error)) => error.into(),
        mweb::DisconnectError::Inside(DisconnectError::Mismatch(_)) | mweb::DisconnectError::OtherBlock => {
            ConnectError::Undo(block.hash())
        }
    })?;
    Ok((delta, mweb))
}
