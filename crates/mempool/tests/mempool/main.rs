//! The pool from outside: models, cases of the reference's unit tests, and acceptance on small chains.

mod accepting;
mod blocks;
mod fees;
mod graph;
mod inside;
mod limits;
mod mining;
mod orders;
mod persisting;
mod replacing;
mod support;
