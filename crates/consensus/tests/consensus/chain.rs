//! A chain in memory that takes blocks one after another and gives them back.

use litecast_consensus::{
    BlockUndo, Context, State,
    block::{check_block, contextual_check_block},
    connect_block, disconnect_block,
    header::contextual_check_block_header,
    scripts::{InOrder, ScriptCaches},
    versionbits::VersionBitsCache,
};
use litecast_primitives::{Block, params::Params, view::HeaderView};

use crate::model::{Coins, Headers, Inside, VERIFIER};

struct Step {
    block: Block,
    undo: BlockUndo,
    coins_below: Coins,
    mweb_below: Inside,
}

pub(crate) struct Chain {
    pub(crate) params: Params,
    pub(crate) coins: Coins,
    headers: Headers,
    pub(crate) mweb: Inside,
    cache: VersionBitsCache,
    scripts: ScriptCaches,
    steps: Vec<Step>,
}

impl Chain {
    /// The genesis block alone.
    pub(crate) fn new(params: Params) -> Self {
        let mut headers = Headers::default();
        headers.push(*params.genesis.header());
        let (coins, mweb) = (Coins::default(), Inside::default());
        let (cache, scripts) = (VersionBitsCache::default(), ScriptCaches::new(1 << 20));
        Self { params, coins, headers, mweb, cache, scripts, steps: Vec::new() }
    }

    fn context(&self) -> Context<'_> {
        Context { chain: &self.headers, params: &self.params, versionbits: &self.cache, mweb: &VERIFIER }
    }

    /// All rules except proof of work, then the block is on top.
    pub(crate) fn connect(&mut self, block: &Block) {
        let height = self.headers.tip_height() + 1;
        let header = block.header();
        assert_eq!(header.prev, self.headers.tip().hash, "height {height}");
        let verdict = contextual_check_block_header(header, &self.headers, &self.params, header.time.into(), None);
        assert_eq!(verdict, Ok(()), "height {height}");
        assert_eq!(check_block(block), Ok(()), "height {height}");
        let verdict = contextual_check_block(block, &self.context());
        assert_eq!(verdict, Ok(()), "height {height}");
        let mut scripts = InOrder(Some(&self.scripts));
        let state = State { coins: &self.coins, mweb: &self.mweb.store, prev_mweb: self.mweb.prev() };
        let connected = connect_block(block, &self.context(), &state, &mut scripts)
            .unwrap_or_else(|error| panic!("height {height}: {error}"));
        let coins_below = self.coins.clone();
        self.coins.apply(connected.delta);
        let mweb_below = self.mweb.clone();
        self.steps.push(Step { block: block.clone(), undo: connected.undo, coins_below, mweb_below });
        self.mweb.store.apply(connected.mweb);
        if let (Some(hogex), Some(extension)) = (block.hogex(), block.extension()) {
            self.mweb.hogex = hogex.txid();
            self.mweb.amount = hogex.outputs()[0].value;
            self.mweb.header = Some(extension.header.clone());
        }
        self.headers.push(*header);
    }

    /// Takes every block off again; each leaves what it found.
    pub(crate) fn disconnect_all(&mut self) {
        while let Some(step) = self.steps.pop() {
            let (coins, mweb) = disconnect_block(&step.block, &step.undo, &self.mweb.store).unwrap();
            self.coins.apply(coins);
            self.mweb.store.apply(mweb);
            assert_eq!(self.mweb.store, step.mweb_below.store, "block {}", step.block.hash());
            assert_eq!(self.coins, step.coins_below, "block {}", step.block.hash());
            self.mweb = step.mweb_below;
            self.headers.pop();
        }
        assert_eq!((self.headers.tip_height(), self.coins.0.len()), (0, 0));
    }
}
