//! Many nodes with mempools: whatever happens on the way, in the end all have the same chain and the same mempool.
//!
//! The oracle is the toy's own rule, and what nobody may lose: a transaction without rivals that was handed in ends in
//! the chain of all. A failing run names its seed; `LITECAST_SIM_SEED=<seed>` repeats it alone, `LITECAST_SIM_SEEDS=<n>`
//! tries more of them.

use std::collections::BTreeSet;

use litecast_primitives::{OutPoint, Transaction, Txid};

use super::*;
use crate::{
    pool::Pool,
    simulator::toy_chain::{free_coin, transaction_of},
};

const NODES: usize = 55;
/// The others announce transactions and never give one; every node is connected by honest ones alone.
const HONEST: usize = 50;

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    match number("LITECAST_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("LITECAST_SIM_SEEDS").unwrap_or(3)).collect(),
    }
}

/// A network and what its users do.
struct Run {
    sim: Simulator,
    seed: u64,
    /// The last transactions, to spend from.
    recent: Vec<Arc<Transaction>>,
    /// Those that nothing spends against.
    honest: BTreeSet<Txid>,
    next_coin: u32,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut config = config();
        config.relay_transactions = true;
        let mut sim = Simulator::new(seed, config, START, (5, 400));
        for node in 0..NODES {
            sim.add_node(if node < HONEST { Behaviour::Honest } else { Behaviour::Withholder });
        }
        // A tree connects all; some chords make it a net.
        let mut links = BTreeSet::new();
        for node in 1..NODES {
            let to = sim.rng().random_range(0..node.min(HONEST));
            links.insert((node, to));
        }
        for _ in 0..2 * NODES {
            let (a, b) = (sim.rng().random_range(0..NODES), sim.rng().random_range(0..NODES));
            if a != b {
                links.insert((a.max(b), a.min(b)));
            }
        }
        links.into_iter().for_each(|(from, to)| sim.add_peer(from, to));
        let mut run = Self { sim, seed, recent: Vec::new(), honest: BTreeSet::new(), next_coin: 0 };
        // Out of the initial download.
        run.sim.mine(0, 2);
        run.sim.run_for(3 * MINUTE);
        run
    }

    fn pick(&mut self) -> usize {
        self.sim.rng().random_range(0..HONEST)
    }

    fn coin(&mut self) -> OutPoint {
        self.next_coin += 1;
        free_coin(self.seed, self.next_coin)
    }

    /// Somebody pays: with new money, with the output of a payment that not everybody has seen, or twice.
    fn pay(&mut self, rivals: bool) {
        let node = self.pick();
        let mut coins = vec![self.coin()];
        let draw = self.sim.rng().random_range(0..10);
        if draw < 5 && !self.recent.is_empty() {
            let at = self.sim.rng().random_range(0..self.recent.len());
            let parent = self.recent.swap_remove(at);
            coins.push(OutPoint { txid: parent.txid(), vout: 0 });
        }
        let value = self.sim.rng().random_range(10..20);
        let tx = transaction_of(&coins, &[value, 1]);
        let accepted = self.sim.send_transaction(node, &tx);
        if rivals && draw == 9 {
            // The same coins, elsewhere, at the same time. Who wins is open.
            let other = self.pick();
            self.sim.send_transaction(other, &transaction_of(&coins, &[value, 2]));
        } else if accepted {
            self.honest.insert(tx.txid());
            self.recent.push(tx);
        }
    }

    fn happen(&mut self) {
        match self.sim.rng().random_range(0..40) {
            0..26 => self.pay(true),
            26..32 => {
                let node = self.pick();
                self.sim.mine_mempool(node);
            }
            32 => {
                let node = self.pick();
                self.sim.mine(node, 2);
            }
            33..37 => self.sim.lose_a_link(),
            37 => {
                let islands = (0..NODES).map(|_| self.sim.rng().random_range(0..2)).collect();
                self.sim.partition(islands);
            }
            _ => self.sim.partition(vec![0; NODES]),
        }
        let pause = self.sim.rng().random_range(100..10_000);
        self.sim.run_for(Duration::from_millis(pause));
    }

    fn best(&self) -> usize {
        (0..NODES).max_by_key(|node| self.sim.chain(*node).tip().chain_work).unwrap_or(0)
    }

    /// Two branches of the same work may live side by side: one more block decides.
    fn settle(&mut self) {
        self.sim.run_for(3 * MINUTE);
        let node = self.best();
        self.sim.mine_mempool(node);
        self.sim.run_for(3 * MINUTE);
        assert_converged(&self.sim, NODES, node, self.seed);
    }

    fn assert_same_mempool(&self, expected: &BTreeSet<Txid>) {
        for node in 0..NODES {
            let pool = self.sim.mempool(node);
            let (lacks, surplus) = (expected - &pool, &pool - expected);
            let seed = self.seed;
            assert!(
                lacks.is_empty() && surplus.is_empty(),
                "seed {seed}: node {node} lacks {lacks:?}, has {surplus:?}"
            );
        }
    }
}

fn run_network(seed: u64) {
    let mut run = Run::new(seed);
    for _ in 0..150 {
        run.happen();
    }
    run.sim.partition(vec![0; NODES]);
    run.settle();
    // What was paid while the network was cut is known on one side only: no node tells old transactions to new peers.
    // Whoever has some mines them.
    while let Some(node) = (0..NODES).find(|node| !run.sim.mempool(*node).is_empty()) {
        run.sim.mine_mempool(node);
        run.sim.run_for(MINUTE);
    }
    run.settle();
    run.assert_same_mempool(&BTreeSet::new());
    let mined = (0..NODES).map(|node| run.sim.chain(node).confirmed()).collect::<Vec<_>>();
    let lost = run.honest.iter().filter(|txid| !mined[0].contains(*txid)).count();
    assert_eq!(lost, 0, "seed {seed}: handed in and nowhere");
    assert!(mined.iter().all(|all| *all == mined[0]));
    // From here on nothing is lost, and everything is everywhere without a block.
    run.recent.clear();
    run.honest.clear();
    for _ in 0..40 {
        run.pay(false);
        let pause = run.sim.rng().random_range(100..3_000);
        run.sim.run_for(Duration::from_millis(pause));
    }
    // Who is asked first may be one that never answers, a minute each time.
    run.sim.run_for(10 * MINUTE);
    // Who had not heard of the parent could not spend from it.
    assert!(run.honest.len() > 20, "seed {seed}");
    run.assert_same_mempool(&run.honest.clone());
    assert_converged(&run.sim, NODES, 0, seed);
    assert!((0..HONEST).all(|node| run.sim.chain(node).unbroadcast().is_empty()), "seed {seed}: asked for by peers");
}

#[test]
fn fifty_nodes_come_to_the_same_mempool() {
    for seed in seeds() {
        // A failing run is its number.
        eprintln!("seed {seed}");
        run_network(seed);
    }
}

#[test]
fn a_run_with_transactions_is_its_seed() {
    let run = |seed| {
        let mut run = Run::new(seed);
        (0..15).for_each(|_| run.happen());
        (0..NODES).map(|node| (run.sim.mempool(node), run.sim.fsm(node).totals())).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
