//! Branches: which of them is active, and what an invalid block does to those around it.

use std::sync::Arc;

use litecast_primitives::Block;

use crate::{
    case::{Delivery, Expect},
    draft::{ANYONE, output, transaction},
    tree::{COIN, Tree, subsidy},
};

pub(crate) fn grow(t: &mut Tree) {
    t.group = "reorganisations";
    longer(t);
    with_coins(t);
    t.group = "side branches";
    sides(t);
    t.group = "invalid branches";
    invalid_branches(t);
    children(t);
    t.group = "unknown parents";
    orphans(t);
}

fn forked(t: &Tree, depth: u32) -> litecast_primitives::BlockHash {
    t.at(t.height() - depth)
}

fn reorganise(t: &mut Tree, name: &str, left: usize, joined: usize) {
    let fork = forked(t, u32::try_from(left).expect("because it is small"));
    let branch = t.branch(fork, joined);
    let step = t.step(Delivery::Branch(branch), Expect::Reorganised { left, joined });
    t.case(name, vec![step]);
}

fn longer(t: &mut Tree) {
    reorganise(t, "one block for two", 1, 2);
    reorganise(t, "three blocks for four", 3, 4);
    reorganise(t, "three blocks for seven", 3, 7);
    reorganise(t, "fourteen blocks for fifteen", 14, 15);
    let fork = forked(t, 5);
    let branch = t.branch(fork, 6);
    let step = t.step(Delivery::BranchBackwards(branch), Expect::Reorganised { left: 5, joined: 6 });
    t.case("five blocks for six that arrive from the highest", vec![step]);
    // There and back.
    let fork = t.tip;
    let first = t.branch(fork, 2);
    let second = t.branch(fork, 3);
    let back = t.branch(first[1].hash(), 2);
    let steps = vec![
        t.step(Delivery::Blocks(first), Expect::Accepted),
        t.step(Delivery::Branch(second), Expect::Reorganised { left: 2, joined: 3 }),
        t.step(Delivery::Branch(back), Expect::Reorganised { left: 3, joined: 4 }),
    ];
    t.case("there and back", steps);
    // Equal work: the first stays, whatever its hash.
    let fork = t.tip;
    let rivals: Vec<Vec<Arc<Block>>> = (0..4).map(|_| t.branch(fork, 1)).collect();
    let mut steps = Vec::new();
    for (n, rival) in rivals.iter().enumerate() {
        let expect = if n == 0 { Expect::Accepted } else { Expect::SideBranch };
        steps.push(t.step(Delivery::Blocks(rival.clone()), expect));
    }
    t.case("four blocks of equal work", steps);
    let next = t.branch(rivals[2][0].hash(), 1);
    let step = t.step(Delivery::Blocks(next), Expect::Reorganised { left: 1, joined: 2 });
    t.case("a block on the third of four", vec![step]);
}

/// Coins come back when their spends are undone.
fn with_coins(t: &mut Tree) {
    let fork = t.tip;
    let coin = t.coin();
    let spend = |t: &mut Tree, prev, value| {
        let mut draft = t.draft_on(prev);
        draft.push(transaction(&[coin], vec![output(value, ANYONE)]));
        let block = draft.mine();
        t.learn(&block);
        block
    };
    let first = spend(t, fork, COIN);
    let again = spend(t, first.hash(), COIN - 1);
    let second = spend(t, fork, COIN - 2);
    let mut branch = vec![Arc::clone(&second)];
    branch.extend(t.branch(second.hash(), 1));
    let again_there = spend(t, branch[1].hash(), COIN - 3);
    let steps = vec![
        t.good(first),
        t.bad(again, "bad-txns-inputs-missingorspent"),
        t.step(Delivery::Branch(branch), Expect::Reorganised { left: 1, joined: 2 }),
        t.bad(again_there, "bad-txns-inputs-missingorspent"),
    ];
    t.case("a coin spent on both branches", steps);
    // What a block creates is gone with it.
    let fork = t.tip;
    let payment = t.payment();
    let created = crate::draft::outpoint(&payment, 0);
    let mut draft = t.draft();
    draft.push(payment.clone());
    let creates = draft.mine();
    t.learn(&creates);
    let other = t.branch(fork, 2);
    let step = t.good(creates);
    let away = t.step(Delivery::Branch(other), Expect::Reorganised { left: 1, joined: 2 });
    let mut draft = t.draft();
    draft.push(transaction(&[created], vec![output(COIN, ANYONE)]));
    let refused = t.bad(draft.mine(), "bad-txns-inputs-missingorspent");
    let mut draft = t.draft();
    draft.push(payment).push(transaction(&[created], vec![output(COIN, ANYONE)]));
    let taken = t.good(draft.mine());
    t.case("a coin that a block left behind had created", vec![step, away, refused, taken]);
    // Maturity is counted on the branch.
    let place = t.place(&t.at(t.height() + 1 - 100));
    let fork = forked(t, 1);
    let branch = t.branch(fork, 2);
    let mut draft = t.draft_on(fork);
    draft.push(transaction(&[place.coinbase], vec![output(0, ANYONE)]));
    let early = draft.mine();
    t.learn(&early);
    let above = t.branch(early.hash(), 1);
    let steps = vec![
        t.step(
            Delivery::Branch(vec![early, Arc::clone(&above[0])]),
            Expect::Rejected("bad-txns-premature-spend-of-coinbase".to_owned()),
        ),
        t.step(Delivery::Branch(branch), Expect::Reorganised { left: 1, joined: 2 }),
    ];
    t.case("a coinbase that is too young on its branch", steps);
}

fn sides(t: &mut Tree) {
    // Stored only if somebody asked: less work is not asked for, so nothing is remembered.
    let fork = forked(t, 4);
    let branch = t.branch(fork, 2);
    let step = t.step(Delivery::Blocks(branch), Expect::SideBranch);
    t.case("a branch with less work that nobody asked for", vec![step]);
    let fork = forked(t, 1);
    let branch = t.branch(fork, 1);
    let step = t.step(Delivery::Blocks(branch.clone()), Expect::SideBranch);
    let again = t.step(Delivery::Blocks(branch), Expect::SideBranch);
    t.case("a rival of the tip, twice", vec![step, again]);
    // It takes too much, but its coins are never asked.
    let mut draft = t.draft_on(fork);
    draft.coinbase().outputs[0] = output(subsidy(t.height()) + 1, ANYONE);
    let greedy = draft.mine();
    let step = t.step(Delivery::Blocks(vec![Arc::clone(&greedy)]), Expect::SideBranch);
    let above = t.branch(greedy.hash(), 1);
    let top = t.branch(above[0].hash(), 1);
    let refused = t.step(Delivery::Blocks(above), Expect::Rejected("bad-cb-amount".to_owned()));
    let child = t.step(Delivery::Blocks(top), Expect::Rejected("bad-prevblk".to_owned()));
    let same = t.step(Delivery::Blocks(vec![greedy]), Expect::Rejected("duplicate".to_owned()));
    t.case("a greedy rival of the tip, until it would be the tip", vec![step, refused, child, same]);
    // What can be seen without coins is seen on side branches as well.
    let mut draft = t.draft_on(fork);
    draft.coinbase().inputs[0].script_sig = vec![0x51; 8].into();
    let step = t.step(Delivery::Blocks(vec![draft.mine()]), Expect::Rejected("bad-cb-height".to_owned()));
    t.case("a rival of the tip without height", vec![step]);
    let tip = t.tip;
    let first = t.at(1);
    let branch = t.branch(first, 1);
    let step = t.step(Delivery::Blocks(branch), Expect::SideBranch);
    t.case("a block on the first", vec![step]);
    assert_eq!(t.tip, tip);
}

/// A branch of `length` blocks from `depth` below the tip, of which one takes too much.
fn spoilt(t: &mut Tree, depth: u32, length: usize, bad: usize) -> Vec<Arc<Block>> {
    let mut at = forked(t, depth);
    (0..length)
        .map(|n| {
            let mut draft = t.draft_on(at);
            if n == bad {
                draft.coinbase().outputs[0].value.0 += 1;
            }
            let block = draft.mine();
            t.learn(&block);
            at = block.hash();
            block
        })
        .collect()
}

fn invalid_branches(t: &mut Tree) {
    let refused = || Expect::Rejected("bad-cb-amount".to_owned());
    for (name, depth, length, bad) in [
        ("a longer branch that is invalid at its start", 2, 4, 0),
        ("a longer branch that is invalid in its middle", 2, 5, 2),
        ("a longer branch that is invalid at its end", 3, 4, 3),
        ("a deep branch that is invalid at its end", 12, 14, 13),
    ] {
        let branch = spoilt(t, depth, length, bad);
        let fork = forked(t, depth);
        let step = t.step(Delivery::Branch(branch.clone()), refused());
        let mut steps = vec![step];
        // The good part below the bad block is a branch like any other.
        if bad > usize::try_from(depth).expect("because it is small") {
            // It has more work than what was left: it stays active.
            let last = &branch[bad - 1];
            steps.clear();
            t.tip = last.hash();
            steps.push(crate::case::Step { delivery: Delivery::Branch(branch), expect: refused(), tip: t.tip });
        }
        assert!(t.height() >= t.place(&fork).height + depth);
        t.case(name, steps);
    }
    // A better branch over the good part of a bad one.
    let branch = spoilt(t, 1, 3, 1);
    let good = branch[0].hash();
    let step = t.step(Delivery::Branch(branch), refused());
    let over = t.branch(good, 2);
    let next = t.step(Delivery::Branch(over), Expect::Reorganised { left: 1, joined: 3 });
    t.case("a good branch from the middle of a bad one", vec![step, next]);
}

fn children(t: &mut Tree) {
    let prev_invalid = || Expect::Rejected("bad-prevblk".to_owned());
    let duplicate = || Expect::Rejected("duplicate".to_owned());
    let mut draft = t.draft();
    draft.coinbase().outputs[0].value.0 += 1;
    let bad = draft.mine();
    t.learn(&bad);
    let child = t.branch(bad.hash(), 1);
    let grandchild = t.branch(child[0].hash(), 1);
    let steps = vec![
        t.bad(Arc::clone(&bad), "bad-cb-amount"),
        t.step(Delivery::Blocks(vec![Arc::clone(&bad)]), duplicate()),
        t.step(Delivery::Blocks(child), prev_invalid()),
        t.step(Delivery::Blocks(grandchild), Expect::Rejected("prev-blk-not-found".to_owned())),
        t.step(Delivery::Blocks(vec![bad]), duplicate()),
    ];
    t.case("children of an invalid block", steps);
    // Refused before its header was remembered: there is nothing to be a child of.
    let mut draft = t.draft();
    draft.coinbase().outputs.clear();
    let bad = draft.mine();
    t.learn(&bad);
    let child = t.branch(bad.hash(), 1);
    let steps = vec![
        t.bad(Arc::clone(&bad), "bad-txns-vout-empty"),
        t.bad(bad, "bad-txns-vout-empty"),
        t.step(Delivery::Blocks(child), Expect::Rejected("prev-blk-not-found".to_owned())),
    ];
    t.case("a child of a block that is bad by itself", steps);
    let mut draft = t.draft();
    draft.coinbase().inputs[0].script_sig = vec![0x51; 8].into();
    let bad = draft.mine();
    t.learn(&bad);
    let child = t.branch(bad.hash(), 1);
    let steps = vec![
        t.bad(Arc::clone(&bad), "bad-cb-height"),
        t.step(Delivery::Blocks(vec![bad]), duplicate()),
        t.step(Delivery::Blocks(child), prev_invalid()),
    ];
    t.case("a child of a block that is bad in its place", steps);
}

fn orphans(t: &mut Tree) {
    let blocks = t.branch(t.tip, 3);
    let unknown = || Expect::Rejected("prev-blk-not-found".to_owned());
    let clock = t.clock();
    let steps = vec![
        t.step(Delivery::Blocks(vec![Arc::clone(&blocks[2])]), unknown()),
        t.step(Delivery::Blocks(vec![Arc::clone(&blocks[1])]), unknown()),
        t.good(Arc::clone(&blocks[0])),
        t.step(Delivery::Blocks(vec![Arc::clone(&blocks[2])]), unknown()),
        t.good(Arc::clone(&blocks[1])),
        t.good(Arc::clone(&blocks[2])),
    ];
    t.case("three blocks from the highest", steps);
    t.cases.last_mut().expect("because it was just added").clock = clock;
    let blocks = t.branch(t.tip, 4);
    let step = t.step(Delivery::BranchBackwards(blocks), Expect::Accepted);
    t.case("four blocks from the highest, after their headers", vec![step]);
    let last = t.tip;
    let known = t.place(&last).prev;
    let old = t.branch(known, 1);
    let step = t.step(Delivery::Blocks(old), Expect::SideBranch);
    t.case("a last rival of the tip", vec![step]);
}
