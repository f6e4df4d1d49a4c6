//! Replacement by fee (BIP125 rules 2 to 5; v0.21.5.5 src/validation.cpp, PreChecks). Rule 1, that what is replaced
//! signals, is asked before. Off by default on Litecoin.

use std::collections::BTreeSet;

use litecast_primitives::{Amount, Txid};

use crate::{
    entry::{Entry, OutputIndex},
    policy::FeeRate,
    pool::Mempool,
    reject::{Rule, TxReject},
};

/// Most transactions that one may replace, descendants included.
const MAX_DESCENDANTS_TO_VISIT: u64 = 100;

/// Everything that goes if the entry comes: the conflicts and their descendants. `fee` is the entry's modified one.
pub(super) fn check_replacement(
    pool: &Mempool,
    entry: &Entry,
    fee: i64,
    conflicts: &BTreeSet<Txid>,
) -> Result<BTreeSet<Txid>, TxReject> {
    let mut replaced = BTreeSet::new();
    if conflicts.is_empty() {
        return Ok(replaced);
    }
    let txid = entry.txid();
    let insufficient =
        |detail: String| TxReject::new(Rule::InsufficientFee, format!("rejecting replacement {txid}{detail}"));
    let rate = FeeRate::of(fee, entry.size(), entry.mweb_weight());
    let mut parents = BTreeSet::new();
    let mut count = 0;
    for conflict in conflicts.iter().filter_map(|txid| pool.get(txid)) {
        let old = FeeRate::of(conflict.modified_fee(), conflict.size(), conflict.mweb_weight());
        if rate <= old {
            return Err(insufficient(format!("; new feerate {rate} <= old feerate {old}")));
        }
        parents.extend(conflict.spent.iter().filter_map(|output| match output {
            OutputIndex::Out(outpoint) => Some(outpoint.txid),
            OutputIndex::Mweb(_) => pool.parent_of(output),
        }));
        count += conflict.with_descendants().count;
    }
    if count > MAX_DESCENDANTS_TO_VISIT {
        let limit = MAX_DESCENDANTS_TO_VISIT;
        let detail = format!("rejecting replacement {txid}; too many potential replacements ({count} > {limit})\n");
        return Err(TxReject::new(Rule::TooManyReplacements, detail));
    }
    for conflict in conflicts {
        pool.add_descendants(conflict, &mut replaced);
    }
    for (n, input) in entry.tx().inputs().iter().enumerate() {
        let parent = &input.prevout.txid;
        if !parents.contains(parent) && pool.contains(parent) {
            let detail = format!("replacement {txid} adds unconfirmed input, idx {n}");
            return Err(TxReject::new(Rule::ReplacementAddsUnconfirmed, detail));
        }
    }
    let old_fees = replaced.iter().filter_map(|txid| pool.get(txid)).map(Entry::modified_fee);
    let old_fees = old_fees.fold(0, i64::saturating_add);
    if fee < old_fees {
        let (fee, old_fees) = (Amount(fee).format_money(), Amount(old_fees).format_money());
        return Err(insufficient(format!(", less fees than conflicting txs; {fee} < {old_fees}")));
    }
    let added = fee.saturating_sub(old_fees);
    let needed = pool.policy().incremental_relay_fee.total_fee(entry.size(), entry.mweb_weight());
    if added < needed {
        let (added, needed) = (Amount(added).format_money(), Amount(needed).format_money());
        return Err(insufficient(format!(", not enough additional fees to relay; {added} < {needed}")));
    }
    Ok(replaced)
}
