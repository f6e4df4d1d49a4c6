//! The state of the tree while it grows: the tip that a node must have, the blocks below, coins to spend.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use litecast_primitives::{
    Block, BlockHash, OutPoint, TxOut,
    params::{Network, Params},
    transaction::TxParts,
};

use crate::{
    case::{Case, Delivery, Expect, GROUND, Step},
    draft::{ANYONE, Draft, coinbase_script, outpoint, output, transaction},
    lock::{Signing, Unlock},
};

/// Time of the first block.
const START: u32 = 1_600_000_000;
/// Seconds between blocks.
pub(crate) const SPACING: u32 = 150;
/// Value of each coin that cases spend.
pub(crate) const COIN: i64 = 2_000_000;
/// How many there are of them.
const COINS: usize = 1200;

/// What is known of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) prev: BlockHash,
    pub(crate) height: u32,
    pub(crate) time: u32,
    /// The first output of the coinbase.
    pub(crate) coinbase: OutPoint,
}

/// How a transaction spends the coin of [`Tree::spend`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) version: i32,
    pub(crate) lock_time: u32,
    pub(crate) sequence: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { version: 2, lock_time: 0, sequence: u32::MAX }
    }
}

/// The tree.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) cases: Vec<Case>,
    pub(crate) tip: BlockHash,
    places: HashMap<BlockHash, Place>,
    coins: VecDeque<OutPoint>,
    serial: u32,
    pub(crate) group: &'static str,
}

pub(crate) fn subsidy(height: u32) -> i64 {
    5_000_000_000_i64.checked_shr(height / 150).unwrap_or(0)
}

impl Tree {
    pub(crate) fn new() -> Self {
        let genesis = Params::new(Network::Regtest).genesis_hash();
        let root = Place { prev: BlockHash::ZERO, height: 0, time: START - SPACING, coinbase: OutPoint::NULL };
        let places = HashMap::from([(genesis, root)]);
        Self { cases: Vec::new(), tip: genesis, places, coins: VecDeque::new(), serial: 0, group: GROUND }
    }

    pub(crate) fn place(&self, hash: &BlockHash) -> Place {
        self.places[hash]
    }

    pub(crate) fn height(&self) -> u32 {
        self.place(&self.tip).height
    }

    /// The block of the active chain at a height.
    pub(crate) fn at(&self, height: u32) -> BlockHash {
        let mut at = self.tip;
        while self.place(&at).height > height {
            at = self.place(&at).prev;
        }
        at
    }

    /// Median time of a block and the ten below it.
    pub(crate) fn median_time(&self, hash: &BlockHash) -> u32 {
        let mut times = Vec::new();
        let mut at = *hash;
        while let Some(place) = self.places.get(&at).filter(|_| times.len() < 11) {
            times.push(place.time);
            at = place.prev;
        }
        times.sort_unstable();
        times[times.len() / 2]
    }

    pub(crate) fn serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// A coin that anyone can spend, old on every branch.
    pub(crate) fn coin(&mut self) -> OutPoint {
        self.coins.pop_front().expect("because there are more coins than cases")
    }

    /// A good block on the tip.
    pub(crate) fn draft(&mut self) -> Draft {
        self.draft_on(self.tip)
    }

    /// A good block on any block.
    pub(crate) fn draft_on(&mut self, prev: BlockHash) -> Draft {
        let place = self.place(&prev);
        let height = place.height + 1;
        let mut coinbase = transaction(&[OutPoint::NULL], vec![output(subsidy(height), ANYONE)]);
        coinbase.inputs[0].script_sig = coinbase_script(height, self.serial());
        Draft::new(prev, place.time + SPACING, coinbase)
    }

    /// A good transaction: a fresh coin to anyone.
    pub(crate) fn payment(&mut self) -> TxParts {
        let coin = self.coin();
        transaction(&[coin], vec![output(COIN, ANYONE)])
    }

    /// Remembers a block so that others can stand on it.
    pub(crate) fn learn(&mut self, block: &Block) {
        let header = block.header();
        if let Some(below) = self.places.get(&header.prev) {
            let coinbase = block
                .transactions()
                .first()
                .map_or(OutPoint::NULL, |coinbase| OutPoint { txid: coinbase.txid(), vout: 0 });
            let place = Place { prev: header.prev, height: below.height + 1, time: header.time, coinbase };
            self.places.insert(block.hash(), place);
        }
    }

    /// `count` good blocks on any block.
    pub(crate) fn branch(&mut self, prev: BlockHash, count: usize) -> Vec<Arc<Block>> {
        let mut tip = prev;
        (0..count)
            .map(|_| {
                let block = self.draft_on(tip).mine();
                self.learn(&block);
                tip = block.hash();
                block
            })
            .collect()
    }

    /// Adds a case of the current group.
    pub(crate) fn case(&mut self, name: &str, steps: Vec<Step>) {
        let mut known = self.cases.iter();
        assert!(!known.any(|case| case.name == name), "two cases are called {name:?}");
        self.cases.push(Case { group: self.group, name: name.to_owned(), clock: self.clock(), steps });
    }

    /// What the clock shows: the tip is new. Asked before a case moves the tip.
    pub(crate) fn clock(&self) -> u32 {
        let last = self.cases.last().map_or(0, |case| case.clock);
        last.max(self.place(&self.tip).time)
    }

    /// One step; a moved tip is remembered.
    pub(crate) fn step(&mut self, delivery: Delivery, expect: Expect) -> Step {
        if let Delivery::Blocks(blocks) | Delivery::Branch(blocks) | Delivery::BranchBackwards(blocks) = &delivery {
            for block in blocks {
                self.learn(block);
            }
            if matches!(expect, Expect::Accepted | Expect::Reorganised { .. }) {
                self.tip = blocks.last().expect("because something is delivered").hash();
            }
        }
        Step { delivery, expect, tip: self.tip }
    }

    /// A step with one block that becomes the tip.
    pub(crate) fn good(&mut self, block: Arc<Block>) -> Step {
        self.step(Delivery::Blocks(vec![block]), Expect::Accepted)
    }

    /// A step with one block that is refused.
    pub(crate) fn bad(&mut self, block: Arc<Block>, reason: &str) -> Step {
        self.step(Delivery::Blocks(vec![block]), Expect::Rejected(reason.to_owned()))
    }

    /// A case with one good block.
    pub(crate) fn accepted(&mut self, name: &str, draft: Draft) -> Arc<Block> {
        let clock = self.clock();
        let block = draft.mine();
        let step = self.good(Arc::clone(&block));
        self.case(name, vec![step]);
        self.cases.last_mut().expect("because it was just added").clock = clock;
        block
    }

    /// A case with one block that is refused.
    pub(crate) fn rejected(&mut self, name: &str, draft: Draft, reason: &str) -> Arc<Block> {
        let block = draft.mine();
        let step = self.bad(Arc::clone(&block), reason);
        self.case(name, vec![step]);
        block
    }

    /// A case with a good block or one that is refused.
    pub(crate) fn judged(&mut self, name: &str, draft: Draft, reason: Option<&str>) {
        match reason {
            None => self.accepted(name, draft),
            Some(reason) => self.rejected(name, draft, reason),
        };
    }

    /// Plain blocks up to a height.
    pub(crate) fn grow_to(&mut self, height: u32) {
        let count = usize::try_from(height - self.height()).expect("because heights are small");
        if count == 0 {
            return;
        }
        let blocks = self.branch(self.tip, count);
        let step = self.step(Delivery::Blocks(blocks), Expect::Accepted);
        self.cases.push(Case {
            group: GROUND,
            name: format!("blocks up to height {height}"),
            clock: self.clock(),
            steps: vec![step],
        });
    }

    /// Splits a coinbase into coins for the cases.
    pub(crate) fn split(&mut self, coinbase: OutPoint, value: i64) {
        let outputs = vec![output(COIN, ANYONE); COINS];
        let total = COIN * i64::try_from(COINS).expect("because it is a small constant");
        assert!(total <= value);
        let tx = transaction(&[coinbase], outputs);
        let count = u32::try_from(COINS).expect("because it is a small constant");
        let txid = outpoint(&tx, 0).txid;
        self.coins.extend((0..count).map(|vout| OutPoint { txid, vout }));
        let mut draft = self.draft();
        draft.push(tx);
        let group = std::mem::replace(&mut self.group, GROUND);
        self.accepted("a coin for every case", draft);
        self.group = group;
    }

    /// A transaction that puts a fresh coin under a lock.
    pub(crate) fn lock(&mut self, lock: &[u8]) -> TxParts {
        let coin = self.coin();
        transaction(&[coin], vec![output(COIN, lock)])
    }

    /// A transaction that unlocks the first output of another.
    pub(crate) fn unlock(
        &mut self,
        from: &TxParts,
        terms: Terms,
        unlock: impl FnOnce(&Signing<'_>) -> Unlock,
    ) -> TxParts {
        let mut tx = transaction(&[outpoint(from, 0)], vec![output(from.outputs[0].value.0, ANYONE)]);
        tx.version = terms.version;
        tx.lock_time = terms.lock_time;
        tx.inputs[0].sequence = terms.sequence;
        sign(&mut tx, &from.outputs[..1], 0, unlock);
        tx
    }

    /// A case with one block, in which a coin is locked and unlocked again.
    pub(crate) fn spend_on(
        &mut self,
        name: &str,
        lock: &[u8],
        terms: Terms,
        unlock: impl FnOnce(&Signing<'_>) -> Unlock,
        reason: Option<&str>,
    ) {
        let from = self.lock(lock);
        let spend = self.unlock(&from, terms, unlock);
        let mut draft = self.draft();
        draft.push(from).push(spend);
        self.judged(name, draft, reason);
    }

    /// The same with ordinary terms.
    pub(crate) fn spend(
        &mut self,
        name: &str,
        lock: &[u8],
        unlock: impl FnOnce(&Signing<'_>) -> Unlock,
        reason: Option<&str>,
    ) {
        self.spend_on(name, lock, Terms::default(), unlock, reason);
    }
}

/// Unlocks one input.
pub(crate) fn sign(tx: &mut TxParts, spent: &[TxOut], index: usize, unlock: impl FnOnce(&Signing<'_>) -> Unlock) {
    let made = unlock(&Signing { tx, spent, index });
    tx.inputs[index].script_sig = made.script_sig.into();
    tx.inputs[index].witness = made.witness.into_iter().map(Into::into).collect();
}
