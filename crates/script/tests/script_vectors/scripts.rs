//! script_tests.json: pairs of scripts with their exact error (v0.21.5.5 src/test/script_tests.cpp).

use bytes::Bytes;
use litecast_primitives::amount::Amount;
use litecast_script::{Flags, ScriptError};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use crate::{
    cases,
    flags::{self, fill, trim},
    language::Language,
    spend::{Spend, bytes, text},
};

/// Sets of flags around the one of a case that are tried, too.
const VARIATIONS: usize = 16;

pub(crate) struct ScriptCase {
    pub(crate) spend: Spend,
    pub(crate) flags: Flags,
    pub(crate) expected: String,
    pub(crate) source: String,
}

/// Coins as a decimal number.
fn amount(value: &Value) -> Amount {
    let number = value.to_string();
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    Amount(format!("{whole}{part:0<8}").parse().unwrap())
}

pub(crate) fn read(file: &str) -> Option<Vec<ScriptCase>> {
    let language = Language::new();
    let read = |case: &Value| {
        let mut fields = case.as_array().unwrap().as_slice();
        let (mut witness, mut value) = (Vec::<Bytes>::new(), Amount(0));
        if let [Value::Array(stack), rest @ ..] = fields {
            let (coins, stack) = stack.split_last().unwrap();
            (witness, value, fields) = (stack.iter().map(bytes).collect(), amount(coins), rest);
        }
        // Others are comments.
        let [script_sig, script_pubkey, names, expected, ..] = fields else { return None };
        let (script_sig, script_pubkey) = (language.parse(text(script_sig)), language.parse(text(script_pubkey)));
        Some(ScriptCase {
            spend: Spend::of_script(script_sig, script_pubkey, witness, value),
            flags: fill(flags::parse(text(names))),
            expected: text(expected).to_owned(),
            source: case.to_string(),
        })
    };
    Some(cases(file)?.iter().filter_map(read).collect())
}

fn run(file: &str) {
    let Some(cases) = read(file) else { return };
    let mut rng = StdRng::seed_from_u64(1);
    let mut failures = Vec::new();
    for case in &cases {
        let found = case.spend.verify(case.flags).map_or_else(ScriptError::name, |()| "OK");
        if found != case.expected {
            failures.push(format!("{found} where {} was expected: {}", case.expected, case.source));
        }
        let valid = case.expected == "OK";
        for _ in 0..VARIATIONS {
            let other = Flags::from_bits(rng.random_range(0..1 << 16));
            let varied = if valid { trim(case.flags.without(other)) } else { fill(case.flags | other) };
            if case.spend.verify(varied).is_ok() != valid {
                failures.push(format!("not {valid} with {varied:?}: {}", case.source));
            }
        }
    }
    println!("{file}: {} cases", cases.len());
    assert!(!cases.is_empty());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn litecoin() {
    run("litecoin-core/script_tests.json");
}

#[test]
fn bitcoin_24() {
    run("bitcoin-core-24/script_tests.json");
}
