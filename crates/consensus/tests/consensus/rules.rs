//! One good block, and for every rule a way to break exactly that rule. Names of cases that are rejected are the reject
//! strings of v0.21.5.5, typed in from its source; cases that are accepted stand at the last value that a rule allows.

mod connecting;
mod content;
mod context;
mod extension;
mod headers;
mod scripts;

use litecast_consensus::reject::{Category, Rule};

use crate::builder::{Draft, World};

type Change = fn(&mut World, &mut Draft);

struct Case {
    /// The reject string, or what is accepted.
    name: &'static str,
    expected: Option<(Rule, Category)>,
    change: Change,
}

const fn rejects(name: &'static str, rule: Rule, category: Category, change: Change) -> Case {
    Case { name, expected: Some((rule, category)), change }
}

const fn accepts(name: &'static str, change: Change) -> Case {
    Case { name, expected: None, change }
}

fn check(cases: &[Case], with_extension: bool) {
    for (number, case) in cases.iter().enumerate() {
        let mut world = World::new(with_extension);
        let mut draft = Draft::good(&mut world);
        (case.change)(&mut world, &mut draft);
        let found = world.reject(&draft.build());
        let label = format!("case {number}, {}", case.name);
        match (case.expected, found) {
            (None, found) => assert_eq!(found, None, "{label}"),
            (Some(_), None) => panic!("{label}: the block was accepted"),
            (Some((rule, category)), Some(found)) => {
                let expected = (rule, category, case.name);
                assert_eq!((found.rule, found.category(), &*found.reason()), expected, "{label}");
            }
        }
    }
}

/// Rules that a whole block cannot reach, with the test that breaks them all the same.
const ELSEWHERE: &[(Rule, &str)] = &[
    // These ask what the block tree knows: the tests of crates/engine and the verdicts recorded from the reference.
    (Rule::DuplicateInvalid, "duplicate"),
    (Rule::PrevNotFound, "prev-blk-not-found"),
    (Rule::BadPrevBlock, "bad-prevblk"),
    // Only jobs on other threads answer so: engine/tests/chain/scripts.rs and the verdicts recorded from the reference.
    (Rule::ScriptsFailed, "block-validation-failed"),
    // A block with such a transaction is too long itself: content::a_transaction_too_long_for_a_block.
    (Rule::TxOversize, "bad-txns-oversize"),
    // Sums of money minus money: connecting::a_fee_out_of_range.
    (Rule::FeeOutOfRange, "bad-txns-fee-outofrange"),
];

#[test]
fn every_rule_has_a_case() {
    let tables = [
        headers::CASES,
        content::CASES,
        context::CASES,
        connecting::CASES,
        scripts::CASES,
        extension::CASES,
        extension::CONNECTING,
    ];
    let cases = tables.into_iter().flatten().filter_map(|case| case.expected.map(|(rule, _)| (rule, case.name)));
    let covered: Vec<_> = cases.chain(ELSEWHERE.iter().copied()).collect();
    for rule in Rule::ALL {
        assert!(covered.iter().any(|(known, _)| known == rule), "{rule:?} has no case");
    }
    for (rule, reason) in ELSEWHERE {
        assert_eq!(rule.reason(), *reason);
    }
}
