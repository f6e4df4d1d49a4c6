//! Scripts in blocks: on the pool, in order, and assumed.

use std::sync::Arc;

use bytes::Bytes;
use litecast_engine::{AssembleRequest, Contents, Options, mine};
use litecast_primitives::{
    Amount, Block, BlockHash, BlockHeader, OutPoint, Transaction, TxIn, TxOut, Txid, U256,
    params::{Network, Params},
    transaction::TxParts,
};

use crate::harness::{Node, options};

/// Outputs with this script can never be spent: the script leaves nothing.
const FALSE: &[u8] = &[0x00];

fn start(change: impl FnOnce(&mut Options)) -> (Node, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path(), true);
    change(&mut options);
    (Node::start(options), dir)
}

fn block_paying(node: &Node, script: &[u8], transactions: Vec<Arc<Transaction>>) -> Arc<Block> {
    let request = AssembleRequest {
        script_pubkey: Bytes::copy_from_slice(script),
        contents: Contents::These(transactions),
        extra_nonce: 1,
    };
    let template = node.handle().assemble(request).unwrap().unwrap();
    Arc::new(mine(&template.block, node.handle().reader().params(), &mut 1_000_000).unwrap())
}

/// Spends the first output of `txid` with nothing in hand.
fn spend(txid: Txid) -> Arc<Transaction> {
    Arc::new(Transaction::from(TxParts {
        version: 1,
        inputs: vec![TxIn {
            prevout: OutPoint { txid, vout: 0 },
            script_sig: Bytes::new(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: Amount(1000), script_pubkey: Bytes::from_static(&[0x51]) }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }))
}

/// A chain whose last block spends what cannot be spent.
fn bad_chain() -> Vec<Arc<Block>> {
    let (node, _dir) = start(|_| {});
    let mut blocks = vec![block_paying(&node, FALSE, Vec::new())];
    assert_eq!(node.submit(&blocks[0]), None);
    let coinbase = blocks[0].transactions()[0].txid();
    blocks.extend(node.generate(100, 1));
    blocks.push(block_paying(&node, &[0x51], vec![spend(coinbase)]));
    blocks
}

/// Gives all blocks to a node; the last one's verdict.
fn verdict(node: &Node, blocks: &[Arc<Block>]) -> Option<String> {
    let (last, below) = blocks.split_last().unwrap();
    for block in below {
        assert_eq!(node.submit(block), None);
    }
    node.submit(last)
}

// v0.21.5.5 src/validation.cpp, ConnectBlock after CCheckQueueControl::Wait.
#[test]
fn threads_tell_only_that_a_script_failed() {
    let blocks = bad_chain();
    for threads in [1, 3] {
        let (node, _dir) = start(|options| options.script_threads = threads);
        assert_eq!(verdict(&node, &blocks).as_deref(), Some("block-validation-failed"));
        assert_eq!(node.tip(), blocks[blocks.len() - 2].hash());
    }
}

#[test]
fn without_threads_the_script_s_error_is_named() {
    let (node, _dir) = start(|options| options.script_threads = 0);
    let expected = "mandatory-script-verify-flag-failed (Script evaluated without error but finished with a false/empty \
                    top stack element)";
    assert_eq!(verdict(&node, &bad_chain()).as_deref(), Some(expected));
}

/// Fifty headers above the last block.
fn headers_above(block: &Block, params: &Params) -> Vec<BlockHeader> {
    let mut headers = Vec::new();
    let mut last = *block.header();
    for _ in 0..50 {
        let next = BlockHeader { prev: last.hash(), time: last.time + 1, nonce: 0, ..last };
        let transactions = block.transactions().to_vec();
        last = *mine(&Block::new(next, transactions, None), params, &mut 1_000_000).unwrap().header();
        headers.push(last);
    }
    headers
}

// v0.21.5.5 src/validation.cpp, ConnectBlock: the block must be an ancestor of the assumed one and of the best header,
// and more than two weeks of work must stand above it.
#[test]
fn scripts_below_the_assumed_block_are_believed() {
    // Forty blocks make two weeks.
    const SPACING: i64 = 60 * 60 * 24 * 7 * 2 / 40;
    let blocks = bad_chain();
    let bad = blocks.last().unwrap();
    let headers = headers_above(bad, &Params::new(Network::Regtest));
    let elsewhere = *blocks[50].header();
    let failed = Some("block-validation-failed".to_owned());
    let cases = [
        (41, Some(headers[0].hash()), None),
        (41, Some(bad.hash()), None),
        (40, Some(headers[0].hash()), failed.clone()),
        (41, Some(elsewhere.hash()), failed.clone()),
        (41, Some(BlockHash::from_bytes([1; 32])), failed.clone()),
        (41, None, failed),
    ];
    for (count, assume_valid, expected) in cases {
        let (node, _dir) = start(|options| {
            let params = Arc::make_mut(&mut options.params);
            params.pow_target_spacing = SPACING;
            params.assume_valid = assume_valid;
        });
        let below = &blocks[..blocks.len() - 1];
        assert_eq!(verdict(&node, below), None);
        let known: Vec<BlockHeader> = [*bad.header()].into_iter().chain(headers[..count].iter().copied()).collect();
        assert_eq!(node.handle().submit_headers(&known).unwrap().reject, None);
        assert_eq!(node.submit(bad), expected, "{count} headers above, {assume_valid:?} assumed");
    }
    // With too little work in all, nothing is assumed.
    let (node, _dir) = start(|options| {
        let params = Arc::make_mut(&mut options.params);
        params.pow_target_spacing = SPACING;
        params.assume_valid = Some(bad.hash());
        options.minimum_chain_work = U256::from(100_000);
    });
    verdict(&node, &blocks[..blocks.len() - 1]);
    node.handle().submit_headers(&headers).unwrap();
    assert_eq!(node.submit(bad).as_deref(), Some("block-validation-failed"));
}

#[test]
fn a_template_is_judged_as_its_block_will_be() {
    let (node, _dir) = start(|options| options.script_threads = 0);
    let blocks = bad_chain();
    assert_eq!(verdict(&node, &blocks[..blocks.len() - 1]), None);
    let judged = node.handle().check_template(Arc::clone(blocks.last().unwrap())).unwrap();
    assert!(judged.unwrap_err().reason().starts_with("mandatory-script-verify-flag-failed"));
}
