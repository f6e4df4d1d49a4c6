//! A block's script checks as values: what to execute, apart from when and where
//! (v0.21.5.5 src/validation.cpp, GetBlockScriptFlags and CheckInputScripts).
//!
//! [`connect_block`](crate::connect_block) hands every transaction's scripts to a [`ScriptSink`]. A [`TxScripts`] owns
//! all that it needs, so a sink may execute it at once, on other threads, or after the block's coins are applied.

use std::sync::{Arc, OnceLock};

use litecast_primitives::{
    Coin, Transaction, TxOut,
    params::{DeploymentId, Params},
    view::HeaderView,
};
use litecast_script::{
    Flags, ScriptError,
    cache::{ScriptCache, SignatureCache},
    checker::Checker,
    interpreter::verify_script,
    sighash::SighashData,
};

use crate::{
    reject::{Reject, Rule},
    versionbits::{self, ThresholdState, VersionBitsCache},
};

/// The rules for scripts in the block on top of `chain`.
pub fn block_script_flags(chain: &dyn HeaderView, params: &Params, cache: &VersionBitsCache) -> Flags {
    let height = chain.tip_height() + 1;
    let mut flags = Flags::NONE;
    if height >= params.bip16_height {
        flags |= Flags::P2SH;
    }
    if height >= params.bip66_height {
        flags |= Flags::DERSIG;
    }
    if height >= params.bip65_height {
        flags |= Flags::CHECKLOCKTIMEVERIFY;
    }
    if height >= params.csv_height {
        flags |= Flags::CHECKSEQUENCEVERIFY;
    }
    if versionbits::state(Some(chain), DeploymentId::Taproot, params, cache) == ThresholdState::Active {
        flags |= Flags::TAPROOT;
    }
    if height >= params.segwit_height {
        flags |= Flags::WITNESS | Flags::NULLDUMMY;
    }
    flags
}

/// The scripts of one transaction that is not a coinbase.
#[derive(Debug)]
pub struct TxScripts {
    tx: Arc<Transaction>,
    spent: Vec<TxOut>,
    flags: Flags,
    /// Made by the first input that is checked: a remembered transaction needs none.
    data: OnceLock<SighashData>,
}

impl TxScripts {
    /// `spent` are the coins of the inputs, in order.
    pub fn new(tx: Arc<Transaction>, spent: &[Coin], flags: Flags) -> Self {
        debug_assert_eq!(tx.inputs().len(), spent.len());
        let spent = spent.iter().map(|coin| coin.output.clone()).collect();
        Self { tx, spent, flags, data: OnceLock::new() }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.spent.len()
    }

    /// Executes the scripts of one input.
    pub fn check_input(&self, n: usize, cache: Option<&SignatureCache>) -> Result<(), ScriptError> {
        self.check_input_with(n, self.flags, cache)
    }

    fn check_input_with(&self, n: usize, flags: Flags, cache: Option<&SignatureCache>) -> Result<(), ScriptError> {
        let data = self.data.get_or_init(|| SighashData::new(&self.tx, &self.spent));
        let (input, output) = (&self.tx.inputs()[n], &self.spent[n]);
        let checker = Checker::new(&self.tx, n, output.value, data, cache);
        verify_script(&input.script_sig, &output.script_pubkey, &input.witness, flags, &checker)
    }

    /// Whether the same scripts passed the same rules before.
    pub fn is_known(&self, cache: &ScriptCache) -> bool {
        cache.contains(&self.tx.wtxid(), self.flags)
    }

    /// Remembers that all scripts passed.
    pub fn remember(&self, cache: &ScriptCache) {
        cache.insert(&self.tx.wtxid(), self.flags);
    }

    /// Executes all scripts, in order, and says which kind of rule was broken: one that a transaction of any time must
    /// keep, or one that was added since.
    pub fn check(&self, cache: Option<&SignatureCache>) -> Result<(), Reject> {
        let not_mandatory = Flags::STANDARD.without(Flags::MANDATORY);
        for n in 0..self.inputs() {
            let Err(error) = self.check_input(n, cache) else { continue };
            let lenient = self.flags.without(not_mandatory);
            let rule = if lenient != self.flags && self.check_input_with(n, lenient, cache).is_ok() {
                Rule::NonMandatoryScriptVerify
            } else {
                Rule::MandatoryScriptVerify
            };
            return Err(Reject::script(rule, error));
        }
        Ok(())
    }
}

/// Takes the scripts of a block's transactions and answers for them.
pub trait ScriptSink {
    /// Takes one transaction's scripts; may answer at once.
    fn add(&mut self, scripts: TxScripts) -> Result<(), Reject>;

    /// Whether all that were added passed; called once, when the block has passed all but the last rules.
    fn finish(&mut self) -> Result<(), Reject>;
}

/// What was verified before, kept between blocks and shared by threads.
#[derive(Debug)]
pub struct ScriptCaches {
    /// Single signatures.
    pub signatures: SignatureCache,
    /// Whole transactions.
    pub scripts: ScriptCache,
}

impl ScriptCaches {
    /// Half of `max_bytes` for each.
    pub fn new(max_bytes: usize) -> Self {
        Self { signatures: SignatureCache::new(max_bytes / 2), scripts: ScriptCache::new(max_bytes / 2) }
    }

    /// Executes what is not known to have passed; remembers signatures, not the whole.
    pub fn check(&self, scripts: &TxScripts) -> Result<(), Reject> {
        if scripts.is_known(&self.scripts) { Ok(()) } else { scripts.check(Some(&self.signatures)) }
    }
}

/// Executes scripts as they come, on the caller's thread: the reject string names the script's error. What the caches
/// know is not executed again.
#[derive(Debug, Clone, Copy)]
pub struct InOrder<'a>(pub Option<&'a ScriptCaches>);

impl ScriptSink for InOrder<'_> {
    fn add(&mut self, scripts: TxScripts) -> Result<(), Reject> {
        self.0.map_or_else(|| scripts.check(None), |caches| caches.check(&scripts))
    }

    fn finish(&mut self) -> Result<(), Reject> {
        Ok(())
    }
}

/// Believes every script: for blocks below `-assumevalid`.
#[derive(Debug, Clone, Copy)]
pub struct Assumed;

impl ScriptSink for Assumed {
    fn add(&mut self, _: TxScripts) -> Result<(), Reject> {
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Reject> {
        Ok(())
    }
}
