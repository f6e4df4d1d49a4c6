//! The mempool on a running engine: whatever happens, the log tells all of it, and a block can be made of what is left.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use litecast_engine::{Contents, SubmitError, SubmitTx, Submitted, TxSource};
use litecast_mempool::TxCategory;
use litecast_primitives::{
    Amount, Block, OutPoint, Transaction, TxIn, TxOut, Txid, event::Event, transaction::TxParts,
};
use proptest::prelude::*;

use crate::harness::{Node, fold_all, options};

/// Anybody may spend it.
const TRUE: u8 = 0x51;
const DROP: u8 = 0x75;
/// Blocks before the first coinbase may be spent, and a few more.
const FIRST: usize = 110;

/// Spends outputs, splits the value less a fee; replaceable.
fn pay(spent: &[(OutPoint, i64)], outputs: usize, fee: i64) -> Arc<Transaction> {
    let input = |(prevout, _): &(OutPoint, i64)| TxIn {
        prevout: *prevout,
        script_sig: Bytes::new(),
        sequence: 0,
        witness: Vec::new(),
    };
    let total: i64 = spent.iter().map(|(_, value)| value).sum();
    let value = Amount((total - fee) / i64::try_from(outputs).unwrap());
    // Long enough to be let in with any number of inputs and outputs.
    let script = Bytes::from([&[TRUE][..], &[DROP, TRUE].repeat(20)].concat());
    Arc::new(Transaction::from(TxParts {
        version: 2,
        inputs: spent.iter().map(input).collect(),
        outputs: (0..outputs).map(|_| TxOut { value, script_pubkey: script.clone() }).collect(),
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }))
}

fn submit(node: &Node, tx: &Arc<Transaction>) -> Result<Submitted, SubmitError> {
    node.handle().submit_tx(SubmitTx { tx: Arc::clone(tx), from: TxSource::Peer }).unwrap()
}

fn coinbase(block: &Block) -> (OutPoint, i64) {
    let tx = &block.transactions()[0];
    (OutPoint { txid: tx.txid(), vout: 0 }, tx.outputs()[0].value.0)
}

fn outputs(tx: &Transaction) -> Vec<(OutPoint, i64)> {
    let txid = tx.txid();
    (0..).zip(tx.outputs()).map(|(vout, output)| (OutPoint { txid, vout }, output.value.0)).collect()
}

fn pool(node: &Node) -> BTreeSet<Txid> {
    node.handle().reader().mempool().iter().map(litecast_mempool::Entry::txid).collect()
}

fn words(node: &Node) -> Vec<String> {
    node.handle().sync_with_feed().unwrap();
    let log = std::mem::take(&mut *node.log.lock().unwrap());
    let word = |event: &Event| match event {
        Event::Connected(at) => format!("+{}", at.height),
        Event::Disconnected(at) => format!("-{}", at.height),
        Event::TipChanged { tip, .. } => format!("={}", tip.height),
        Event::TxAdded { mempool_sequence, .. } => format!("A{mempool_sequence}"),
        Event::TxRemoved { mempool_sequence, reason, .. } => format!("R{mempool_sequence} {reason:?}"),
    };
    log.iter().map(word).collect()
}

#[test]
fn a_payment_is_mined_undone_replaced_and_kept_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(options(dir.path(), true));
    let blocks = node.generate(FIRST, 1);
    words(&node);
    let parent = pay(&[coinbase(&blocks[0])], 2, 10_000);
    let child = pay(&outputs(&parent)[..1], 1, 20_000);
    assert!(
        matches!(submit(&node, &child), Err(SubmitError::Reject(reject)) if reject.category() == TxCategory::MissingInputs)
    );
    submit(&node, &parent).unwrap();
    assert!(submit(&node, &child).is_ok());
    assert_eq!(words(&node), ["A1", "A2"]);

    // Mined, by fee: a package of both.
    let mined = node.make_with(1, Contents::Pool);
    assert_eq!(mined.transactions().len(), 3);
    let fees = mined.transactions()[0].outputs()[0].value.0 - coinbase(&blocks[FIRST - 1]).1;
    assert_eq!(fees, 30_000);
    assert_eq!(node.submit(&mined), None);
    // Two numbers are used up without an event.
    assert_eq!(words(&node), ["+111", "=111"]);
    assert!(pool(&node).is_empty());
    let user = TxSource::User { max_fee: None };
    let again = node.handle().submit_tx(SubmitTx { tx: Arc::clone(&parent), from: user }).unwrap();
    assert!(matches!(again, Err(SubmitError::AlreadyInChain)));

    // Undone: both come back before anything else.
    node.handle().invalidate_block(mined.hash()).unwrap();
    assert_eq!(words(&node), ["-111", "A5", "A6"]);

    // Replaced, with its child.
    let better = pay(&[coinbase(&blocks[0])], 1, 200_000);
    let dear = TxSource::User { max_fee: Some(Amount(199_999)) };
    let refused = node.handle().submit_tx(SubmitTx { tx: Arc::clone(&better), from: dear }).unwrap();
    assert!(matches!(refused, Err(SubmitError::MaxFeeExceeded)));
    assert_eq!(node.handle().reader().test_accept(&better).unwrap().unwrap().fee, Amount(200_000));
    let sent = node.handle().submit_tx(SubmitTx { tx: Arc::clone(&better), from: user }).unwrap();
    assert!(matches!(sent, Ok(Submitted::New(accepted)) if accepted.replaced.len() == 2));
    let sent = node.handle().submit_tx(SubmitTx { tx: Arc::clone(&better), from: user }).unwrap();
    assert!(matches!(sent, Ok(Submitted::Known)));
    assert_eq!(words(&node), ["R7 Replaced", "R8 Replaced", "A9"]);

    // Kept, with what nobody has asked for; numbers begin anew.
    let file = dir.path().join("mempool.dat");
    node.handle().reader().save_mempool(&file).unwrap();
    node.stop();
    let node = Node::start(options(dir.path(), true));
    assert!(!node.handle().reader().is_mempool_loaded());
    node.handle().load_mempool(&file, || true).unwrap();
    assert!(node.handle().reader().is_mempool_loaded());
    assert_eq!(words(&node), ["A1"]);
    assert_eq!(pool(&node), BTreeSet::from([better.txid()]));
    assert!(node.handle().reader().mempool().unbroadcast().contains(&better.txid()));
    node.handle().was_broadcast(better.txid()).unwrap();
    node.handle().flush().unwrap();
    assert!(node.handle().reader().mempool().unbroadcast().is_empty());

    // A block with the first payment is a conflict.
    let block = node.make_with(1, Contents::These(vec![parent]));
    assert_eq!(node.submit(&block), None);
    assert_eq!(words(&node), ["R2 Conflict", "+111", "=111"]);
}

#[test]
fn a_reorganisation_brings_back_what_the_new_chain_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(options(dir.path(), true));
    let blocks = node.generate(FIRST, 1);
    let (kept, lost, spent) = (
        pay(&[coinbase(&blocks[0])], 1, 5000),
        pay(&[coinbase(&blocks[1])], 1, 5000),
        pay(&[coinbase(&blocks[1])], 2, 9000),
    );
    // Two branches from the same block: the other one has one of the payments and a rival of the other.
    let other = node.make_with(2, Contents::These(vec![spent]));
    assert_eq!(node.submit(&other), None);
    let second = node.make(2);
    node.handle().invalidate_block(other.hash()).unwrap();
    assert!(submit(&node, &kept).is_ok());
    // The rival came back and has to go first.
    assert!(submit(&node, &lost).is_err());
    let mine = node.make_with(1, Contents::These(vec![kept.clone(), lost]));
    words(&node);
    assert_eq!(node.submit(&mine), None);
    assert_eq!(words(&node), ["R4 Conflict", "+111", "=111"]);
    node.handle().reconsider_block(other.hash()).unwrap();
    // It came first, so it is the better one. The rival's rival cannot come back; the other payment does, before the block
    // is told.
    assert_eq!(words(&node), ["-111", "A5", "+111", "=111"]);
    assert_eq!(node.submit(&second), None);
    assert_eq!(words(&node), ["+112", "=112"]);
    assert_eq!(pool(&node), BTreeSet::from([kept.txid()]));
}

#[derive(Debug, Clone)]
enum Step {
    /// Spends some of what there is, known by numbers.
    Pay {
        from: Vec<prop::sample::Index>,
        outputs: usize,
        fee: i64,
    },
    Mine,
    MineEmpty,
    /// A block with something that was sent before, wanted or not.
    MineOld(prop::sample::Index),
    Invalidate(u32),
    Reconsider,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (prop::collection::vec(any::<prop::sample::Index>(), 1..4), 1usize..4, 1000i64..100_000)
            .prop_map(|(from, outputs, fee)| Step::Pay { from, outputs, fee }),
        2 => Just(Step::Mine),
        1 => Just(Step::MineEmpty),
        2 => any::<prop::sample::Index>().prop_map(Step::MineOld),
        1 => (0u32..5).prop_map(Step::Invalidate),
        1 => Just(Step::Reconsider),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..Default::default() })]
    #[test]
    fn the_log_tells_everything(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start(options(dir.path(), true));
        let blocks = node.generate(FIRST, 1);
        let mut coins: Vec<_> = blocks[..8].iter().map(|block| coinbase(block)).collect();
        let mut sent: Vec<Arc<Transaction>> = Vec::new();
        let mut invalid = Vec::new();
        let (mut tried, mut accepted) = (0, 0);
        for (tag, step) in (2..).zip(steps) {
            match step {
                Step::Pay { from, outputs: count, fee } => {
                    let from: BTreeSet<_> = from.iter().map(|index| *index.get(&coins)).collect();
                    let tx = pay(&from.into_iter().collect::<Vec<_>>(), count, fee);
                    tried += 1;
                    if tx.outputs()[0].value.0 > 0 && submit(&node, &tx).is_ok() {
                        accepted += 1;
                        coins.extend(outputs(&tx));
                        sent.push(tx);
                    }
                }
                Step::Mine => prop_assert_eq!(node.submit(&node.make_with(tag, Contents::Pool)), None),
                Step::MineEmpty => prop_assert_eq!(node.submit(&node.make(tag)), None),
                Step::MineOld(index) if !sent.is_empty() => {
                    let tx = Arc::clone(index.get(&sent));
                    let block = node.make_with(tag, Contents::These(vec![tx]));
                    if node.handle().check_template(Arc::clone(&block)).unwrap().is_ok() {
                        prop_assert_eq!(node.submit(&block), None);
                    }
                }
                Step::MineOld(_) => {}
                Step::Invalidate(depth) => {
                    let reader = node.handle().reader();
                    let Some(height) = reader.tip().height.checked_sub(depth).filter(|height| *height > 105) else { continue };
                    let hash = reader.active(height).unwrap().hash;
                    node.handle().invalidate_block(hash).unwrap();
                    invalid.push(hash);
                }
                Step::Reconsider => {
                    if let Some(hash) = invalid.pop() {
                        node.handle().reconsider_block(hash).unwrap();
                    }
                }
            }
            node.handle().sync_with_feed().unwrap();
            let folded = fold_all(&node.log.lock().unwrap());
            prop_assert_eq!(folded.chain.last(), Some(&node.tip()));
            prop_assert_eq!(folded.pool.into_keys().collect::<BTreeSet<_>>(), pool(&node));
        }
        // What is left is good for blocks, all of it.
        prop_assert!(accepted > 0 || tried == 0, "{tried} payments");
        for tag in 100..120 {
            if pool(&node).is_empty() {
                break;
            }
            prop_assert_eq!(node.submit(&node.make_with(tag, Contents::Pool)), None);
        }
        prop_assert!(pool(&node).is_empty());
    }
}
