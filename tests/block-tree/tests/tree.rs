//! The tree itself: the same bytes in every run, names that are unique, verdicts of every kind.

use std::collections::HashSet;

use litecast_block_tree::{Case, Delivery, Expect, GROUND, cases, census};
use litecast_primitives::hash::sha256;

/// One hash over everything that is delivered, and where it leads.
fn digest(cases: &[Case]) -> [u8; 32] {
    let mut running = [0; 32];
    for step in cases.iter().flat_map(|case| &case.steps) {
        let mut delivered = step.tip.as_bytes().to_vec();
        match &step.delivery {
            Delivery::Blocks(blocks) | Delivery::Branch(blocks) | Delivery::BranchBackwards(blocks) => {
                for block in blocks {
                    delivered.extend_from_slice(block.bytes());
                }
            }
            Delivery::Garbage(bytes) => delivered.extend_from_slice(bytes),
        }
        running = sha256(&[&running[..], &sha256(&delivered)].concat());
    }
    running
}

#[test]
fn the_tree_is_the_same_in_every_run() {
    let (first, second) = (cases(), cases());
    assert_eq!(digest(&first), digest(&second));
}

#[test]
fn cases_have_names_of_their_own_and_verdicts_of_every_kind() {
    let cases = cases();
    let named: Vec<&Case> = cases.iter().filter(|case| case.group != GROUND).collect();
    let names: HashSet<&str> = named.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), named.len());
    assert_eq!(census(&cases).iter().map(|(_, count)| count).sum::<usize>(), named.len());
    let expected =
        |kind: fn(&Expect) -> bool| named.iter().flat_map(|case| &case.steps).filter(|step| kind(&step.expect)).count();
    assert!(expected(|expect| *expect == Expect::Accepted) >= 100);
    assert!(expected(|expect| expect.reason().is_some()) >= 200);
    assert!(expected(|expect| matches!(expect, Expect::Reorganised { .. })) >= 10);
    assert!(expected(|expect| *expect == Expect::SideBranch) >= 5);
    assert!(expected(|expect| *expect == Expect::Unreadable) >= 3);
    assert!(cases.windows(2).all(|pair| pair[0].clock <= pair[1].clock), "the clock goes back");
}
