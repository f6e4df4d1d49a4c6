//! Tests of the frames: against streams recorded from the reference, and against a literal model of its notifier loop.

use std::{collections::HashMap, fs, path::PathBuf, process::Command, sync::Arc};

use litecast_primitives::{BlockHash, Txid, event::RemovalReason};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::options::PubOption;

fn vectors(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

fn config(options: &[(Topic, &str)]) -> NotifyConfig {
    let option =
        |(topic, address): &(Topic, &str)| PubOption { topic: *topic, address: (*address).to_owned(), hwm: None };
    let (config, errors) = NotifyConfig::from_options(&options.iter().map(option).collect::<Vec<_>>());
    assert_eq!(errors, []);
    config
}

const MAIN: &str = "tcp://127.0.0.1:28332";
const SECOND: &str = "tcp://127.0.0.1:28333";

fn block(text: &str) -> Arc<Block> {
    let bytes = hex_bytes(text.trim());
    Arc::new(Block::from_bytes(bytes.into()).expect("a block of the vectors"))
}

fn hex_bytes(text: &str) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).expect("hexadecimal");
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn display(hash: &str) -> [u8; 32] {
    hex_bytes(hash).try_into().expect("32 bytes")
}

fn internal(hash: &str) -> [u8; 32] {
    let mut bytes = display(hash);
    bytes.reverse();
    bytes
}

/// One frame of a recording: topic, body, counter.
type Recorded = (String, String, u64);

/// Rebuilds the events of a recording from its `sequence` and `hashblock` messages and the bytes that were submitted,
/// and demands that `frames` gives every other message, in order, with bodies and counters.
fn replay(recording: &Value) -> usize {
    let config = config(&[
        (Topic::HashBlock, MAIN),
        (Topic::HashBlock, SECOND),
        (Topic::HashTx, MAIN),
        (Topic::HashTx, SECOND),
        (Topic::RawBlock, MAIN),
        (Topic::RawTx, MAIN),
        (Topic::Sequence, MAIN),
    ]);
    let mut blocks: HashMap<String, Arc<Block>> = HashMap::new();
    let mut counters = vec![0u64; config.notifiers().len()];
    let mut compared = 0;
    let mut first = true;
    for step in recording["steps"].as_array().expect("steps") {
        if step["method"] == "submitblock" {
            let block = block(step["params"][0].as_str().expect("a block"));
            blocks.insert(block.hash().to_string(), block);
        }
        if step["op"] == "restart" {
            counters.fill(0);
            first = true;
        }
        let mut recorded: [Vec<Recorded>; 2] = Default::default();
        for frame in step["frames"].as_array().expect("frames") {
            let socket = usize::try_from(frame[0].as_u64().expect("a socket")).expect("0 or 1");
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            recorded[socket].push((text(&frame[1]), text(&frame[2]), frame[3].as_u64().expect("a counter")));
        }
        if recorded[0].is_empty() {
            continue;
        }
        if first {
            // What was published while the node started (genesis) is not in the recording.
            for (counter, notifier) in counters.iter_mut().zip(config.notifiers()) {
                let seen = recorded[notifier.socket].iter().find(|(topic, ..)| *topic == notifier.topic.as_str());
                *counter = seen.map_or(0, |(_, _, counter)| *counter);
            }
            first = false;
        }
        let mut ours: [Vec<Recorded>; 2] = Default::default();
        for event in events_of(&recorded[0], &blocks) {
            for message in frames(&config, Encoding::Full, &event) {
                let counter = &mut counters[message.notifier];
                let body = message.body.as_slice().iter().map(|b| format!("{b:02x}")).collect();
                ours[config.notifiers()[message.notifier].socket].push((message.topic.to_string(), body, *counter));
                *counter += 1;
            }
        }
        assert_eq!(ours, recorded, "step {step}");
        compared += ours.iter().map(Vec::len).sum::<usize>();
    }
    compared
}

fn events_of(recorded: &[Recorded], blocks: &HashMap<String, Arc<Block>>) -> Vec<Event> {
    let chain_block = |hash: &str| ChainBlock { block: Arc::clone(&blocks[hash]), height: 0 };
    let mut events = Vec::new();
    let mut last_rawtx = "";
    for (topic, body, _) in recorded {
        match topic.as_str() {
            "rawtx" => last_rawtx = body,
            "hashblock" => events.push(Event::TipChanged {
                tip: chain_block(body),
                fork: BlockHash::ZERO,
                initial_download: false,
            }),
            "sequence" => {
                let (hash, rest) = body.split_at(64);
                let number = |text: &str| u64::from_le_bytes(hex_bytes(text).try_into().expect("8 bytes"));
                events.push(match &rest[..2] {
                    "43" => Event::Connected(chain_block(hash)),
                    "44" => Event::Disconnected(chain_block(hash)),
                    "41" => Event::TxAdded {
                        tx: Arc::new(Transaction::from_bytes(hex_bytes(last_rawtx).into()).expect("a transaction")),
                        mempool_sequence: number(&rest[2..]),
                    },
                    "52" => Event::TxRemoved {
                        txid: Txid::from_bytes(internal(hash)),
                        reason: RemovalReason::Expiry,
                        mempool_sequence: number(&rest[2..]),
                    },
                    other => panic!("label {other}"),
                });
            }
            _ => {}
        }
    }
    events
}

#[test]
fn the_reference_published_the_same() {
    for name in ["stream/seed-1.json.gz", "stream/seed-2.json.gz"] {
        let Some(path) = vectors(name) else { return };
        let Ok(output) = Command::new("gzip").arg("-dc").arg(&path).output() else {
            eprintln!("skipped: needs gzip");
            return;
        };
        let recording = serde_json::from_slice(&output.stdout).expect("a recording is JSON");
        let compared = replay(&recording);
        assert!(compared > 5000, "{compared}");
    }
}

fn mweb_block() -> Option<Arc<Block>> {
    let path = vectors("blocks/regtest/0000435_mweb.hex")?;
    Some(block(&fs::read_to_string(path).expect("readable")))
}

fn tip(block: &Arc<Block>, fork: BlockHash, initial_download: bool) -> Event {
    let tip = ChainBlock { block: Arc::clone(block), height: 435 };
    Event::TipChanged { tip, fork, initial_download }
}

#[test]
fn raw_bodies_are_the_bytes_that_arrived() {
    let Some(block) = mweb_block() else { return };
    let config = config(&[(Topic::RawBlock, MAIN), (Topic::RawTx, MAIN)]);
    let is_shared = |message: &Message, bytes: &Bytes| match &message.body {
        Body::Raw(body) => body.as_ptr() == bytes.as_ptr() && body.len() == bytes.len(),
        Body::Short { .. } => false,
    };
    let rawblock = frames(&config, Encoding::Full, &tip(&block, BlockHash::ZERO, false));
    assert!(matches!(&rawblock[..], [message] if is_shared(message, block.bytes())));
    let connected = Event::Connected(ChainBlock { block: Arc::clone(&block), height: 435 });
    let rawtxs = frames(&config, Encoding::Full, &connected);
    assert_eq!(rawtxs.len(), block.transactions().len());
    assert!(rawtxs.iter().zip(block.transactions()).all(|(message, tx)| is_shared(message, tx.bytes())));
}

#[test]
fn rpcserialversion_decides_the_bytes() {
    let Some(block) = mweb_block() else { return };
    let config = config(&[(Topic::RawBlock, MAIN)]);
    let event = tip(&block, BlockHash::ZERO, false);
    let body = |version| frames(&config, encoding(version), &event).swap_remove(0).body.as_slice().to_vec();
    let (base, witness, full) = (body(0), body(1), body(2));
    assert_eq!(full, *block.bytes());
    assert!(base.len() < witness.len() && witness.len() < full.len());
    // Without MWEB the block is a plain SegWit block: the HogEx has no flag and nothing follows it.
    let plain = Block::from_bytes(witness.into()).expect("a block");
    assert!(plain.extension().is_none() && plain.hogex().is_none());
    assert_eq!(plain.hash(), block.hash());
    let txids = |block: &Block| block.transactions().iter().map(|tx| tx.txid()).collect::<Vec<_>>();
    assert_eq!(txids(&plain), txids(&block));
}

#[test]
fn tips_are_silent_while_catching_up_and_after_mere_disconnects() {
    let Some(block) = mweb_block() else { return };
    let config = config(&[(Topic::HashBlock, MAIN), (Topic::RawBlock, MAIN), (Topic::Sequence, MAIN)]);
    let count = |event: &Event| frames(&config, Encoding::Full, event).len();
    assert_eq!(count(&tip(&block, BlockHash::ZERO, false)), 2);
    assert_eq!(count(&tip(&block, BlockHash::ZERO, true)), 0);
    assert_eq!(count(&tip(&block, block.hash(), false)), 0);
    // The sequence topic speaks during the initial download all the same.
    assert_eq!(count(&Event::Connected(ChainBlock { block, height: 435 })), 1);
}

/// The reference's way: for each callback, ask every notifier in turn.
fn model(config: &NotifyConfig, event: &Event) -> Vec<(usize, Vec<u8>)> {
    let mut out = Vec::new();
    let mut ask = |answer: &dyn Fn(Topic) -> Vec<Vec<u8>>| {
        for (index, notifier) in config.notifiers().iter().enumerate() {
            out.extend(answer(notifier.topic).into_iter().map(|body| (index, body)));
        }
    };
    let reversed = |bytes: &[u8; 32]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    let transaction = |topic: Topic, tx: &Transaction| match topic {
        Topic::HashTx => vec![reversed(tx.txid().as_bytes())],
        Topic::RawTx => vec![tx.bytes().to_vec()],
        _ => vec![],
    };
    let labelled = |hash: &[u8; 32], label: char, number: Option<u64>| {
        let mut body = reversed(hash);
        body.push(u8::try_from(label).expect("ASCII"));
        body.extend(number.into_iter().flat_map(u64::to_le_bytes));
        vec![body]
    };
    match event {
        Event::TxAdded { tx, mempool_sequence } => ask(&|topic| match topic {
            Topic::Sequence => labelled(tx.txid().as_bytes(), 'A', Some(*mempool_sequence)),
            _ => transaction(topic, tx),
        }),
        Event::TxRemoved { txid, mempool_sequence, .. } => ask(&|topic| match topic {
            Topic::Sequence => labelled(txid.as_bytes(), 'R', Some(*mempool_sequence)),
            _ => vec![],
        }),
        Event::Connected(at) | Event::Disconnected(at) => {
            for tx in at.block.transactions() {
                ask(&|topic| transaction(topic, tx));
            }
            let label = if matches!(event, Event::Connected(_)) { 'C' } else { 'D' };
            ask(&|topic| match topic {
                Topic::Sequence => labelled(at.block.hash().as_bytes(), label, None),
                _ => vec![],
            });
        }
        Event::TipChanged { tip, fork, initial_download } => {
            if *initial_download || tip.block.hash() == *fork {
                return out;
            }
            ask(&|topic| match topic {
                Topic::HashBlock => vec![reversed(tip.block.hash().as_bytes())],
                Topic::RawBlock => vec![tip.block.bytes().to_vec()],
                _ => vec![],
            });
        }
    }
    out
}

/// Events over the genesis block of regtest, which needs no files.
fn any_event() -> impl Strategy<Value = Event> {
    const GENESIS: &str = "010000000000000000000000000000000000000000000000000000000000000000000000d9ced4ed1130f7b7faad9be25323ffafa33232a17c3edf6cfd97bee6bafbdd97dae5494dffff7f20000000000101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4804ffff001d0104404e592054696d65732030352f4f63742f32303131205374657665204a6f62732c204170706c65e280997320566973696f6e6172792c2044696573206174203536ffffffff0100f2052a010000004341040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b179c45070ac7b03a9ac00000000";
    let block = block(GENESIS);
    let tx = Arc::clone(&block.transactions()[0]);
    let at = ChainBlock { block, height: 0 };
    let (connected, disconnected, tip) = (at.clone(), at.clone(), at);
    prop_oneof![
        any::<u64>().prop_map(move |mempool_sequence| Event::TxAdded { tx: Arc::clone(&tx), mempool_sequence }),
        (any::<[u8; 32]>(), any::<u64>()).prop_map(|(txid, mempool_sequence)| Event::TxRemoved {
            txid: Txid::from_bytes(txid),
            reason: RemovalReason::Conflict,
            mempool_sequence,
        }),
        Just(Event::Connected(connected)),
        Just(Event::Disconnected(disconnected)),
        (any::<bool>(), any::<bool>()).prop_map(move |(initial_download, forked)| Event::TipChanged {
            fork: if forked { BlockHash::ZERO } else { tip.block.hash() },
            tip: tip.clone(),
            initial_download,
        }),
    ]
}

fn any_config() -> impl Strategy<Value = NotifyConfig> {
    let option = (prop::sample::select(Topic::ALL.to_vec()), prop::sample::select(vec![MAIN, SECOND]));
    prop::collection::vec(option, 0..12).prop_map(|options| config(&options))
}

proptest! {
    #[test]
    fn as_the_notifier_loop_of_the_reference(config in any_config(), log in prop::collection::vec(any_event(), 0..20)) {
        let run = || log.iter().flat_map(|event| frames(&config, Encoding::Full, event)).collect::<Vec<_>>();
        let once = run();
        prop_assert_eq!(&once, &run());
        let expected: Vec<_> = log.iter().flat_map(|event| model(&config, event)).collect();
        let ours: Vec<_> = once.iter().map(|m| (m.notifier, m.body.as_slice().to_vec())).collect();
        prop_assert_eq!(ours, expected);
        prop_assert!(once.iter().all(|m| config.notifiers()[m.notifier].topic == m.topic));
    }
}
