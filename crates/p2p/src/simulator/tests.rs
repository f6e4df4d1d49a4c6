//! Scenarios over the simulated network. The oracle is the toy chain's own rule: the most work wins everywhere.

use std::{sync::Arc, time::Duration};

use litecast_primitives::{
    Block, U256,
    params::{Network, Params},
};
use rand::RngExt;

use super::{
    Behaviour, Simulator, ToyChain,
    toy_chain::{make_block, make_block_of, make_transaction},
};
use crate::{
    chain::Chain,
    compact::tests::{extension_block, hogex},
    fsm::{Config, DisconnectReason},
    time::Time,
};

mod mempools;

const START: Time = Time::from_secs(1_700_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn config() -> Config {
    Config::new(Arc::new(Params::new(Network::Regtest)))
}

fn simulator(seed: u64) -> Simulator {
    Simulator::new(seed, config(), START, (5, 400))
}

/// Everybody has the tip of `node`.
fn assert_converged(sim: &Simulator, nodes: usize, node: usize, seed: u64) {
    let tip = sim.chain(node).tip();
    for other in 0..nodes {
        let theirs = sim.chain(other).tip();
        assert_eq!(theirs.hash, tip.hash, "seed {seed}: node {other} at {} of {}", theirs.height, tip.height);
    }
}

fn random_run(seed: u64) {
    let mut config = config();
    if seed % 2 == 1 {
        // So small that reading and answering pause all the time.
        (config.max_receive_buffer, config.max_send_buffer) = (500, 500);
    }
    let mut sim = Simulator::new(seed, config, START, (5, 400));
    let count = sim.rng().random_range(3..=7usize);
    for _ in 0..count {
        sim.add_node(Behaviour::Honest);
    }
    // A line connects all; some chords make it a net.
    for node in 1..count {
        let to = sim.rng().random_range(0..node);
        sim.add_peer(node, to);
    }
    for _ in 0..count {
        let (a, b) = (sim.rng().random_range(0..count), sim.rng().random_range(0..count));
        if a != b {
            sim.connect_outbound(a, b);
        }
    }
    for _ in 0..40 {
        let event: u32 = sim.rng().random_range(0..20);
        match event {
            0..12 => {
                let (node, blocks) = (sim.rng().random_range(0..count), sim.rng().random_range(1..=4));
                sim.mine(node, blocks);
            }
            12 => {
                let (node, blocks) = (sim.rng().random_range(0..count), sim.rng().random_range(10..60));
                sim.mine(node, blocks);
            }
            13..16 => sim.lose_a_link(),
            16 => {
                let islands = (0..count).map(|_| sim.rng().random_range(0..2)).collect();
                sim.partition(islands);
            }
            _ => sim.partition(vec![0; count]),
        }
        let pause = sim.rng().random_range(100..60_000);
        sim.run_for(Duration::from_millis(pause));
    }
    sim.partition(vec![0; count]);
    sim.run_for(10 * MINUTE);
    // Two branches of the same work may live side by side: one more block decides.
    let node = (0..count).max_by_key(|n| sim.chain(*n).tip().chain_work).unwrap_or(0);
    sim.mine(node, 1);
    sim.run_for(10 * MINUTE);
    assert_converged(&sim, count, node, seed);
}

#[test]
fn random_networks_converge() {
    for seed in 0..60 {
        // A failing run is its number.
        eprintln!("seed {seed}");
        random_run(seed);
    }
}

#[test]
fn a_run_is_its_seed() {
    let run = |seed| {
        let mut sim = simulator(seed);
        let (a, b) = (sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
        sim.add_peer(b, a);
        sim.mine(a, 30);
        sim.run_for(MINUTE);
        (sim.chain(b).tip().hash, sim.fsm(a).totals(), sim.fsm(b).totals())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_node_that_knows_only_us_syncs_from_us() {
    let mut sim = simulator(1);
    let (us, other) = (sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
    // More than one message of headers.
    sim.mine(us, 2500);
    sim.connect_outbound(other, us);
    sim.run_for(5 * MINUTE);
    assert_converged(&sim, 2, us, 1);
    assert_eq!(sim.served(us), 2500);
}

#[test]
fn two_peers_share_the_download() {
    let mut sim = simulator(2);
    let (a, b, c) = (sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
    sim.connect_outbound(b, a);
    sim.mine(a, 600);
    sim.run_for(5 * MINUTE);
    let before = (sim.served(a), sim.served(b));
    sim.connect_outbound(c, a);
    sim.connect_outbound(c, b);
    sim.run_for(5 * MINUTE);
    assert_converged(&sim, 3, a, 2);
    let (from_a, from_b) = (sim.served(a) - before.0, sim.served(b) - before.1);
    assert_eq!(from_a + from_b, 600, "no block is fetched twice");
    assert!(from_a > 100 && from_b > 100, "{from_a} from one and {from_b} from the other");
}

#[test]
fn a_stalling_peer_is_replaced() {
    let mut sim = simulator(3);
    let (staller, honest, us) =
        (sim.add_node(Behaviour::Staller), sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
    let blocks: Vec<_> = {
        let mut chain = ToyChain::new(&config().params.genesis);
        let time = u32::try_from(START.as_secs()).unwrap();
        let mut make = |tag| {
            let block = make_block(&chain.tip(), time, 0, tag);
            chain.submit_block(&block);
            block
        };
        // More than the download window, so that the window cannot move on.
        (0..1500).map(&mut make).collect()
    };
    for block in &blocks {
        sim.give_block(staller, block);
        sim.give_block(honest, block);
    }
    sim.connect_outbound(us, staller);
    sim.run_for(Duration::from_secs(20));
    assert!(sim.chain(us).tip().height == 0);
    sim.connect_outbound(us, honest);
    sim.run_for(Duration::from_secs(100));
    assert!(sim.closed.contains(&(us, DisconnectReason::BlockStalling)), "{:?}", sim.closed);
    sim.run_for(5 * MINUTE);
    assert_eq!(sim.chain(us).tip().hash, sim.chain(honest).tip().hash);
}

#[test]
fn a_block_that_never_comes_ends_the_connection() {
    let mut sim = simulator(4);
    let (staller, us) = (sim.add_node(Behaviour::Staller), sim.add_node(Behaviour::Honest));
    sim.mine(staller, 3);
    sim.connect_outbound(us, staller);
    // One block interval for a single peer.
    sim.run_for(Duration::from_secs(140));
    assert!(sim.closed.is_empty());
    sim.run_for(Duration::from_secs(20));
    assert!(matches!(sim.closed[..], [(_, DisconnectReason::BlockTimeout(_)), ..]), "{:?}", sim.closed);
}

#[test]
fn a_chain_that_goes_nowhere_is_dropped() {
    let mut with_minimum = config();
    // 2 per block: more than 50 blocks have.
    with_minimum.minimum_chain_work = U256::from(1000);
    let mut sim = Simulator::new(5, with_minimum, START + 48 * HOUR, (5, 50));
    let (short, us) = (sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
    sim.mine(short, 50);
    sim.connect_outbound(us, short);
    sim.run_for(MINUTE);
    assert!(sim.closed.contains(&(us, DisconnectReason::InsufficientWork)), "{:?}", sim.closed);
    assert_eq!(sim.chain(us).tip().height, 0, "nothing was downloaded");
}

#[test]
fn a_reorg_of_six_is_followed() {
    let mut sim = simulator(8);
    for _ in 0..4 {
        sim.add_node(Behaviour::Honest);
    }
    sim.add_peer(1, 0);
    sim.add_peer(3, 2);
    sim.add_peer(2, 1);
    sim.mine(0, 20);
    sim.run_for(5 * MINUTE);
    assert_converged(&sim, 4, 0, 8);
    sim.partition(vec![0, 0, 1, 1]);
    sim.mine(0, 6);
    sim.mine(3, 7);
    sim.run_for(5 * MINUTE);
    assert_ne!(sim.chain(0).tip().hash, sim.chain(3).tip().hash);
    sim.partition(vec![0; 4]);
    sim.run_for(5 * MINUTE);
    assert_converged(&sim, 4, 3, 8);
    assert_eq!((sim.chain(0).deepest_reorg(), sim.chain(1).deepest_reorg()), (6, 6));
}

fn received(sim: &Simulator, node: usize, name: &str) -> u64 {
    let per_message = sim.fsm(node).peers(sim.now()).into_iter().flat_map(|peer| peer.bytes_received_per_msg);
    per_message.filter(|(known, _)| known == name).map(|(_, bytes)| bytes).sum()
}

/// Two nodes that are at the tip; the second one asked the first to announce compactly.
fn pair(seed: u64) -> (Simulator, usize, usize) {
    let mut sim = simulator(seed);
    let (giver, taker) = (sim.add_node(Behaviour::Honest), sim.add_node(Behaviour::Honest));
    sim.mine(giver, 3);
    sim.add_peer(taker, giver);
    sim.run_for(2 * MINUTE);
    // The tip that is taken now makes the giver an announcer.
    sim.mine(giver, 1);
    sim.run_for(MINUTE);
    assert_converged(&sim, 2, giver, seed);
    (sim, giver, taker)
}

fn block_of(sim: &Simulator, node: usize, count: u32, with_extension: bool) -> Arc<Block> {
    let mut list: Vec<_> = (0..count).map(|n| make_transaction(77, n)).collect();
    if with_extension {
        list.push(hogex());
    }
    let time = u32::try_from(sim.now().as_secs()).unwrap();
    make_block_of(&sim.chain(node).tip(), time, 0, 77, list, with_extension.then(extension_block))
}

#[test]
fn a_block_of_known_transactions_travels_as_its_short_ids() {
    let (mut sim, giver, taker) = pair(20);
    let block = block_of(&sim, giver, 200, false);
    block.transactions()[1..].iter().for_each(|tx| sim.add_to_pool(taker, tx));
    let names = ["block", "cmpctblock", "blocktxn"];
    let before = names.map(|name| received(&sim, taker, name));
    sim.give_block(giver, &block);
    sim.run_for(MINUTE);
    assert_converged(&sim, 2, giver, 20);
    let [blocks, compact, transactions] = std::array::from_fn(|at| received(&sim, taker, names[at]) - before[at]);
    assert_eq!((blocks, transactions), (0, 0));
    // Header of the message, header, nonce, counts, 200 ids, a coinbase and the extension field.
    let coinbase = block.transactions()[0].bytes().len() as u64;
    assert_eq!(compact, 24 + 80 + 8 + 1 + 1200 + 1 + 1 + coinbase + 1);
}

#[test]
fn missing_transactions_follow_and_the_extension_block_comes_along() {
    for (seed, with_extension) in [(21, false), (22, true)] {
        let (mut sim, giver, taker) = pair(seed);
        let block = block_of(&sim, giver, 50, with_extension);
        block.transactions()[11..].iter().for_each(|tx| sim.add_to_pool(taker, tx));
        let before = ["block", "blocktxn"].map(|name| received(&sim, taker, name));
        sim.give_block(giver, &block);
        sim.run_for(MINUTE);
        assert_converged(&sim, 2, giver, seed);
        assert_eq!(sim.chain(taker).block(&block.hash()).unwrap().bytes(), block.bytes());
        assert_eq!(received(&sim, taker, "block"), before[0]);
        let missing: usize = block.transactions()[1..11].iter().map(|tx| tx.bytes().len()).sum();
        assert_eq!(received(&sim, taker, "blocktxn") - before[1], 24 + 32 + 1 + missing as u64);
        assert!(sim.closed.is_empty(), "{:?}", sim.closed);
    }
}
