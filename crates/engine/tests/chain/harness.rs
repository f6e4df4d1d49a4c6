//! A running engine in a temporary folder, with its feed recorded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use bytes::Bytes;
use crossbeam_channel::Receiver;
use litecast_engine::{AssembleRequest, Clock, Contents, Engine, FeedItem, Handle, MiningPolicy, Options, mine};
use litecast_mempool::Policy;
use litecast_primitives::{
    Block, BlockHash, Txid, U256,
    event::Event,
    hash::MwebHash,
    mweb::Kernel,
    params::{ActivationOverrides, Network, Params},
};
use litecast_store::{Store, coin_codec::encode_coin, simulation::SimulatedDisk};

/// A time at which all vectors lie in the past.
pub(crate) const NOW: i64 = 2_000_000_000;

/// Tip, and every coin, then everything inside of the extension block, as bytes that can be compared.
pub(crate) type State = (BlockHash, Vec<(Vec<u8>, Vec<u8>)>);

pub(crate) struct Node {
    engine: Option<Engine>,
    pub(crate) log: Arc<Mutex<Vec<Event>>>,
    pub(crate) warnings: Arc<Mutex<Vec<String>>>,
    feed: Option<thread::JoinHandle<()>>,
}

pub(crate) fn options(dir: &Path, without_mweb: bool) -> Options {
    let mut params = Params::new(Network::Regtest);
    if without_mweb {
        let vbparams = vec!["mweb:-2:0".to_owned()];
        params.apply(&ActivationOverrides { vbparams, ..Default::default() }).unwrap();
    }
    let clock = Arc::new(Clock::default());
    clock.set_mock(NOW);
    Options {
        dir: dir.to_owned(),
        fee_estimates: dir.join("fee_estimates.dat"),
        blocks_dir: dir.join("blocks"),
        params: Arc::new(params),
        clock,
        cache_bytes: 64 << 20,
        max_tip_age: i64::MAX,
        minimum_chain_work: U256::zero(),
        stop_at_height: None,
        block_version: None,
        checkpoints: true,
        script_threads: 1,
        check_blocks: 6,
        check_level: 4,
        mempool: Policy { require_standard: false, replacement: true, ..Policy::default() },
        mining: MiningPolicy::default(),
        script_cache_bytes: 1 << 20,
        block_filters: true,
        wipe: litecast_store::Wipe::Nothing,
    }
}

impl Node {
    pub(crate) fn start(options: Options) -> Self {
        let (engine, feed) = Engine::start(options).unwrap();
        Self::of(engine, feed)
    }

    /// On a disk in memory; `None` if the disk fails before the engine runs.
    pub(crate) fn start_on(options: Options, disk: &SimulatedDisk) -> Option<Self> {
        let store = Store::open_with(&options.store(), Arc::new(disk.clone()), Box::new(disk.clone())).ok()?;
        let (engine, feed) = Engine::start_on(options, store).ok()?;
        Some(Self::of(engine, feed))
    }

    fn of(engine: Engine, feed: Receiver<FeedItem>) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&log);
        let warnings = Arc::default();
        let warned: Arc<Mutex<Vec<String>>> = Arc::clone(&warnings);
        let feed = thread::spawn(move || {
            for item in feed {
                match item {
                    FeedItem::Event(event) => sink.lock().unwrap().push(event),
                    FeedItem::Warning(text) => warned.lock().unwrap().push(text),
                    FeedItem::Barrier(done) => drop(done.send(Ok(()))),
                }
            }
        });
        Self { engine: Some(engine), log, warnings, feed: Some(feed) }
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.engine.as_ref().unwrap().handle()
    }

    pub(crate) fn tip(&self) -> BlockHash {
        self.handle().reader().tip().hash
    }

    pub(crate) fn submit(&self, block: &Arc<Block>) -> Option<String> {
        let outcome = self.handle().submit_block(Arc::clone(block), true).unwrap();
        let own = outcome.checked.iter().find(|(hash, _)| *hash == block.hash()).and_then(|(_, r)| r.clone());
        outcome.accepted.err().or(own).map(|reject| reject.reason().into_owned())
    }

    /// Makes an empty block on the tip; `tag` makes it differ from others there.
    pub(crate) fn make(&self, tag: u8) -> Arc<Block> {
        self.make_with(tag, Contents::These(Vec::new()))
    }

    pub(crate) fn make_with(&self, tag: u8, contents: Contents) -> Arc<Block> {
        let request = AssembleRequest {
            script_pubkey: Bytes::copy_from_slice(&[2, tag, 0xff, 0x75, 0x51]),
            contents,
            extra_nonce: 1,
        };
        let template = self.handle().assemble(request).unwrap().unwrap();
        let params = Arc::clone(self.handle().reader().params());
        Arc::new(mine(&template.block, &params, &mut 1_000_000).unwrap())
    }

    pub(crate) fn generate(&self, count: usize, tag: u8) -> Vec<Arc<Block>> {
        (0..count)
            .map(|_| {
                let block = self.make(tag);
                assert_eq!(self.submit(&block), None);
                block
            })
            .collect()
    }

    /// Events so far as short words: `+hash`, `-hash`, `=hash`.
    pub(crate) fn story(&self) -> Vec<String> {
        self.handle().sync_with_feed().unwrap();
        self.log
            .lock()
            .unwrap()
            .iter()
            .map(|event| match event {
                Event::Connected(at) => format!("+{}", at.block.hash()),
                Event::Disconnected(at) => format!("-{}", at.block.hash()),
                Event::TipChanged { tip, .. } => format!("={}", tip.block.hash()),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// What the chain has come to, on disk.
    pub(crate) fn state(&self) -> State {
        self.handle().flush().unwrap();
        let mut coins: Vec<_> = self
            .handle()
            .reader()
            .stored_coins()
            .unwrap()
            .map(|item| item.unwrap())
            .map(|(outpoint, coin)| (outpoint.encode().to_vec(), encode_coin(&coin)))
            .collect();
        coins.sort();
        let (count, waiting, _) = self.handle().reader().coin_statistics();
        assert_eq!((count, waiting), (coins.len() as u64, 0), "the count of coins is not the number of coins");
        coins.extend(self.inside());
        (self.tip(), coins)
    }

    /// The leafset, every unspent output inside, and the hashes that prove them.
    fn inside(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (reader, tip) = (self.handle().reader(), self.tip());
        let Some(leafset) = reader.mweb_leafset(&tip).unwrap() else { return Vec::new() };
        let mut all = vec![(b"leafset".to_vec(), leafset.to_vec())];
        let bits = (0u64..).zip(leafset.iter().flat_map(|byte| (0..8).map(move |bit| byte & 0x80 >> bit != 0)));
        if let Some((first, _)) = bits.into_iter().find(|(_, unspent)| *unspent) {
            let segment = reader.mweb_segment(&tip, first, usize::MAX).unwrap().unwrap();
            for utxo in &segment.utxos {
                let mut bytes = Vec::new();
                utxo.encode(&mut bytes);
                all.push((utxo.leaf.to_be_bytes().to_vec(), bytes));
            }
            all.extend(segment.proof_hashes.iter().map(|hash| (b"proof".to_vec(), hash.0.to_vec())));
        }
        all
    }

    pub(crate) fn stop(mut self) -> Vec<Event> {
        self.engine.take().unwrap().stop().unwrap();
        self.feed.take().unwrap().join().unwrap();
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// What the events of a node's first run add up to.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) chain: Vec<BlockHash>,
    /// By id, with the kernels inside.
    pub(crate) pool: BTreeMap<Txid, BTreeSet<MwebHash>>,
}

/// The chain that the events lead to.
pub(crate) fn fold(log: &[Event]) -> Vec<BlockHash> {
    fold_all(log).chain
}

/// The laws of the event contract: folding the log gives the tip and the mempool, and its numbers only grow.
pub(crate) fn fold_all(log: &[Event]) -> Folded {
    let Folded { mut chain, mut pool } = Folded::default();
    let mut last_sequence = 0;
    let mut number = |sequence: u64| assert!(std::mem::replace(&mut last_sequence, sequence) < sequence);
    for event in log {
        match event {
            Event::Connected(at) => {
                assert_eq!(at.height as usize, chain.len());
                if let Some(tip) = chain.last() {
                    assert_eq!(at.block.header().prev, *tip);
                }
                chain.push(at.block.hash());
                let kernels: BTreeSet<MwebHash> =
                    at.block.extension().into_iter().flat_map(|ext| &ext.body.kernels).map(Kernel::id).collect();
                at.block.transactions().iter().for_each(|tx| drop(pool.remove(&tx.txid())));
                pool.retain(|_, inside| inside.is_disjoint(&kernels));
            }
            Event::Disconnected(at) => assert_eq!(chain.pop(), Some(at.block.hash())),
            Event::TipChanged { tip, fork, .. } => {
                assert_eq!(chain.last(), Some(&tip.block.hash()));
                assert!(chain.contains(fork) || chain.len() == 1);
            }
            Event::TxAdded { tx, mempool_sequence } => {
                number(*mempool_sequence);
                let kernels = tx.mweb().into_iter().flat_map(|mweb| &mweb.body.kernels).map(Kernel::id).collect();
                assert_eq!(pool.insert(tx.txid(), kernels), None, "a transaction comes once");
            }
            // What was trimmed at once leaves without having come.
            Event::TxRemoved { txid, mempool_sequence, .. } => {
                number(*mempool_sequence);
                pool.remove(txid);
            }
        }
    }
    Folded { chain, pool }
}
