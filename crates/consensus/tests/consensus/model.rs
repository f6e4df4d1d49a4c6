//! Views in memory: the simplest things that can be asked what the rules ask.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use litecast_consensus::{CoinDelta, PrevMweb};
use litecast_mweb::{MemoryStore, Verifier};
use litecast_primitives::{
    Amount, BlockHeader, Coin, Height, OutPoint, Txid,
    mweb::Header,
    view::{ChainHeader, CoinView, HeaderView, ViewError},
};

/// Headers by height; those that nobody asks for may be missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(pub(crate) BTreeMap<Height, ChainHeader>);

impl Headers {
    pub(crate) fn insert(&mut self, height: Height, header: BlockHeader) {
        self.0.insert(height, ChainHeader { hash: header.hash(), header });
    }

    /// Puts a header on top.
    pub(crate) fn push(&mut self, header: BlockHeader) {
        let height = self.0.last_key_value().map_or(0, |(height, _)| height + 1);
        self.insert(height, header);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop_last();
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

/// The set of coins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Coins(pub(crate) HashMap<OutPoint, Coin>);

impl Coins {
    pub(crate) fn apply(&mut self, delta: CoinDelta) {
        let before = i64::try_from(self.0.len()).unwrap();
        for (outpoint, coin) in delta.changes {
            match coin {
                Some(coin) => drop(self.0.insert(outpoint, coin)),
                None => drop(self.0.remove(&outpoint).expect("a coin is gone that never was")),
            }
        }
        assert_eq!(i64::try_from(self.0.len()).unwrap() - before, delta.net, "the count is not the number of coins");
    }
}

impl CoinView for Coins {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.0.get(outpoint).cloned())
    }
}

/// A view on a broken disk.
pub(crate) struct BrokenCoins;

impl CoinView for BrokenCoins {
    fn coin(&self, _: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Err(ViewError("the disk is gone".into()))
    }
}

/// One context of the curve for all tests, without a memory.
pub(crate) static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(0));

/// The inside of the extension block, as the last block left it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inside {
    pub(crate) hogex: Txid,
    pub(crate) amount: Amount,
    pub(crate) header: Option<Header>,
    pub(crate) store: MemoryStore,
}

impl Inside {
    pub(crate) fn prev(&self) -> PrevMweb<'_> {
        PrevMweb { hogex: self.hogex, amount: self.amount, header: self.header.as_ref() }
    }
}
