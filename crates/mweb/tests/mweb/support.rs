//! Recorded data, and a chain that is followed block by block.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use litecast_mweb::{
    Connected, MemoryStore, PegIn, Reject, Rule, Verifier, check_block, connect_block, disconnect_block,
};
use litecast_primitives::{
    Block,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, PegOut},
    params::{MwebParams, Network, Params},
};

/// One context for all tests, without a memory: every signature is verified every time.
pub(crate) static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(0));

/// The folder of the data, or `None` with a word about it.
pub(crate) fn folder() -> Option<PathBuf> {
    let path = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no vectors at {} (set LITECAST_VECTORS)", path.display());
    None
}

/// Blocks in hexadecimal, one a line.
pub(crate) fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| Block::from_bytes(hex::decode(line.trim()).unwrap().into()).unwrap()).collect()
}

pub(crate) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn regtest() -> MwebParams {
    Params::new(Network::Regtest).mweb
}

/// The kernel that a peg-in script names: OP_9 and a push of 32 bytes.
pub(crate) fn peg_in_kernel(script: &[u8]) -> Option<MwebHash> {
    match script {
        [0x59, 0x20, id @ ..] => Some(MwebHash(id.try_into().ok()?)),
        _ => None,
    }
}

pub(crate) fn peg_ins_of(block: &Block) -> Vec<PegIn> {
    let transactions = block.transactions();
    let outputs = transactions[1..transactions.len() - 1].iter().flat_map(|tx| tx.outputs());
    outputs
        .filter_map(|out| peg_in_kernel(&out.script_pubkey).map(|kernel_id| PegIn { amount: out.value, kernel_id }))
        .collect()
}

pub(crate) fn peg_outs_of(block: &Block) -> Vec<PegOut> {
    let outputs = block.hogex().unwrap().outputs()[1..].iter();
    outputs.map(|out| PegOut { amount: out.value, script_pubkey: out.script_pubkey.clone() }).collect()
}

/// The state after some blocks.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) header: Option<Header>,
    pub(crate) store: MemoryStore,
}

impl State {
    /// Both stages, without changing the state.
    pub(crate) fn judge(&self, block: &Block, verifier: &Verifier) -> Result<Connected, Reject> {
        self.judge_extension(block, block.extension().unwrap(), verifier)
    }

    /// Both stages for another extension block in the place of this block's own.
    pub(crate) fn judge_extension(
        &self,
        block: &Block,
        extension: &ExtensionBlock,
        verifier: &Verifier,
    ) -> Result<Connected, Reject> {
        let params = regtest();
        check_block(extension, &peg_ins_of(block), &peg_outs_of(block), &params, verifier)?;
        connect_block(extension, &block.hash(), self.header.as_ref(), &self.store, &params, verifier).map_err(|error| {
            match error {
                litecast_mweb::ConnectError::Reject(reject) => reject,
                litecast_mweb::ConnectError::View(error) => panic!("{error}"),
            }
        })
    }

    /// Connects a block, if it carries an extension block.
    pub(crate) fn connect(&mut self, block: &Block, verifier: &Verifier) -> Option<Connected> {
        let extension = block.extension()?;
        let connected = self.judge(block, verifier).unwrap_or_else(|reject| panic!("{}: {reject}", block.hash()));
        self.store.apply(connected.delta.clone());
        self.header = Some(extension.header.clone());
        Some(connected)
    }

    pub(crate) fn disconnect(&mut self, undo: &litecast_mweb::MwebUndo) {
        let delta = disconnect_block(self.header.as_ref().unwrap(), undo, &self.store).unwrap();
        self.store.apply(delta);
        self.header = undo.prev_header.clone();
    }
}

/// Follows a recorded chain and shows every block that carries an extension block, with the state below it.
pub(crate) fn follow(name: &str, mut visit: impl FnMut(&State, &Block)) -> Option<State> {
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    let mut state = State::default();
    for block in blocks(&folder()?.join(name)).iter().filter(|block| block.extension().is_some()) {
        visit(&state, block);
        state.connect(block, &verifier);
    }
    Some(state)
}

/// The rule that a judgement names.
pub(crate) fn rule(judgement: Result<Connected, Reject>) -> Option<Rule> {
    judgement.err().map(|reject| reject.rule)
}
