//! Extension blocks in the engine: made, rewound, lost to crashes, and shown to light clients as they were.

use std::{collections::HashMap, path::Path, sync::Arc};

use bytes::Bytes;
use litecast_engine::{AssembleRequest, Contents, Options, mine};
use litecast_mweb::{
    Leafset, MemoryStore, Verifier, connect_block,
    forge::{Coin, Forge, Terms},
    segment::Segment,
};
use litecast_primitives::{
    Amount, Block, BlockHash, OutPoint, Transaction, TxIn, TxOut,
    mweb::{PegOut, Tx},
    params::Deployment,
    transaction::TxParts,
};
use litecast_store::simulation::{Fault, SimulatedDisk};

use crate::harness::{Node, State, options};

/// The first extension block comes here: coins made before are mature.
const FIRST: u32 = 112;
const TRUE: &[u8] = &[0x51];

/// Regtest on which extension blocks begin at [`FIRST`], whoever signals.
pub(crate) fn mweb_options(dir: &Path) -> Options {
    let mut options = options(dir, false);
    let params = Arc::make_mut(&mut options.params);
    params.confirmation_window = 8;
    params.rule_change_threshold = 6;
    let (start_height, timeout_height) = (i64::from(FIRST) - 16, i64::from(FIRST) - 8);
    params.deployments[2] = Deployment { bit: 4, start_time: 0, timeout: 0, start_height, timeout_height };
    // Every commit flushes.
    options.cache_bytes = 1;
    options
}

fn make(node: &Node, transactions: Vec<Transaction>) -> Arc<Block> {
    let transactions = transactions.into_iter().map(Arc::new).collect();
    let request = AssembleRequest {
        script_pubkey: Bytes::from_static(TRUE),
        contents: Contents::These(transactions),
        extra_nonce: 1,
    };
    let template = node.handle().assemble(request).unwrap().unwrap();
    let block = Arc::new(mine(&template.block, node.handle().reader().params(), &mut 1_000_000).unwrap());
    assert_eq!(node.submit(&block), None);
    block
}

/// What a transaction is outside of the extension block.
fn parts(coins: &[OutPoint], outputs: Vec<TxOut>, mweb: Tx) -> Transaction {
    let input = |prevout: &OutPoint| TxIn {
        prevout: *prevout,
        script_sig: Bytes::new(),
        sequence: TxIn::SEQUENCE_FINAL,
        witness: Vec::new(),
    };
    Transaction::from(TxParts {
        version: 2,
        inputs: coins.iter().map(input).collect(),
        outputs,
        lock_time: 0,
        mweb: Some(mweb),
        is_hogex: false,
    })
}

fn peg_in(forge: &mut Forge<'_>, block: &Block, values: &[i64]) -> (Transaction, Vec<Coin>) {
    let fee = 100;
    let amount = Amount(values.iter().sum::<i64>() + fee);
    let terms = Terms { fee: Amount(fee), peg_in: amount, ..Terms::default() };
    let values: Vec<Amount> = values.iter().copied().map(Amount).collect();
    let (mweb, coins, _) = forge.transaction(&[], &values, &terms);
    let kernel = mweb.body.kernels[0].id();
    let script = [&[0x59, 0x20], kernel.0.as_slice()].concat();
    let output = TxOut { value: amount, script_pubkey: script.into() };
    let coin = OutPoint { txid: block.transactions()[0].txid(), vout: 0 };
    (parts(&[coin], vec![output], mweb), coins)
}

/// Moves one coin, half of it to the outside if `peg_out`.
fn send(forge: &mut Forge<'_>, coin: &Coin, peg_out: bool) -> (Transaction, Vec<Coin>) {
    let fee = 100;
    let out = if peg_out { coin.value.0 / 2 } else { 0 };
    let peg_outs = if peg_out {
        vec![PegOut { amount: Amount(out), script_pubkey: Bytes::from_static(TRUE) }]
    } else {
        Vec::new()
    };
    let terms = Terms { fee: Amount(fee), peg_outs, ..Terms::default() };
    let rest = coin.value.0 - out - fee;
    let (mweb, coins, _) = forge.transaction(std::slice::from_ref(coin), &[Amount(rest - 5), Amount(5)], &terms);
    (parts(&[], Vec::new(), mweb), coins)
}

/// Blocks below the first extension block, then a branch of four extension blocks, then a better one of five that
/// leaves it after the first.
pub(crate) struct History {
    pub(crate) below: Vec<Arc<Block>>,
    pub(crate) blocks: Vec<Arc<Block>>,
    pub(crate) states: HashMap<BlockHash, State>,
}

pub(crate) fn history() -> History {
    let verifier = Verifier::new(0);
    let mut forge = Forge::new(&verifier, 7);
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(mweb_options(dir.path()));
    let other = Node::start(mweb_options(other_dir.path()));
    let below: Vec<_> = (1..FIRST).map(|_| make(&node, Vec::new())).collect();
    let mut states = HashMap::from([(node.tip(), node.state())]);
    let mut blocks = Vec::new();
    let mut next = |node: &Node, transactions| {
        let block = make(node, transactions);
        assert!(block.extension().is_some());
        states.insert(node.tip(), node.state());
        blocks.push(block);
    };
    let (tx, coins) = peg_in(&mut forge, &below[0], &[40_000, 60_000]);
    next(&node, vec![tx]);
    for block in below.iter() {
        assert_eq!(other.submit(block), None);
    }
    let (first, more) = send(&mut forge, &coins[0], false);
    // Spends what the block creates.
    let (second, _) = send(&mut forge, &more[0], true);
    next(&node, vec![first, second]);
    next(&node, Vec::new());
    let (tx, _) = peg_in(&mut forge, &below[1], &[9_000]);
    next(&node, vec![tx]);

    let shared = Arc::clone(&blocks_of(&node, FIRST));
    assert_eq!(other.submit(&shared), None);
    let mut next = |transactions| {
        let block = make(&other, transactions);
        states.insert(other.tip(), other.state());
        blocks.push(block);
    };
    let (tx, more) = send(&mut forge, &coins[0], true);
    next(vec![tx]);
    let (first, _) = send(&mut forge, &more[0], true);
    let (second, _) = send(&mut forge, &coins[1], false);
    next(vec![first, second]);
    next(Vec::new());
    let (tx, _) = peg_in(&mut forge, &below[2], &[1_000, 2_000, 3_000]);
    next(vec![tx]);
    History { below, blocks, states }
}

fn blocks_of(node: &Node, height: u32) -> Arc<Block> {
    let entry = node.handle().reader().active(height).unwrap();
    node.handle().reader().block(&entry).unwrap().unwrap()
}

/// Submits everything; answers the tips that were acknowledged.
pub(crate) fn play(node: &Node, blocks: &[Arc<Block>]) -> Vec<BlockHash> {
    let mut acknowledged = vec![node.tip()];
    for block in blocks {
        if node.handle().submit_block(Arc::clone(block), true).is_err() {
            break;
        }
        acknowledged.push(node.tip());
    }
    acknowledged
}

#[test]
fn power_loss_during_commits_and_rewinds_of_extension_blocks() {
    let History { below, blocks, states } = history();
    let dir = Path::new("/simulated");
    let base = || {
        let disk = SimulatedDisk::new();
        let node = Node::start_on(mweb_options(dir), &disk).unwrap();
        play(&node, &below);
        node.stop();
        disk
    };
    let last = blocks.last().unwrap().hash();
    let whole = base();
    let before = whole.operations();
    let node = Node::start_on(mweb_options(dir), &whole).unwrap();
    assert_eq!(play(&node, &blocks).last(), Some(&last));
    node.stop();
    let operations = whole.operations();
    assert!(operations > before + 30, "{before} to {operations} operations are no history");
    for operation in (before..operations).step_by(2) {
        let disk = base();
        disk.fault_at(operation, Fault::PowerLoss);
        let mut acknowledged = Vec::new();
        if let Some(node) = Node::start_on(mweb_options(dir), &disk) {
            acknowledged = play(&node, &blocks);
        }
        let disk = disk.after_power_loss(operation);
        let node = Node::start_on(mweb_options(dir), &disk).expect("because a crash is no damage");
        let state = node.state();
        assert_eq!(Some(&state), states.get(&state.0), "operation {operation}: no state of the history");
        let index = node.handle().reader().index();
        for hash in &acknowledged {
            assert!(index.get(hash).is_some_and(|entry| entry.have_data()), "operation {operation}: {hash} is lost");
        }
        drop(index);
        assert_eq!(play(&node, &blocks).last(), Some(&last), "operation {operation}");
        assert_eq!(node.state(), states[&last]);
    }
}

/// The state of every recent block, as light clients see it, against a store that was filled up to that block.
#[test]
fn light_clients_see_the_past() {
    let History { below, blocks, .. } = history();
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(mweb_options(dir.path()));
    play(&node, &below);
    play(&node, &blocks);
    let reader = node.handle().reader();
    let verifier = Verifier::new(0);
    let mut store = MemoryStore::default();
    let mut prev = None;
    for height in FIRST..=reader.tip().height {
        let block = blocks_of(&node, height);
        let extension = block.extension().unwrap();
        let params = &reader.params().mweb;
        let connected = connect_block(extension, &block.hash(), prev.as_ref(), &store, params, &verifier).unwrap();
        store.apply(connected.delta);
        prev = Some(extension.header.clone());
        let size = extension.header.output_mmr_size;
        let leafset = Leafset::load(size, |index| store.pages.get(&index).copied().ok_or(())).unwrap();
        assert_eq!(reader.mweb_leafset(&block.hash()).unwrap().unwrap(), leafset.bytes(), "height {height}");
        for first in 0..size + 1 {
            for count in [0, 1, 2, 4096] {
                let expected =
                    Segment::assemble(&leafset, first, count, |at| store.nodes.get(&at).copied().ok_or(())).unwrap();
                let found = reader.mweb_segment(&block.hash(), first, count).unwrap();
                let shape = found.map(|segment| {
                    let ids: Vec<_> = segment.utxos.iter().map(|utxo| (utxo.leaf, utxo.output.id())).collect();
                    (ids, segment.proof_hashes)
                });
                let wanted = expected.map(|segment| {
                    let ids = segment.leaves.iter().map(|leaf| (*leaf, store.leaves[leaf])).collect();
                    (ids, segment.proof_hashes().copied().collect())
                });
                assert_eq!(shape, wanted, "height {height}, first {first}, count {count}");
            }
        }
    }
    // Neither a block without an extension block nor one on another branch has a past.
    for hash in [below[50].hash(), blocks[2].hash(), BlockHash::from_bytes([3; 32])] {
        assert_eq!(reader.mweb_leafset(&hash).unwrap(), None);
    }
}

/// A copy with another byte inside condemns only itself.
#[test]
fn a_mutated_copy_does_not_condemn_the_block() {
    let History { below, blocks, .. } = history();
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(mweb_options(dir.path()));
    play(&node, &below);
    for block in &blocks[..2] {
        let mut extension = block.extension().unwrap().clone();
        extension.body.outputs[0].range_proof = {
            let mut proof = extension.body.outputs[0].range_proof.to_vec();
            proof[300] ^= 1;
            proof.into()
        };
        let bad = Arc::new(Block::new(*block.header(), block.transactions().to_vec(), Some(extension)));
        assert_eq!(bad.hash(), block.hash());
        assert_eq!(node.submit(&bad).as_deref(), Some("bad-blk-mweb"));
        assert_eq!(node.submit(block), None);
    }
    assert_eq!(node.tip(), blocks[1].hash());
}
