//! Rules for single transactions (v0.21.5.5 src/consensus/tx_check.cpp, tx_verify.cpp).

use std::collections::HashSet;

use litecast_primitives::{Amount, Coin, Height, Transaction, TxIn, view::HeaderView};
use litecast_script::{Flags, sigops};

use crate::{
    COINBASE_MATURITY, MAX_BLOCK_WEIGHT, PEGOUT_MATURITY, WITNESS_SCALE_FACTOR,
    reject::{Reject, Rule},
};

/// Lock times below this are heights, from here on they are Unix seconds (v0.21.5.5 src/script/script.h).
const LOCKTIME_THRESHOLD: u32 = 500_000_000;

/// What can be said of a transaction without knowing anything else.
pub fn check_transaction(tx: &Transaction) -> Result<(), Rule> {
    if !tx.is_mweb_only() {
        if tx.inputs().is_empty() {
            return Err(Rule::InputsEmpty);
        }
        if tx.outputs().is_empty() {
            return Err(Rule::OutputsEmpty);
        }
    }
    if tx.base_size() * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT {
        return Err(Rule::TxOversize);
    }
    let mut total = Amount::ZERO;
    for output in tx.outputs() {
        if output.value.0 < 0 {
            return Err(Rule::OutputNegative);
        }
        if output.value > Amount::MAX_MONEY {
            return Err(Rule::OutputTooLarge);
        }
        total = total.checked_add(output.value).filter(|t| t.is_money()).ok_or(Rule::OutputTotalTooLarge)?;
    }
    let mut seen = HashSet::with_capacity(tx.inputs().len());
    if !tx.inputs().iter().all(|input| seen.insert(input.prevout)) {
        return Err(Rule::InputsDuplicate);
    }
    if tx.is_coinbase() {
        if !(2..=100).contains(&tx.inputs()[0].script_sig.len()) {
            return Err(Rule::CoinbaseLength);
        }
    } else if tx.inputs().iter().any(|input| input.prevout.is_null()) {
        return Err(Rule::PrevoutNull);
    }
    Ok(())
}

/// Whether a transaction's lock time lets it into a block at `height`; `time` is the block's time or, since BIP113,
/// the median time of the block below.
pub fn is_final_tx(tx: &Transaction, height: Height, time: i64) -> bool {
    let kernels = tx.mweb().into_iter().flat_map(|m| &m.body.kernels);
    if kernels.filter_map(|k| k.lock_height).any(|lock| lock > height) {
        return false;
    }
    let lock = tx.lock_time();
    let reached = if lock < LOCKTIME_THRESHOLD { i64::from(lock) < i64::from(height) } else { i64::from(lock) < time };
    lock == 0 || reached || tx.inputs().iter().all(|input| input.sequence == TxIn::SEQUENCE_FINAL)
}

/// An input with this bit has no relative lock time.
pub const SEQUENCE_LOCKTIME_DISABLE: u32 = 1 << 31;
const SEQUENCE_LOCKTIME_IS_TIME: u32 = 1 << 22;
const SEQUENCE_LOCKTIME_MASK: u32 = 0xffff;
/// Relative times count in steps of 512 seconds.
const SEQUENCE_LOCKTIME_GRANULARITY: u32 = 9;

/// A transaction's relative lock times (BIP68): the last height and median time at which it is still locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceLocks {
    /// The block with the transaction must be above the block after this height; -1 without a lock.
    pub height: i64,
    /// The median time below the block must be later; -1 without a lock.
    pub time: i64,
}

impl SequenceLocks {
    /// Nothing to wait for.
    pub const NONE: Self = Self { height: -1, time: -1 };

    /// `coin_heights` are the heights of the coins that the transaction spends, in order, all on `chain` or in the block
    /// on top of it.
    pub fn new(tx: &Transaction, coin_heights: &[Height], chain: &dyn HeaderView) -> Self {
        let mut locks = Self::NONE;
        if !has_sequence_locks(tx) {
            return locks;
        }
        for (input, &coin_height) in tx.inputs().iter().zip(coin_heights) {
            if input.sequence & SEQUENCE_LOCKTIME_DISABLE != 0 {
                continue;
            }
            let lock = i64::from(input.sequence & SEQUENCE_LOCKTIME_MASK);
            if input.sequence & SEQUENCE_LOCKTIME_IS_TIME != 0 {
                let coin_time = chain.median_time_past(coin_height.saturating_sub(1));
                locks.time = locks.time.max(coin_time + (lock << SEQUENCE_LOCKTIME_GRANULARITY) - 1);
            } else {
                locks.height = locks.height.max(i64::from(coin_height) + lock - 1);
            }
        }
        locks
    }

    /// Whether the block on top of `chain` may contain the transaction.
    pub fn are_met(&self, chain: &dyn HeaderView) -> bool {
        let tip = chain.tip_height();
        self.height <= i64::from(tip) && (self.time < 0 || self.time < chain.median_time_past(tip))
    }
}

/// Whether relative lock times count. Versions compare as unsigned: negative ones are high.
pub fn has_sequence_locks(tx: &Transaction) -> bool {
    tx.version().cast_unsigned() >= 2
}

/// Cost of a transaction's signature operations (GetTransactionSigOpCost). `spent` are the coins of its inputs, in order,
/// none for a coinbase; `flags` decide what counts.
pub fn sigop_cost(tx: &Transaction, spent: &[Coin], flags: Flags) -> u64 {
    let (p2sh, witness) = (flags.contains(Flags::P2SH), flags.contains(Flags::WITNESS));
    let inputs = tx.inputs().iter().zip(spent).map(|(input, coin)| {
        sigops::input_cost(&input.script_sig, &coin.output.script_pubkey, &input.witness, p2sh, witness)
    });
    sigops::legacy(tx) * sigops::WITNESS_SCALE_FACTOR + inputs.sum::<u64>()
}

/// The coins that a transaction spends are mature and worth what it pays; answers with its fee. `coins` are those of
/// its inputs, in order.
pub fn check_tx_inputs(tx: &Transaction, coins: &[Coin], height: Height) -> Result<Amount, Reject> {
    let mut total_in = Amount::ZERO;
    for coin in coins {
        // Below zero for coins of the mempool, which have the highest height there is.
        let depth = i64::from(height) - i64::from(coin.height);
        if coin.is_coinbase && depth < i64::from(COINBASE_MATURITY) {
            return Err(Reject::new(Rule::PrematureCoinbaseSpend, format!("tried to spend coinbase at depth {depth}")));
        }
        if coin.is_peg_out && depth < i64::from(PEGOUT_MATURITY) {
            return Err(Reject::new(
                Rule::PrematurePegOutSpend,
                format!("tried to spend pegout output at depth {depth}"),
            ));
        }
        total_in = total_in
            .checked_add(coin.output.value)
            .filter(|total| coin.output.value.is_money() && total.is_money())
            .ok_or(Rule::InputValuesOutOfRange)?;
    }
    // check_transaction has bounded the sum.
    let total_out = Amount(tx.outputs().iter().map(|o| o.value.0).sum());
    let fee = Amount(total_in.0 - total_out.0);
    if fee.0 < 0 {
        let detail = format!("value in ({}) < value out ({})", total_in.format_money(), total_out.format_money());
        return Err(Reject::new(Rule::InputsBelowOutputs, detail));
    }
    if fee.is_money() { Ok(fee) } else { Err(Rule::FeeOutOfRange.into()) }
}
