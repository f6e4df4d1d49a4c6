//! Extension blocks at length: litecoind's wallets pay inwards, inside and outwards, its branches come and go, and litecastd
//! agrees with it on every field of every block, on the supply and on the coins.
//!
//! The coins are compared at the end, because a litecoind that is asked for them is no judge any more: `gettxoutsetinfo`
//! writes the state to disk, and a litecoind (0.21.2.1) that has written it, takes extension blocks back, makes others and
//! writes again is left with a wrong one. Its next block with new outputs is refused by every other node
//! (MMR_MISMATCH), and it cannot take it back itself.
//!
//! One seed gives one run: `MWEB_LOOP_SEED` names it, `MWEB_LOOP_BLOCKS` how many blocks are mined after the first extension
//! block.

use std::{env, str::FromStr};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use crate::harness::{
    Node,
    chain::FIRST_MWEB_HEIGHT,
    extension::{Contents, assert_same_block, assert_same_coins},
    no_litecoind,
    node::assert_same_chain,
    payments::{MAX_DEPTH, Payer},
};

/// Blocks of a run that nobody asked to be longer.
const SHORT: u64 = 40;
/// Blocks after which branches are switched even if chance does not want it.
const OFTEN: u64 = 15;

fn from_env<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().ok().unwrap_or_else(|| panic!("{name}={text} is no number")))
}

/// The two nodes, and what has been seen.
struct Run<'a> {
    peer: &'a Node,
    node: Node,
    payer: Payer<'a>,
    random: StdRng,
    mined: u64,
    compared: u64,
    payments: usize,
    seen: Contents,
    switches: Vec<u64>,
    restarts: u32,
}

impl Run<'_> {
    fn pay(&mut self, most: usize) {
        for _ in 0..self.random.random_range(0..=most) {
            self.payments += usize::from(self.payer.pay_something(&mut self.random).is_some());
        }
    }

    fn mine(&mut self) {
        self.payer.wallet.mine(1);
        self.mined += 1;
    }

    /// litecastd comes to the same tip and says the same of every block after the height `fork`.
    fn compare(&mut self, fork: u64) {
        let tip = self.peer.tip();
        self.node.wait_for_tip(&tip);
        for height in fork + 1..=self.peer.height() {
            self.seen += assert_same_block(&self.node, self.peer, &self.peer.hash_at(height));
            self.compared += 1;
        }
        if self.random.random() {
            // Writes everything to disk: what comes next is undone from there.
            self.node.call("gettxoutsetinfo", json!([]));
        }
        assert_eq!(self.node.tip(), tip);
    }

    /// The last blocks go, others come; sometimes the old ones come back.
    fn switch_branches(&mut self) {
        // The first extension block stays: the reference does not survive without it.
        let most = MAX_DEPTH.min(self.peer.height() - FIRST_MWEB_HEIGHT);
        let depth = self.random.random_range(1..=most);
        let fork = self.peer.height() - depth;
        let old = self.peer.hash_at(fork + 1);
        self.peer.call("invalidateblock", json!([old]));
        assert_eq!(self.peer.height(), fork);
        for _ in 0..depth + self.random.random_range(1..=2) {
            self.pay(2);
            self.mine();
        }
        self.compare(fork);
        self.switches.push(depth);
        if self.random.random_ratio(1, 3) {
            let new = self.peer.hash_at(fork + 1);
            let goal = self.peer.height();
            self.peer.call("invalidateblock", json!([new]));
            self.peer.call("reconsiderblock", json!([old]));
            assert_eq!(self.peer.hash_at(fork + 1), old);
            let back = self.peer.height() - fork;
            while self.peer.height() <= goal {
                self.pay(2);
                self.mine();
            }
            self.compare(fork);
            self.switches.push(back);
        }
    }

    fn restart(&mut self) {
        if self.random.random() {
            self.node.stop();
        } else {
            self.node.kill_nine();
        }
        self.node.start(&[]);
        self.restarts += 1;
    }
}

#[test]
fn extension_blocks_in_a_loop() {
    if no_litecoind("extension_blocks_in_a_loop") {
        return;
    }
    let seed: u64 = from_env("MWEB_LOOP_SEED").unwrap_or_else(rand::random);
    let blocks: u64 = from_env("MWEB_LOOP_BLOCKS").unwrap_or(SHORT);
    eprintln!("extension_blocks_in_a_loop: MWEB_LOOP_SEED={seed} MWEB_LOOP_BLOCKS={blocks}");
    let peer = Node::litecoind(&[]);
    let mut node = Node::litecastd(&[&peer.connect()]);
    node.start(&[]);
    let payer = Payer::create(&peer);
    payer.wallet.activate_mweb();
    let mut run = Run {
        peer: &peer,
        node,
        payer,
        random: StdRng::seed_from_u64(seed),
        mined: 0,
        compared: 0,
        payments: 0,
        seen: Contents::default(),
        switches: Vec::new(),
        restarts: 0,
    };
    run.compare(FIRST_MWEB_HEIGHT - 2);
    while run.mined < blocks {
        let before = peer.height();
        for _ in 0..run.random.random_range(1..=2) {
            run.pay(4);
            run.mine();
        }
        run.compare(before);
        let due = run.mined > OFTEN * (u64::try_from(run.switches.len()).unwrap() + 1);
        if peer.height() > FIRST_MWEB_HEIGHT + 4 && (due || run.random.random_ratio(1, 5)) {
            run.switch_branches();
        }
        if run.random.random_ratio(1, 12) {
            run.restart();
        }
    }

    let Run { mined, compared, payments, seen, switches, restarts, .. } = &run;
    eprintln!(
        "{mined} blocks mined, {compared} compared, {payments} payments ({} impossible), branches switched at depths \
         {switches:?}, {restarts} restarts: {seen:?}",
        run.payer.refused.len()
    );
    assert!(seen.peg_ins >= 5 && seen.inputs >= 5 && seen.peg_outs >= 5, "{seen:?}: {:?}", run.payer.refused);

    // The chain is good for a litecoind without any past, and it is the same from the first block on.
    assert_same_coins(&run.node, &peer);
    let pupil = Node::litecoind(&[&run.node.connect()]);
    pupil.wait_for_tip(&peer.tip());
    assert_same_chain(&run.node, &pupil);
    assert_same_coins(&run.node, &pupil);
    run.node.stop();
}
