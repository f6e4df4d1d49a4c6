//! Why a transaction is not let in: the rules of the pool by name, with the reference's reject strings and categories.
//!
//! Rules of consensus and of the extension block keep their own types and pass through. A failing view is no rejection.

use std::borrow::Cow;

use litecast_consensus as consensus;

/// What a rejection says about the sender (v0.21.5.5 src/consensus/validation.h, TxValidationResult).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TxCategory {
    /// Invalid on every chain.
    Consensus,
    /// Invalid by a rule that older nodes do not know.
    RecentConsensusChange,
    /// What the inputs spend is not standard.
    InputsNotStandard,
    /// Against local policy.
    NotStandard,
    /// Spends what is not known: perhaps an orphan.
    MissingInputs,
    /// Too early: maturity or lock times.
    PrematureSpend,
    /// The witness or the MWEB part may have been changed by others.
    WitnessMutated,
    /// The witness is missing.
    WitnessStripped,
    /// Already here, or already mined.
    Conflict,
    /// Fees, sizes, packages, replacement.
    MempoolPolicy,
}

macro_rules! rules {
    ($($name:ident $category:ident $reason:literal;)*) => {
        /// A rule of the pool.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the reject string beside each name is its meaning")]
        pub enum Rule { $($name,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reference's reject string.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// What breaking it says about the sender.
            pub const fn category(self) -> TxCategory {
                match self { $(Self::$name => TxCategory::$category,)* }
            }
        }
    };
}

rules! {
    // v0.21.5.5 src/validation.cpp, PreChecks, in its order
    MwebBeforeActivation NotStandard "mweb-before-activation";
    Coinbase Consensus "coinbase";
    HogEx Consensus "hogex";
    // src/policy/policy.cpp, IsStandardTx
    Version NotStandard "version";
    TxSize NotStandard "tx-size";
    ScriptSigSize NotStandard "scriptsig-size";
    ScriptSigNotPushOnly NotStandard "scriptsig-not-pushonly";
    ScriptPubkey NotStandard "scriptpubkey";
    BareMultisig NotStandard "bare-multisig";
    Dust NotStandard "dust";
    MultiOpReturn NotStandard "multi-op-return";
    // src/mweb/mweb_policy.cpp
    KernelMismatch NotStandard "kernel-mismatch";
    NonStandardMwebTx NotStandard "non-standard-mweb-tx";
    // PreChecks again
    TxSizeSmall NotStandard "tx-size-small";
    NonFinal PrematureSpend "non-final";
    AlreadyInMempool Conflict "txn-already-in-mempool";
    MempoolConflict MempoolPolicy "txn-mempool-conflict";
    AlreadyKnown Conflict "txn-already-known";
    InputsMissingOrSpent MissingInputs "bad-txns-inputs-missingorspent";
    NonBip68Final PrematureSpend "non-BIP68-final";
    // src/consensus/tx_verify.cpp, CheckTxInputs, the MWEB part
    MwebInputsMissing Consensus "bad-txns-inputs-missing";
    FrozenMwebOutput Consensus "bad-txns-frozen-mweb-output";
    MwebInputMismatch Consensus "bad-txns-input-mismatch";
    MwebFeeOutOfRange Consensus "bad-txns-mwebfee-outofrange";
    // PreChecks again
    NonStandardInputs InputsNotStandard "bad-txns-nonstandard-inputs";
    NonStandardWitness WitnessMutated "bad-witness-nonstandard";
    TooManySigops NotStandard "bad-txns-too-many-sigops";
    MempoolMinFee MempoolPolicy "mempool min fee not met";
    MinRelayFee MempoolPolicy "min relay fee not met";
    TooLongChain MempoolPolicy "too-long-mempool-chain";
    SpendsConflicting Consensus "bad-txns-spends-conflicting-tx";
    InsufficientFee MempoolPolicy "insufficient fee";
    TooManyReplacements MempoolPolicy "too many potential replacements";
    ReplacementAddsUnconfirmed MempoolPolicy "replacement-adds-unconfirmed";
    // Finalize
    MempoolFull MempoolPolicy "mempool full";
}

/// Why a transaction was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}", self.reason(), if self.detail().is_empty() { "" } else { ", " }, self.detail())]
pub enum TxReject {
    /// A rule of the pool.
    Pool {
        /// Which.
        rule: Rule,
        /// The reference's debug message, or empty.
        detail: Cow<'static, str>,
    },
    /// A rule for every transaction, scripts included.
    Consensus(consensus::Reject),
    /// The scripts failed, and would not without a look at the witness that is missing.
    WitnessStripped(consensus::Reject),
    /// The MWEB part is not valid.
    Mweb(litecast_mweb::Reject),
}

impl TxReject {
    /// A rule of the pool, with a debug message.
    pub fn new(rule: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Pool { rule, detail: detail.into() }
    }

    /// The reference's reject string.
    pub fn reason(&self) -> Cow<'static, str> {
        match self {
            Self::Pool { rule, .. } => rule.reason().into(),
            Self::Consensus(reject) | Self::WitnessStripped(reject) => reject.reason(),
            Self::Mweb(reject) => reject.reason().into(),
        }
    }

    /// The reference's debug message, or empty.
    pub fn detail(&self) -> Cow<'_, str> {
        match self {
            Self::Pool { detail, .. } => Cow::Borrowed(detail.as_ref()),
            Self::Consensus(reject) | Self::WitnessStripped(reject) => Cow::Borrowed(reject.detail.as_ref()),
            Self::Mweb(reject) => Cow::Owned(reject.detail()),
        }
    }

    /// What it says about the sender.
    pub fn category(&self) -> TxCategory {
        match self {
            Self::Pool { rule, .. } => rule.category(),
            Self::Consensus(reject) => consensus_category(reject.rule),
            Self::WitnessStripped(_) => TxCategory::WitnessStripped,
            Self::Mweb(reject) => match reject.category() {
                litecast_mweb::Category::TxRecentConsensusChange => TxCategory::RecentConsensusChange,
                litecast_mweb::Category::Consensus => TxCategory::Consensus,
                litecast_mweb::Category::TxWitnessMutated | litecast_mweb::Category::Mutated => {
                    TxCategory::WitnessMutated
                }
            },
        }
    }
}

/// The same rule has another category in a block.
fn consensus_category(rule: consensus::Rule) -> TxCategory {
    match rule {
        consensus::Rule::InputsMissingOrSpent => TxCategory::MissingInputs,
        consensus::Rule::PrematureCoinbaseSpend | consensus::Rule::PrematurePegOutSpend => TxCategory::PrematureSpend,
        consensus::Rule::NonMandatoryScriptVerify => TxCategory::NotStandard,
        _ => TxCategory::Consensus,
    }
}

impl From<Rule> for TxReject {
    fn from(rule: Rule) -> Self {
        Self::new(rule, "")
    }
}

impl From<consensus::Rule> for TxReject {
    fn from(rule: consensus::Rule) -> Self {
        Self::Consensus(rule.into())
    }
}
