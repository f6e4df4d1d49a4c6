//! `sendrawtransaction`.

use std::sync::Arc;

use litecast_engine::{SubmitError, SubmitTx, TxSource};
use litecast_mempool::{
    FeeRate, TxCategory,
    policy::{size::mweb_weight, virtual_size},
};
use litecast_primitives::{Amount, Transaction};
use serde_json::Value;

use super::decoderawtransaction;
use crate::amount::amount_from_json;
use crate::code::{self, RpcError};
use crate::convert::JsonType;
use crate::method::{Arg, ArgKind, Call, Method};

/// Unless told otherwise, nothing is sent that pays more, in litoshis per 1000 virtual bytes
/// (v0.21.5.5 src/node/transaction.h, DEFAULT_MAX_RAW_TX_FEE_RATE).
const DEFAULT_MAX_FEE_RATE: FeeRate = FeeRate(10_000_000);

pub(super) const METHOD: Method = Method {
    name: "sendrawtransaction",
    category: "rawtransactions",
    args: &[
        Arg::required("hexstring", ArgKind::Hex, "The transaction in hex."),
        Arg::default(
            "maxfeerate",
            ArgKind::Amount,
            "0.10",
            "Refuse it if it pays more, in LTC per 1000 virtual bytes; 0 for no limit.",
        ),
    ],
    description: "Gives a transaction to the mempool, and so to the network. It is announced again until a peer asks for it.",
    result: "\"hex\"    (string) The id of the transaction.",
    examples: &["\"signedhex\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::String], false)?;
    let tx = Arc::new(transaction(call.str(0)?)?);
    let max_fee = max_fee(call, 1, &tx)?;
    let request = SubmitTx { tx: Arc::clone(&tx), from: TxSource::User { max_fee } };
    match call.node.require_chain()?.submit_tx(request)? {
        Ok(_) => {
            let txid = tx.txid().to_string();
            if let Some(network) = call.node.network() {
                network.announce(tx);
            }
            Ok(txid.into())
        }
        Err(error) => {
            let code = match &error {
                SubmitError::Reject(reject) if reject.category() == TxCategory::MissingInputs => code::VERIFY_ERROR,
                SubmitError::Reject(_) => code::VERIFY_REJECTED,
                SubmitError::MaxFeeExceeded => code::VERIFY_ERROR,
                SubmitError::AlreadyInChain => code::VERIFY_ALREADY_IN_CHAIN,
            };
            Err(RpcError::new(code, error.to_string()))
        }
    }
}

/// A transaction in hex that is to be sent: in the extended form, so that what lacks inputs cannot be meant.
pub(super) fn transaction(hex: &str) -> Result<Transaction, RpcError> {
    let failed = "TX decode failed. Make sure the tx has at least one input.";
    decoderawtransaction::decode(hex, false, true).ok_or_else(|| RpcError::new(code::DESERIALIZATION_ERROR, failed))
}

/// The most that a transaction may pay, from a parameter with a fee rate.
pub(super) fn max_fee(call: &Call<'_>, index: usize, tx: &Transaction) -> Result<Option<Amount>, RpcError> {
    let rate = call.given(index).map_or(Ok(DEFAULT_MAX_FEE_RATE), |value| amount_from_json(value).map(FeeRate))?;
    let fee = || Amount(rate.total_fee(virtual_size(tx.weight() as u64, 0, 0), mweb_weight(tx)));
    Ok((rate.per_k() != 0).then(fee))
}
