//! Transactions without meaning, and a small chain with coins that anyone can spend.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use litecast_consensus::{
    scripts::ScriptCaches,
    tx::SequenceLocks,
    versionbits::{TOP_BITS, VersionBitsCache},
};
use litecast_mempool::{
    AcceptError, Accepted, Chain, Change, Entry, LockPoints, Mempool, NewEntry, Policy, Removal, TxReject,
    accept::{Arrival, accept, check},
};
use litecast_mweb::{MemoryStore, Verifier};
use litecast_primitives::{
    Amount, BlockHash, BlockHeader, Coin, Height, OutPoint, Transaction, TxIn, TxOut, Txid,
    hash::sha256,
    params::{ActivationOverrides, Network, Params},
    transaction::TxParts,
    view::{ChainHeader, CoinView, HeaderView, ViewError},
};
use litecast_script::opcode;

pub(crate) static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(0));

pub(crate) const COIN: i64 = 100_000_000;
/// Seconds since 1970; any number.
pub(crate) const NOW: i64 = 1_700_000_000;
const SPACING: u32 = 150;

/// SegWit version 0 to a script that is true.
pub(crate) fn true_script() -> Bytes {
    Bytes::from([&[0u8, 32][..], &sha256(&[opcode::OP_1])].concat())
}

/// The parts that spend these and pay these; one byte of an input script keeps transactions apart.
pub(crate) fn parts(spent: &[OutPoint], values: &[i64]) -> TxParts {
    let input = |prevout: &OutPoint| TxIn {
        prevout: *prevout,
        script_sig: Bytes::new(),
        sequence: TxIn::SEQUENCE_FINAL,
        witness: vec![Bytes::from_static(&[opcode::OP_1])],
    };
    let output = |value: &i64| TxOut { value: Amount(*value), script_pubkey: true_script() };
    TxParts {
        version: 2,
        inputs: spent.iter().map(input).collect(),
        outputs: values.iter().map(output).collect(),
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }
}

pub(crate) fn tx(spent: &[OutPoint], values: &[i64]) -> Arc<Transaction> {
    Arc::new(parts(spent, values).into())
}

pub(crate) fn out(tx: &Transaction, vout: u32) -> OutPoint {
    OutPoint { txid: tx.txid(), vout }
}

/// An outpoint of no known transaction.
pub(crate) fn foreign(n: u8) -> OutPoint {
    OutPoint { txid: Txid::from_bytes([n; 32]), vout: n.into() }
}

pub(crate) fn entry_at(tx: &Arc<Transaction>, fee: i64, time: i64) -> Entry {
    let lock_points = LockPoints { locks: SequenceLocks::NONE, deepest_input: (0, BlockHash::ZERO) };
    let (tx, fee) = (Arc::clone(tx), Amount(fee));
    Entry::new(NewEntry { tx, fee, time, height: 1, spends_coinbase: false, sigop_cost: 4, lock_points }, 20)
}

pub(crate) fn entry(tx: &Arc<Transaction>, fee: i64) -> Entry {
    entry_at(tx, fee, 0)
}

/// The changes in short: sign, id, number; the reason of a removal.
pub(crate) fn story(pool: &mut Mempool) -> Vec<(Txid, Option<Removal>, u64)> {
    let short = |change: Change| match change {
        Change::Added { tx, sequence } => (tx.txid(), None, sequence),
        Change::Removed { tx, removal, sequence } => (tx.txid(), Some(removal), sequence),
    };
    pool.take_changes().into_iter().map(short).collect()
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(pub(crate) BTreeMap<Height, ChainHeader>);

impl Headers {
    pub(crate) fn push(&mut self, header: BlockHeader) {
        let height = self.0.last_key_value().map_or(0, |(height, _)| height + 1);
        self.0.insert(height, ChainHeader { hash: header.hash(), header });
    }
}

impl HeaderView for Headers {
    fn tip_height(&self) -> Height {
        *self.0.last_key_value().expect("because no test asks an empty chain").0
    }

    fn at(&self, height: Height) -> Option<ChainHeader> {
        self.0.get(&height).copied()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Coins(pub(crate) HashMap<OutPoint, Coin>);

impl CoinView for Coins {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.0.get(outpoint).cloned())
    }
}

/// A regtest chain with every rule in force, and a pool on top.
pub(crate) struct World {
    pub(crate) params: Params,
    pub(crate) headers: Headers,
    pub(crate) coins: Coins,
    pub(crate) inside: MemoryStore,
    versionbits: VersionBitsCache,
    caches: ScriptCaches,
    pub(crate) pool: RefCell<Mempool>,
    count: u8,
}

impl World {
    pub(crate) fn new(policy: Policy) -> Self {
        let mut params = Params::new(Network::Regtest);
        let vbparams = vec!["mweb:-1:0".to_owned()];
        let overrides = ActivationOverrides { segwit_height: None, vbparams };
        params.apply(&overrides).expect("because the deployment exists");
        let mut world = Self {
            params,
            headers: Headers::default(),
            coins: Coins::default(),
            inside: MemoryStore::default(),
            versionbits: VersionBitsCache::default(),
            caches: ScriptCaches::new(1 << 16),
            pool: RefCell::new(Mempool::new(policy, NOW)),
            count: 0,
        };
        world.headers.push(*world.params.genesis.header());
        (0..200).for_each(|_| world.mine());
        world
    }

    pub(crate) fn standard() -> Self {
        Self::new(Policy::default())
    }

    /// A header on top.
    pub(crate) fn mine(&mut self) {
        let below = self.headers.tip();
        let time = below.header.time + SPACING;
        self.headers.push(BlockHeader { version: TOP_BITS, prev: below.hash, time, ..below.header });
    }

    pub(crate) fn height(&self) -> Height {
        self.headers.tip_height()
    }

    /// A coin in the chain.
    pub(crate) fn coin(&mut self, value: i64) -> OutPoint {
        self.coin_with(value, |_| {})
    }

    pub(crate) fn coin_with(&mut self, value: i64, change: impl FnOnce(&mut Coin)) -> OutPoint {
        self.count += 1;
        let output = TxOut { value: Amount(value), script_pubkey: true_script() };
        let mut coin = Coin { output, height: 1, is_coinbase: false, is_peg_out: false };
        change(&mut coin);
        self.coins.0.insert(foreign(self.count), coin);
        foreign(self.count)
    }

    pub(crate) fn chain(&self) -> Chain<'_> {
        Chain {
            headers: &self.headers,
            coins: &self.coins,
            inside: &self.inside,
            params: &self.params,
            versionbits: &self.versionbits,
            verifier: &VERIFIER,
            caches: &self.caches,
        }
    }

    /// A verdict on trial, which must be the verdict in earnest.
    pub(crate) fn accept(&self, tx: &Arc<Transaction>) -> Result<Accepted, TxReject> {
        self.accept_as(tx, Arrival::at(NOW))
    }

    pub(crate) fn accept_as(&self, tx: &Arc<Transaction>, arrival: Arrival) -> Result<Accepted, TxReject> {
        let mut pool = self.pool.borrow_mut();
        let before = (pool.len(), pool.sequence(), pool.usage(), pool.updates());
        let trial = check(&pool, tx, &self.chain(), arrival).map(|candidate| candidate.accepted(&pool)).map_err(reject);
        assert_eq!((pool.len(), pool.sequence(), pool.usage(), pool.updates()), before, "a trial changes nothing");
        let found = accept(&mut pool, tx, &self.chain(), arrival).map_err(reject);
        match (&trial, &found) {
            (Err(trial), Err(found)) => assert_eq!(trial, found),
            (Ok(trial), Ok(found)) => assert_eq!(trial.fee, found.fee),
            (Ok(_), Err(full)) => assert_eq!(full.reason(), "mempool full"),
            (Err(trial), Ok(_)) => panic!("only the trial failed: {trial}"),
        }
        found
    }

    pub(crate) fn reason(&self, tx: &Arc<Transaction>) -> String {
        self.accept(tx).map_or_else(|reject| reject.reason().into_owned(), |_| "accepted".into())
    }
}

fn reject(error: AcceptError) -> TxReject {
    match error {
        AcceptError::Reject(reject) => reject,
        AcceptError::View(error) => panic!("{error}"),
    }
}
