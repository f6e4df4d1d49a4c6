//! Letting a transaction in: the checks of v0.21.5.5 src/validation.cpp, MemPoolAccept, in its order, so that of several
//! faults the same one is reported.
//!
//! The pool changes only when everything has passed. Cheap checks come first, but the proofs of an MWEB part are verified
//! before anything else that depends on the chain, as in the reference.

mod inputs;
mod replace;

use std::{collections::BTreeSet, sync::Arc};

use litecast_consensus::{
    scripts::{ScriptCaches, TxScripts, block_script_flags},
    tx::{check_transaction, is_final_tx, sigop_cost},
    versionbits::{self, ThresholdState, VersionBitsCache, is_mweb_active},
};
use litecast_mweb::{LeafStore, Verifier};
use litecast_primitives::{
    Amount, Coin, Height, Transaction, Txid,
    params::{DeploymentId, Params},
    view::{CoinView, HeaderView, ViewError},
};
use litecast_script::Flags;

use self::inputs::{MEMPOOL_HEIGHT, check_inputs, spent_coins};
use crate::{
    change::Removal,
    entry::{Entry, NewEntry, spent_outputs},
    lock_points::LockPoints,
    policy::{
        EXTRA_DESCENDANT_TX_SIZE_LIMIT, Limits, MAX_STANDARD_TX_SIGOPS_COST, MIN_STANDARD_TX_NONWITNESS_SIZE,
        are_inputs_standard, is_standard_tx, is_witness_standard, signals_opt_in_rbf, standard::peg_ins,
    },
    pool::Mempool,
    reject::{Rule, TxReject},
};

/// The chain that transactions are judged by: that of the tip.
#[derive(Clone, Copy)]
pub struct Chain<'a> {
    /// Headers up to the tip.
    pub headers: &'a dyn HeaderView,
    /// Unspent outputs.
    pub coins: &'a dyn CoinView,
    /// Unspent outputs inside of the extension block.
    pub inside: &'a dyn LeafStore,
    /// The network.
    pub params: &'a Params,
    /// States of deployments that are known already.
    pub versionbits: &'a VersionBitsCache,
    /// The cryptography of extension blocks.
    pub verifier: &'a Verifier,
    /// Scripts and signatures that were verified before.
    pub caches: &'a ScriptCaches,
}

/// When and how a transaction comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Now, Unix seconds.
    pub now: i64,
    /// When it came first: earlier than now if it was kept over a restart.
    pub time: i64,
    /// It was in a block before: no fee is too low, and the pool may become too large for a while.
    pub bypass_limits: bool,
    /// The node is up to date, so that estimates can learn from the fee ([`crate::fees::is_current`]).
    pub current: bool,
}

impl Arrival {
    /// From a peer or a user, while estimates learn nothing.
    pub fn at(now: i64) -> Self {
        Self { now, time: now, bypass_limits: false, current: false }
    }
}

/// Why a transaction did not get in.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The transaction breaks a rule.
    #[error(transparent)]
    Reject(#[from] TxReject),
    /// The machine failed; nothing is said about the transaction.
    #[error("reading the chain failed: {0}")]
    View(#[from] ViewError),
}

impl From<Rule> for AcceptError {
    fn from(rule: Rule) -> Self {
        Self::Reject(rule.into())
    }
}

/// What is known of a transaction that passed.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Its fee, without prioritisation.
    pub fee: Amount,
    /// Its virtual size.
    pub size: u64,
    /// What it replaced, or would replace.
    pub replaced: Vec<Arc<Transaction>>,
}

/// A transaction that passed all checks but is not in the pool yet. It may only enter the pool that it was checked for, as
/// that was then.
#[derive(Debug)]
pub struct Candidate {
    entry: Entry,
    coins: Vec<Coin>,
    ancestors: BTreeSet<Txid>,
    replaced: BTreeSet<Txid>,
}

impl Candidate {
    /// Its fee, without prioritisation.
    pub fn fee(&self) -> Amount {
        self.entry.fee()
    }

    /// What is known of it.
    pub fn accepted(&self, pool: &Mempool) -> Accepted {
        let replaced = self.replaced.iter().filter_map(|txid| pool.get(txid)).map(|entry| Arc::clone(entry.tx()));
        Accepted { fee: self.entry.fee(), size: self.entry.size(), replaced: replaced.collect() }
    }
}

/// Lets a transaction in, and limits the pool afterwards. The pool's changes tell what happened, also when the
/// transaction found no room.
pub fn accept(
    pool: &mut Mempool,
    tx: &Arc<Transaction>,
    chain: &Chain<'_>,
    arrival: Arrival,
) -> Result<Accepted, AcceptError> {
    let candidate = check(pool, tx, chain, arrival)?;
    Ok(admit(pool, candidate, arrival)?)
}

/// Whether a transaction would get in, apart from the room that it needs. Changes nothing, so that others may read the
/// pool meanwhile; [`admit`] does the rest.
pub fn check(
    pool: &Mempool,
    tx: &Arc<Transaction>,
    chain: &Chain<'_>,
    arrival: Arrival,
) -> Result<Candidate, AcceptError> {
    let candidate = pre_checks(pool, tx, chain, arrival)?;
    check_scripts(tx, &candidate.coins, chain)?;
    Ok(candidate)
}

/// The second half of [`accept`].
pub fn admit(pool: &mut Mempool, candidate: Candidate, arrival: Arrival) -> Result<Accepted, TxReject> {
    let accepted = candidate.accepted(pool);
    let tx = Arc::clone(candidate.entry.tx());
    pool.remove_staged(&candidate.replaced, false, Removal::Replaced);
    let teaches =
        arrival.current && !arrival.bypass_limits && candidate.replaced.is_empty() && pool.has_no_inputs_of(&tx);
    pool.add(candidate.entry, &candidate.ancestors, teaches);
    if !arrival.bypass_limits {
        pool.limit_size(arrival.now);
        if !pool.contains(&tx.txid()) {
            return Err(Rule::MempoolFull.into());
        }
    }
    pool.publish_added(tx);
    Ok(accepted)
}

/// Everything but the scripts (PreChecks).
fn pre_checks(
    pool: &Mempool,
    tx: &Arc<Transaction>,
    chain: &Chain<'_>,
    arrival: Arrival,
) -> Result<Candidate, AcceptError> {
    let Chain { headers, params, versionbits, .. } = *chain;
    let policy = pool.policy();
    check_alone(pool, tx, chain)?;
    let conflicts = conflicts(pool, tx)?;
    let next = headers.tip_height() + 1;
    let coins = spent_coins(pool, tx, chain)?;
    // For relative locks a coin of the pool is one of the next block.
    let height = |coin: &Coin| if coin.height == MEMPOOL_HEIGHT { next } else { coin.height };
    let heights: Vec<Height> = coins.iter().map(height).collect();
    let lock_points = LockPoints::new(tx, &heights, headers);
    if !lock_points.are_met(headers) {
        return Err(Rule::NonBip68Final.into());
    }
    let fee = check_inputs(pool, tx, &coins, chain, next)?;
    let taproot = versionbits::state(Some(headers), DeploymentId::Taproot, params, versionbits);
    if policy.require_standard {
        if !are_inputs_standard(tx, &coins, taproot == ThresholdState::Active) {
            return Err(Rule::NonStandardInputs.into());
        }
        if tx.has_witness() && !is_witness_standard(tx, &coins) {
            return Err(Rule::NonStandardWitness.into());
        }
    }
    let sigop_cost = sigop_cost(tx, &coins, Flags::STANDARD);
    let spends_coinbase = coins.iter().any(|coin| coin.is_coinbase || coin.is_peg_out);
    let (time, height) = (arrival.time, headers.tip_height());
    let new = NewEntry { tx: Arc::clone(tx), fee, time, height, spends_coinbase, sigop_cost, lock_points };
    let entry = Entry::new(new, policy.bytes_per_sigop);
    let modified_fee = fee.0.saturating_add(pool.fee_delta(&tx.txid()));
    if sigop_cost > MAX_STANDARD_TX_SIGOPS_COST {
        return Err(TxReject::new(Rule::TooManySigops, sigop_cost.to_string()).into());
    }
    if !arrival.bypass_limits {
        check_fee_rate(pool, &entry, modified_fee, arrival.now)?;
    }
    let ancestors = limited_ancestors(pool, &entry, &conflicts)?;
    if let Some(ancestor) = ancestors.iter().find(|ancestor| conflicts.contains(ancestor)) {
        let detail = format!("{} spends conflicting transaction {ancestor}", tx.txid());
        return Err(TxReject::new(Rule::SpendsConflicting, detail).into());
    }
    let replaced = replace::check_replacement(pool, &entry, modified_fee, &conflicts)?;
    Ok(Candidate { entry, coins, ancestors, replaced })
}

/// What the transaction says about itself, and whether it could stand in the next block.
fn check_alone(pool: &Mempool, tx: &Transaction, chain: &Chain<'_>) -> Result<(), TxReject> {
    let Chain { headers, params, versionbits, verifier, .. } = *chain;
    check_transaction(tx)?;
    if tx.mweb().is_some() && !is_mweb_active(Some(headers), params, versionbits) {
        return Err(Rule::MwebBeforeActivation.into());
    }
    litecast_mweb::check_transaction(tx.mweb(), &peg_ins(tx), verifier).map_err(TxReject::Mweb)?;
    if tx.is_coinbase() {
        return Err(Rule::Coinbase.into());
    }
    if tx.is_hogex() {
        return Err(Rule::HogEx.into());
    }
    if pool.policy().require_standard {
        is_standard_tx(tx, pool.policy())?;
    }
    if !tx.is_mweb_only() && tx.base_size() < MIN_STANDARD_TX_NONWITNESS_SIZE {
        return Err(Rule::TxSizeSmall.into());
    }
    let tip = headers.tip_height();
    if !is_final_tx(tx, tip + 1, headers.median_time_past(tip)) {
        return Err(Rule::NonFinal.into());
    }
    if pool.contains(&tx.txid()) {
        return Err(Rule::AlreadyInMempool.into());
    }
    Ok(())
}

/// The transactions here that spend the same, all of which may be replaced.
fn conflicts(pool: &Mempool, tx: &Transaction) -> Result<BTreeSet<Txid>, TxReject> {
    let mut found = BTreeSet::new();
    for spender in spent_outputs(tx).filter_map(|output| pool.spender(&output)) {
        let replaceable = pool.get(&spender).is_some_and(|entry| signals_opt_in_rbf(entry.tx()));
        if !pool.policy().replacement || !replaceable {
            return Err(Rule::MempoolConflict.into());
        }
        found.insert(spender);
    }
    Ok(found)
}

fn check_fee_rate(pool: &Mempool, entry: &Entry, fee: i64, now: i64) -> Result<(), TxReject> {
    let (size, weight) = (entry.size(), entry.mweb_weight());
    let needed = pool.min_fee(now).total_fee(size, weight);
    if needed > 0 && fee < needed {
        return Err(TxReject::new(Rule::MempoolMinFee, format!("{fee} < {needed}")));
    }
    let needed = pool.policy().min_relay_fee.total_fee(size, weight);
    if fee < needed {
        return Err(TxReject::new(Rule::MinRelayFee, format!("{fee} < {needed}")));
    }
    Ok(())
}

/// The ancestors in the pool, within the limits. A replacement of exactly one transaction may take its place; one small
/// transaction more may hang on a full parent (the carve-out for payment channels).
fn limited_ancestors(pool: &Mempool, entry: &Entry, conflicts: &BTreeSet<Txid>) -> Result<BTreeSet<Txid>, TxReject> {
    let mut limits = pool.policy().limits;
    if let (1, Some(conflict)) = (conflicts.len(), conflicts.first().and_then(|txid| pool.get(txid))) {
        limits.descendants = limits.descendants.saturating_add(1);
        limits.descendant_size = limits.descendant_size.saturating_add(conflict.with_descendants().size);
    }
    pool.ancestors_of(entry, &limits).or_else(|reason| {
        let carve_out = Limits {
            ancestors: 2,
            descendants: limits.descendants.saturating_add(1),
            descendant_size: limits.descendant_size.saturating_add(EXTRA_DESCENDANT_TX_SIZE_LIMIT),
            ..limits
        };
        let small = entry.size() <= EXTRA_DESCENDANT_TX_SIZE_LIMIT;
        let allowed = if small { pool.ancestors_of(entry, &carve_out).ok() } else { None };
        allowed.ok_or_else(|| TxReject::new(Rule::TooLongChain, reason))
    })
}

/// The scripts by the rules of policy, then by those of the next block, so that the block need not ask again.
fn check_scripts(tx: &Arc<Transaction>, coins: &[Coin], chain: &Chain<'_>) -> Result<(), TxReject> {
    if coins.is_empty() {
        return Ok(());
    }
    let with = |flags: Flags| TxScripts::new(Arc::clone(tx), coins, flags);
    let caches = chain.caches;
    if let Err(reject) = caches.check(&with(Flags::STANDARD)) {
        // Failing only with a look at witnesses, of which there are none, says nothing about the transaction by its id.
        let blind = Flags::STANDARD.without(Flags::WITNESS | Flags::CLEANSTACK);
        let stripped = !tx.has_witness()
            && caches.check(&with(blind)).is_ok()
            && caches.check(&with(Flags::STANDARD.without(Flags::CLEANSTACK))).is_err();
        return Err(if stripped { TxReject::WitnessStripped(reject) } else { TxReject::Consensus(reject) });
    }
    let next = with(block_script_flags(chain.headers, chain.params, chain.versionbits));
    caches.check(&next).map_err(TxReject::Consensus)?;
    next.remember(&caches.scripts);
    Ok(())
}
