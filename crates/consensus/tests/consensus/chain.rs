//! A chain in memory that takes blocks one after another and gives them back.

use litecast_consensus::{
    BlockUndo,
    block::{check_block, contextual_check_block},
    connect_block, disconnect_block,
    header::contextual_check_block_header,
    mweb::PrevMweb,
    scripts::{InOrder, ScriptCaches},
    versionbits::VersionBitsCache,
};
use litecast_primitives::{Block, params::Params, view::HeaderView};

use crate::model::{Coins, Headers};

struct Step {
    block: Block,
    undo: BlockUndo,
    coins_below: Coins,
    mweb_below: PrevMweb,
}

pub(crate) struct Chain {
    pub(crate) params: Params,
    pub(crate) coins: Coins,
    headers: Headers,
    mweb: PrevMweb,
    cache: VersionBitsCache,
    scripts: ScriptCaches,
    steps: Vec<Step>,
}

impl Chain {
    /// The genesis block alone.
    pub(crate) fn new(params: Params) -> Self {
        let mut headers = Headers::default();
        headers.push(*params.genesis.header());
        let (coins, mweb) = (Coins::default(), PrevMweb::default());
        let (cache, scripts) = (VersionBitsCache::default(), ScriptCaches::new(1 << 20));
        Self { params, coins, headers, mweb, cache, scripts, steps: Vec::new() }
    }

    pub(crate) fn prev_mweb(&self) -> PrevMweb {
        self.mweb
    }

    /// All rules except proof of work, then the block is on top.
    pub(crate) fn connect(&mut self, block: &Block) {
        let height = self.headers.tip_height() + 1;
        let header = block.header();
        assert_eq!(header.prev, self.headers.tip().hash, "height {height}");
        let verdict = contextual_check_block_header(header, &self.headers, &self.params, header.time.into(), None);
        assert_eq!(verdict, Ok(()), "height {height}");
        assert_eq!(check_block(block), Ok(()), "height {height}");
        let verdict = contextual_check_block(block, &self.headers, &self.params, &self.cache);
        assert_eq!(verdict, Ok(()), "height {height}");
        let mut scripts = InOrder(Some(&self.scripts));
        let connected =
            connect_block(block, &self.headers, &self.coins, self.mweb, &self.params, &self.cache, &mut scripts)
                .unwrap_or_else(|error| panic!("height {height}: {error}"));
        let coins_below = self.coins.clone();
        self.coins.apply(connected.delta);
        self.steps.push(Step { block: block.clone(), undo: connected.undo, coins_below, mweb_below: self.mweb });
        self.mweb = block
            .hogex()
            .map_or_else(PrevMweb::default, |tx| PrevMweb { hogex: tx.txid(), amount: tx.outputs()[0].value });
        self.headers.push(*header);
    }

    /// Takes every block off again; each leaves what it found.
    pub(crate) fn disconnect_all(&mut self) {
        while let Some(step) = self.steps.pop() {
            self.coins.apply(disconnect_block(&step.block, &step.undo).unwrap());
            assert_eq!(self.coins, step.coins_below, "block {}", step.block.hash());
            self.mweb = step.mweb_below;
            self.headers.pop();
        }
        assert_eq!((self.headers.tip_height(), self.coins.0.len()), (0, 0));
    }
}
