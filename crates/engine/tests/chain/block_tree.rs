//! The tree of named blocks (`tests/block-tree`): after every step the tip and the reject string are those of the reference.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Instant,
};

use litecast_block_tree::{Case, Delivery, Expect, Step, cases, census, params};
use litecast_consensus::Rule;
use litecast_engine::BlockOutcome;
use litecast_primitives::{Block, BlockHash, event::Event};

use crate::harness::{Node, fold, options};

/// An engine without threads for scripts: it says what is wrong with a script.
fn start(dir: &std::path::Path) -> (Node, Arc<litecast_engine::Clock>) {
    let mut options = options(dir, true);
    options.params = Arc::new(params());
    options.script_threads = 0;
    let clock = Arc::clone(&options.clock);
    (Node::start(options), clock)
}

/// Reject strings of a delivery, in order.
fn rejects(outcomes: impl IntoIterator<Item = BlockOutcome>) -> Vec<String> {
    let of_one = |outcome: BlockOutcome| {
        let connecting = outcome.checked.into_iter().filter_map(|(_, reject)| reject);
        match outcome.accepted {
            Err(reject) => vec![reject],
            Ok(()) => connecting.collect(),
        }
    };
    outcomes.into_iter().flat_map(of_one).map(|reject| reject.reason().into_owned()).collect()
}

fn submit<'a>(node: &Node, blocks: impl IntoIterator<Item = &'a Arc<Block>>, force: bool) -> Vec<String> {
    let pending: Vec<_> =
        blocks.into_iter().map(|block| node.handle().begin_submit_block(Arc::clone(block), force).unwrap()).collect();
    rejects(pending.into_iter().map(|pending| pending.wait().unwrap()))
}

fn submit_headers(node: &Node, blocks: &[Arc<Block>]) {
    let headers: Vec<_> = blocks.iter().map(|block| *block.header()).collect();
    let outcome = node.handle().submit_headers(&headers).unwrap();
    assert!(outcome.reject.is_none(), "{:?}", outcome.reject);
}

/// Delivers a step; what is wrong with what came of it.
fn judge(node: &Node, step: &Step) -> Result<(), String> {
    let before = node.log.lock().unwrap().len();
    let said = match &step.delivery {
        Delivery::Blocks(blocks) => submit(node, blocks, false),
        Delivery::Branch(blocks) => {
            submit_headers(node, blocks);
            submit(node, blocks, true)
        }
        Delivery::BranchBackwards(blocks) => {
            submit_headers(node, blocks);
            submit(node, blocks.iter().rev(), true)
        }
        Delivery::Garbage(bytes) => {
            assert!(Block::from_bytes(bytes.clone()).is_err());
            Vec::new()
        }
    };
    let wanted: Vec<&str> = step.expect.reason().into_iter().collect();
    if node.tip() != step.tip {
        return Err(format!(
            "tip {} instead of {}; it said {said:?}, expected {:?}",
            node.tip(),
            step.tip,
            step.expect
        ));
    }
    if said != wanted {
        return Err(format!("{said:?} instead of {wanted:?}"));
    }
    node.handle().sync_with_feed().unwrap();
    let log = node.log.lock().unwrap();
    let (mut left, mut joined) = (0, 0);
    for event in &log[before..] {
        left += usize::from(matches!(event, Event::Disconnected(_)));
        joined += usize::from(matches!(event, Event::Connected(_)));
    }
    let moves = match &step.expect {
        Expect::Accepted => Some((0, delivered(step).len())),
        Expect::Reorganised { left, joined } => Some((*left, *joined)),
        Expect::SideBranch | Expect::Unreadable => Some((0, 0)),
        // A branch may have been tried.
        Expect::Rejected(_) => None,
    };
    match moves {
        Some(moves) if moves != (left, joined) => Err(format!("left {left} and joined {joined} instead of {moves:?}")),
        _ => Ok(()),
    }
}

fn delivered(step: &Step) -> &[Arc<Block>] {
    match &step.delivery {
        Delivery::Blocks(blocks) | Delivery::Branch(blocks) | Delivery::BranchBackwards(blocks) => blocks,
        Delivery::Garbage(_) => &[],
    }
}

fn play(node: &Node, clock: &litecast_engine::Clock, cases: &[Case]) {
    // The genesis block is told of before anything is delivered.
    node.handle().sync_with_feed().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        clock.set_mock(case.clock.into());
        for (n, step) in case.steps.iter().enumerate() {
            if let Err(what) = judge(node, step) {
                wrong.push(format!("{} / {} (step {n}): {what}", case.group, case.name));
                // Everything above would go wrong too.
                assert!(!what.starts_with("tip"), "{}", wrong.join("\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tree_of_named_blocks() {
    let cases = cases();
    let start_time = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = start(dir.path());
    play(&node, &clock, &cases);
    let census = census(&cases);
    let total: usize = census.iter().map(|(_, count)| count).sum();
    for (group, count) in &census {
        eprintln!("engine: {count:3} {group}");
    }
    eprintln!("engine: {total} cases in {:.1} s", start_time.elapsed().as_secs_f64());
    assert!(total >= 150);
    // The best chain alone, all headers first and then every block before its parent, comes to the same coins.
    let mut blocks: HashMap<BlockHash, Arc<Block>> = HashMap::new();
    for block in cases.iter().flat_map(|case| &case.steps).filter(|step| takes(step)).flat_map(delivered) {
        blocks.insert(block.hash(), Arc::clone(block));
    }
    let mut chain = Vec::new();
    let mut at = node.tip();
    while let Some(block) = blocks.remove(&at) {
        at = block.header().prev;
        chain.push(block);
    }
    chain.reverse();
    let other_dir = tempfile::tempdir().unwrap();
    let (other, clock) = start(other_dir.path());
    clock.set_mock(cases.last().unwrap().clock.into());
    submit_headers(&other, &chain);
    assert_eq!(submit(&other, chain.iter().rev(), true), Vec::<String>::new());
    assert_eq!(other.state(), node.state());
    eprintln!("engine: again from the highest block of {}, {:.1} s", chain.len(), start_time.elapsed().as_secs_f64());
    let tip = node.tip();
    assert_eq!(fold(&node.stop()).last(), Some(&tip));
}

/// Whether the step's blocks are what their headers promise.
fn takes(step: &Step) -> bool {
    !matches!(&step.expect, Expect::Rejected(_)) || matches!(step.delivery, Delivery::Branch(_))
}

/// Rules that no block can break on a network without extension blocks, or on regtest, or at all.
fn out_of_reach(rule: Rule) -> bool {
    matches!(
        rule,
        // The only checkpoint of regtest is the genesis block.
        Rule::ForkPriorToCheckpoint
            // Other rules come first, see docs/spec/consensus.md.
            | Rule::TxOversize
            | Rule::FeeOutOfRange
            // There is never that much money.
            | Rule::FeesOutOfRange
            | Rule::InputValuesOutOfRange
            // Without threads for scripts a block is refused by what is wrong with the script.
            | Rule::ScriptsFailed
    )
}

/// Rules for extension blocks, whose cases are elsewhere.
fn of_extension_blocks(rule: Rule) -> bool {
    let reason = rule.reason();
    ["mweb", "hogex", "pegin", "pegout"].iter().any(|word| reason.contains(word))
}

#[test]
fn every_rule_that_can_be_broken_is_broken_in_the_tree() {
    let cases = cases();
    let said: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| &case.steps)
        .filter_map(|step| step.expect.reason())
        .map(|reason| reason.split('(').next().unwrap().trim_end())
        .collect();
    for rule in Rule::ALL {
        let expected = !out_of_reach(*rule) && !of_extension_blocks(*rule) || *rule == Rule::UnexpectedMweb;
        let found = said.contains(rule.reason());
        assert!(found || !expected, "no case for {rule:?}");
        assert!(expected || !found, "{rule:?} is within reach");
    }
}
