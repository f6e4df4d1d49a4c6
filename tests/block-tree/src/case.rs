//! What the tree is made of: named cases, each a few steps, each step with the verdict that it must get.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{Block, BlockHash};

/// Blocks on the way to the next case. They count as no case, but are delivered and expected like one.
pub const GROUND: &str = "ground";

/// A named piece of the tree.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is about; [`GROUND`] for blocks that are needed below later cases.
    pub group: &'static str,
    /// Unique.
    pub name: String,
    /// Unix seconds that the node's clock must show, stopped.
    pub clock: u32,
    /// In this order.
    pub steps: Vec<Step>,
}

/// One delivery.
#[derive(Debug, Clone)]
pub struct Step {
    /// What arrives.
    pub delivery: Delivery,
    /// What the node makes of it.
    pub expect: Expect,
    /// The tip afterwards.
    pub tip: BlockHash,
}

/// How blocks arrive.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// One after the other; nobody asked for them.
    Blocks(Vec<Arc<Block>>),
    /// All headers first; the node asks for the blocks, and gets them from the lowest.
    Branch(Vec<Arc<Block>>),
    /// All headers first; the node asks for the blocks, and gets them from the highest.
    BranchBackwards(Vec<Arc<Block>>),
    /// Bytes that are not a block.
    Garbage(Bytes),
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// All blocks are on the active chain, on what was the tip.
    Accepted,
    /// The blocks are stored or ignored, and the tip stays.
    SideBranch,
    /// The tip moves to another branch.
    Reorganised {
        /// Blocks that are left.
        left: usize,
        /// Blocks that are joined.
        joined: usize,
    },
    /// A block is refused with this reject string of v0.21.5.5 (with `-par=1`).
    Rejected(String),
    /// Bytes are dropped without a verdict.
    Unreadable,
}

impl Expect {
    /// The reject string, if one is expected.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Rejected(reason) => Some(reason),
            _ => None,
        }
    }
}
