//! Every option of litecastd: the only source for the parser, `-help`, `-help-debug` and the manual page.
//!
//! Names, types and defaults are litecoind's (v0.21.5.5 `src/init.cpp` SetupServerArgs, `src/chainparamsbase.cpp`), without a
//! wallet as in `src/dummywallet.cpp`; the words are ours.

mod chain;
mod connection;
mod debug;
mod general;
mod hidden;
mod relay;
mod rpc;
mod zmq;

use litecast_config::{Category, Group};

/// All options, by heading.
pub(crate) static TABLE: &[Group] = &[
    Group { category: Category::Options, options: general::OPTIONS },
    Group { category: Category::Connection, options: connection::OPTIONS },
    Group { category: Category::Zmq, options: zmq::OPTIONS },
    Group { category: Category::DebugTest, options: debug::OPTIONS },
    Group { category: Category::ChainParams, options: chain::OPTIONS },
    Group { category: Category::NodeRelay, options: relay::OPTIONS },
    Group { category: Category::BlockCreation, options: relay::BLOCK_CREATION },
    Group { category: Category::Rpc, options: rpc::OPTIONS },
    Group { category: Category::Hidden, options: hidden::OPTIONS },
    Group { category: Category::Hidden, options: hidden::WALLET },
];
