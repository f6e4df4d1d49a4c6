//! A tree of named blocks, good and bad, with what a node must make of each.
//!
//! The tree is a list of [`Case`]s, to be delivered in order to a node on regtest whose extension blocks never start
//! (`-vbparams=mweb:-2:0`), which verifies scripts on one thread (`-par=1`, so that it says what is wrong with a script)
//! and whose clock shows the time that the case names. Nothing here judges a block: the verdicts are written down,
//! and confirmed by a real litecoind. Keys and times are fixed, so the tree is the same in every run, byte by byte.
//! The chain grows past every height at which regtest switches a rule on, with cases on both sides of it.

mod case;
mod cases;
mod draft;
mod lock;
mod op;
mod sighash;
mod tree;

use litecast_primitives::params::{ActivationOverrides, Network, Params};

pub use case::{Case, Delivery, Expect, GROUND, Step};

/// Grows the tree.
pub fn cases() -> Vec<Case> {
    cases::grow()
}

/// The schedule of a network without extension blocks, for `-vbparams`.
pub const VBPARAMS: &str = "mweb:-2:0";

/// The parameters that the tree is made for.
pub fn params() -> Params {
    let mut params = Params::new(Network::Regtest);
    let vbparams = vec![VBPARAMS.to_owned()];
    params
        .apply(&ActivationOverrides { vbparams, ..Default::default() })
        .expect("because the constant is well formed and regtest allows it");
    params
}

/// Cases per group, in the order of the groups; blocks that are no case are left out.
pub fn census(cases: &[Case]) -> Vec<(&'static str, usize)> {
    let mut census: Vec<(&'static str, usize)> = Vec::new();
    for case in cases.iter().filter(|case| case.group != GROUND) {
        match census.iter_mut().find(|(group, _)| *group == case.group) {
            Some((_, count)) => *count += 1,
            None => census.push((case.group, 1)),
        }
    }
    census
}
