//! What the rules may ask about the chain: read-only views, implemented by the engine and by tests.

use crate::{BlockHash, BlockHeader, Coin, Height, OutPoint};

/// The machine failed while a view was read. Never a statement about a block.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ViewError(pub Box<dyn std::error::Error + Send + Sync>);

/// The set of unspent outputs at one point of the chain.
pub trait CoinView {
    /// The coin at an outpoint, or `None` if it is spent or never was.
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError>;
}

/// A header at its place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHeader {
    /// Its hash.
    pub hash: BlockHash,
    /// Its 80 bytes.
    pub header: BlockHeader,
}

/// Blocks that the median time is taken over (v0.21.5.5 src/chain.h, nMedianTimeSpan).
const MEDIAN_TIME_SPAN: Height = 11;

/// The headers of one chain from the genesis block up to [`HeaderView::tip_height`].
pub trait HeaderView {
    /// Height of the last header.
    fn tip_height(&self) -> Height;

    /// The header at a height; `None` above the tip.
    fn at(&self, height: Height) -> Option<ChainHeader>;

    /// The last header.
    fn tip(&self) -> ChainHeader {
        self.at(self.tip_height()).expect("because a view ends at its tip")
    }

    /// Median of the times of the block at `height` and the ten below (BIP113), Unix seconds.
    fn median_time_past(&self, height: Height) -> i64 {
        let first = height.saturating_sub(MEDIAN_TIME_SPAN - 1);
        let mut times: Vec<u32> = (first..=height).filter_map(|h| self.at(h)).map(|h| h.header.time).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or(0).into()
    }
}

/// The same chain, cut at a lower height.
pub struct Ancestors<'a> {
    view: &'a dyn HeaderView,
    tip_height: Height,
}

impl<'a> Ancestors<'a> {
    /// Cuts `view` at `tip_height`, which it must reach.
    pub fn new(view: &'a dyn HeaderView, tip_height: Height) -> Self {
        Self { view, tip_height: tip_height.min(view.tip_height()) }
    }
}

impl HeaderView for Ancestors<'_> {
    fn tip_height(&self) -> Height {
        self.tip_height
    }

    fn at(&self, height: Height) -> Option<ChainHeader> {
        if height > self.tip_height { None } else { self.view.at(height) }
    }
}
