//! Checking the last blocks and the state against each other (v0.21.5.5 src/validation.cpp, CVerifyDB::VerifyDB).
//!
//! Nothing is changed: blocks are taken off, and at the highest level connected again, in memory. Whoever holds the index
//! for so long makes the writer wait.

use std::collections::HashMap;

use litecast_consensus::{BlockUndo, State, block, connect_block, mweb, scripts::InOrder};
use litecast_mweb::Overlay;
use litecast_primitives::{
    Block, Coin, Height, OutPoint, TxOut,
    view::{CoinView, ViewError},
};
use litecast_script::template;

use super::Reader;
use crate::{
    coins::CoinsCache,
    error::EngineError,
    index::{BlockIndex, ChainAt, Entry},
    undo_codec,
};

/// Rough memory of a coin in the overlay, in bytes.
const COIN_BYTES: usize = 200;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Blocks and state agree.
    Sound {
        /// Blocks that were looked at.
        blocks: Height,
    },
    /// They do not: what was found first.
    Damaged(String),
}

/// How far to look, and how hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyRequest {
    /// 0: blocks can be read. 1: they are blocks. 2: their undo data can be read. 3: they can be taken off, and the coins
    /// are theirs. 4: they can be connected again. Higher is 4.
    pub level: u8,
    /// Number of blocks from the tip down; 0 is all.
    pub blocks: Height,
    /// Memory for coins of blocks that were taken off, in bytes. When it is full, no more are taken off.
    pub memory: usize,
}

/// The coins before the blocks that were taken off.
struct Past<'a> {
    base: &'a CoinsCache,
    changes: HashMap<OutPoint, Option<Coin>>,
}

impl CoinView for Past<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        self.changes.get(outpoint).map_or_else(|| self.base.coin(outpoint), |changed| Ok(changed.clone()))
    }
}

impl Past<'_> {
    /// Takes a block off; `false` if the coins are not those that it left.
    fn take_off(&mut self, block: &Block, height: Height, undo: &BlockUndo) -> Result<bool, ViewError> {
        let transactions = block.transactions();
        if undo.spent.len() + 1 != transactions.len() {
            return Ok(false);
        }
        for (i, tx) in transactions.iter().enumerate().rev() {
            for (vout, TxOut { value, script_pubkey }) in (0u32..).zip(tx.outputs()) {
                if template::is_unspendable(script_pubkey) {
                    continue;
                }
                let outpoint = OutPoint { txid: tx.txid(), vout };
                let same = self.coin(&outpoint)?.is_some_and(|coin| {
                    (coin.output.value, &coin.output.script_pubkey) == (*value, script_pubkey)
                        && (coin.height, coin.is_coinbase) == (height, tx.is_coinbase())
                });
                if !same {
                    return Ok(false);
                }
                self.changes.insert(outpoint, None);
            }
            let Some(spent) = i.checked_sub(1).map(|i| &undo.spent[i]) else { continue };
            if spent.len() != tx.inputs().len() {
                return Ok(false);
            }
            for (input, coin) in tx.inputs().iter().zip(spent) {
                if self.coin(&input.prevout)?.is_some() {
                    return Ok(false);
                }
                self.changes.insert(input.prevout, Some(coin.clone()));
            }
        }
        Ok(true)
    }
}

impl Reader {
    /// Checks the last blocks.
    pub fn verify_chain(&self, request: VerifyRequest) -> Result<Verification, EngineError> {
        // Held all the time: index and state change together.
        let index = self.index();
        let (coins, inside) = (self.0.coins.read(), self.0.inside.read());
        let Some(tip) = index.tip().map(|tip| index.entry(tip).height) else {
            return Ok(Verification::Sound { blocks: 0 });
        };
        let depth = if request.blocks == 0 { tip } else { request.blocks.min(tip) };
        tracing::info!("Verifying last {depth} blocks at level {}", request.level.min(4));
        let mut past = Past { base: &coins, changes: HashMap::new() };
        let mut past_inside = Overlay::new(&*inside);
        let mut taken_off = Vec::new();
        let broken = |error: ViewError| EngineError::Inconsistent(error.to_string());
        for height in (tip - depth + 1..=tip).rev() {
            let entry = active(&index, height)?;
            let bad = |what: String| Ok(Verification::Damaged(format!("{what} at {height}, hash={}", entry.hash)));
            let Some(block) = self.0.read_block(entry)? else { return bad("the block is missing".into()) };
            if let (1.., Err(reject)) = (request.level, block::check_block(&block)) {
                return bad(format!("found bad block ({reject})"));
            }
            if request.level < 2 {
                continue;
            }
            let Some(undo) = entry.undo else { return bad("the undo data is missing".into()) };
            let undo = match undo_codec::decode(self.0.store.read_undo(undo, &entry.header.prev)?) {
                Ok(undo) => undo,
                Err(error) => return bad(format!("found bad undo data ({error})")),
            };
            // A block above that stayed on cannot be lifted out from between.
            let in_a_row = taken_off.len() == usize::try_from(tip - height).unwrap_or(usize::MAX);
            if request.level < 3 || !in_a_row || past.changes.len() * COIN_BYTES > request.memory {
                continue;
            }
            if !past.take_off(&block, height, &undo).map_err(broken)? {
                return bad("the coins are not those of the block".into());
            }
            match mweb::disconnect_block(&block, &undo, &past_inside) {
                Ok(delta) => past_inside.apply(delta),
                Err(error) => return bad(error.to_string()),
            }
            taken_off.push(height);
        }
        if request.level < 4 {
            return Ok(Verification::Sound { blocks: depth });
        }
        for height in taken_off.into_iter().rev() {
            let entry = active(&index, height)?;
            let (parent, block) = (entry.parent, self.0.read_block(entry)?);
            let (Some(parent), Some(block)) = (parent, block) else { continue };
            let chain = ChainAt::new(&index, parent);
            let state = State { coins: &past, mweb: &past_inside, prev_mweb: index.entry(parent).prev_mweb() };
            match connect_block(&block, &self.0.context(&chain), &state, &mut InOrder(None)) {
                Ok(connected) => {
                    past.changes.extend(connected.delta.changes);
                    past_inside.apply(connected.mweb);
                }
                Err(error) => {
                    let what = format!("found unconnectable block at {height}, hash={} ({error})", entry.hash);
                    return Ok(Verification::Damaged(what));
                }
            }
        }
        Ok(Verification::Sound { blocks: depth })
    }
}

fn active(index: &BlockIndex, height: Height) -> Result<&Entry, EngineError> {
    let id = index.active(height);
    let missing = || EngineError::Inconsistent(format!("There is no block at height {height}"));
    Ok(index.entry(id.ok_or_else(missing)?))
}
