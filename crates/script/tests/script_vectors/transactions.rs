//! tx_valid.json and tx_invalid.json: whole transactions. In those of v0.21.5.5 the flags named are in force. In the
//! newer ones all flags but those named are in force for valid transactions, no flag may be missing or too many, and
//! `BADTX` marks what is invalid before any script runs.

use std::collections::HashSet;

use litecast_primitives::{
    amount::Amount,
    transaction::{Encoding, Transaction, TxOut},
};
use litecast_script::Flags;
use serde_json::Value;

use crate::{
    cases,
    flags::{self, complement, excluding_one, fill, trim},
    language::Language,
    spend::{Spend, bytes, prevout, text},
};

const COIN: i64 = 100_000_000;
/// The newer vectors kept Bitcoin's limit.
const LITECOIN_MAX_MONEY: i64 = 84_000_000 * COIN;
const BITCOIN_MAX_MONEY: i64 = 21_000_000 * COIN;
const MAX_BLOCK_WEIGHT: usize = 4_000_000;

struct TxCase {
    inputs: Vec<Spend>,
    tx: Transaction,
    flags: String,
    source: String,
}

impl TxCase {
    fn verify(&self, flags: Flags) -> bool {
        self.inputs.iter().all(|spend| spend.verify(flags).is_ok())
    }

    /// The rules of v0.21.5.5 src/consensus/tx_check.cpp, to tell apart what scripts decide.
    fn is_well_formed(&self, max_money: i64) -> bool {
        let (inputs, outputs) = (self.tx.inputs(), self.tx.outputs());
        let in_range = |sum: Option<i64>, output: &TxOut| {
            let value = Some(output.value.0).filter(|value| (0..=max_money).contains(value))?;
            sum.map(|sum| sum + value).filter(|sum| *sum <= max_money)
        };
        let distinct: HashSet<_> = inputs.iter().map(|input| input.prevout).collect();
        !inputs.is_empty()
            && !outputs.is_empty()
            && self.tx.encode(Encoding::Base).len() * 4 <= MAX_BLOCK_WEIGHT
            && outputs.iter().fold(Some(0), in_range).is_some()
            && distinct.len() == inputs.len()
            && if self.tx.is_coinbase() {
                (2..=100).contains(&inputs[0].script_sig.len())
            } else {
                !inputs.iter().any(|input| input.prevout.is_null())
            }
    }
}

fn read(file: &str) -> Option<Vec<TxCase>> {
    let language = Language::new();
    let read = |case: &Value| {
        let [Value::Array(coins), tx, names] = case.as_array().unwrap().as_slice() else { return None };
        let tx = Transaction::from_bytes(bytes(tx)).unwrap_or_else(|error| panic!("{error}: {case}"));
        let coins: Vec<_> = coins
            .iter()
            .map(|coin| {
                let value = Amount(coin.get(3).map_or(0, |value| value.as_i64().unwrap()));
                let script_pubkey = language.parse(text(&coin[2])).into();
                (prevout(&coin[0], &coin[1]), TxOut { value, script_pubkey })
            })
            .collect();
        // The last one named counts.
        let of = |outpoint| coins.iter().rev().find(|(known, _)| *known == outpoint).map(|(_, output)| output.clone());
        let spent: Vec<_> = tx.inputs().iter().map(|input| of(input.prevout).expect("a coin for each input")).collect();
        let inputs = (0..spent.len()).map(|input| Spend::new(tx.clone(), input, spent.clone())).collect();
        Some(TxCase { inputs, tx, flags: text(names).to_owned(), source: case.to_string() })
    };
    Some(cases(file)?.iter().filter_map(read).collect())
}

fn finish(file: &str, cases: usize, malformed: usize, failures: &[String]) {
    println!("{file}: {cases} cases, {malformed} of them invalid whatever their scripts");
    assert!(cases > malformed);
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn litecoin_valid() {
    let file = "litecoin-core/tx_valid.json";
    let Some(cases) = read(file) else { return };
    let fails = |case: &&TxCase| !case.is_well_formed(LITECOIN_MAX_MONEY) || !case.verify(flags::parse(&case.flags));
    let failures: Vec<_> = cases.iter().filter(fails).map(|case| case.source.clone()).collect();
    finish(file, cases.len(), 0, &failures);
}

#[test]
fn litecoin_invalid() {
    let file = "litecoin-core/tx_invalid.json";
    let Some(cases) = read(file) else { return };
    let (well_formed, malformed): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| case.is_well_formed(LITECOIN_MAX_MONEY));
    let passes = |case: &&&TxCase| case.verify(flags::parse(&case.flags));
    let failures: Vec<_> = well_formed.iter().filter(passes).map(|case| case.source.clone()).collect();
    finish(file, cases.len(), malformed.len(), &failures);
}

/// Each flag alone, and half of all flags in several ways.
fn some_flags() -> impl Iterator<Item = Flags> {
    let single = Flags::ALL.iter().map(|(_, flag)| *flag);
    let patterns = [0x0a_aaaa, 0x15_5555, 0x0c_cccc, 0x13_3333, 0x0f_0f0f, 0x10_f0f0, 0x00_ff00, 0x1f_00ff];
    single.chain(patterns.into_iter().map(Flags::from_bits))
}

#[test]
fn bitcoin_24_valid() {
    let file = "bitcoin-core-24/tx_valid.json";
    let Some(cases) = read(file) else { return };
    let mut failures = Vec::new();
    for case in &cases {
        let excluded = flags::parse(&case.flags);
        let used = complement(excluded);
        assert_eq!(used, fill(used), "{}", case.source);
        if !case.is_well_formed(BITCOIN_MAX_MONEY) || !case.verify(used) {
            failures.push(case.source.clone());
        }
        for fewer in some_flags().map(|other| trim(used.without(other))) {
            if !case.verify(fewer) {
                failures.push(format!("with only {fewer:?}: {}", case.source));
            }
        }
        for more in excluding_one(excluded).into_iter().map(complement) {
            if case.verify(more) {
                failures.push(format!("even with {more:?}: {}", case.source));
            }
        }
    }
    finish(file, cases.len(), 0, &failures);
}

#[test]
fn bitcoin_24_invalid() {
    let file = "bitcoin-core-24/tx_invalid.json";
    let Some(cases) = read(file) else { return };
    let (mut failures, mut malformed) = (Vec::new(), 0);
    for case in &cases {
        if case.flags == "BADTX" {
            malformed += 1;
            assert!(!case.is_well_formed(BITCOIN_MAX_MONEY), "{}", case.source);
            continue;
        }
        let used = flags::parse(&case.flags);
        assert_eq!(used, fill(used), "{}", case.source);
        if !case.is_well_formed(BITCOIN_MAX_MONEY) || case.verify(used) {
            failures.push(case.source.clone());
        }
        for more in some_flags().map(|other| fill(used | other)) {
            if case.verify(more) {
                failures.push(format!("with {more:?}: {}", case.source));
            }
        }
        for fewer in excluding_one(used) {
            if !case.verify(fewer) {
                failures.push(format!("even with only {fewer:?}: {}", case.source));
            }
        }
    }
    finish(file, cases.len(), malformed, &failures);
}
