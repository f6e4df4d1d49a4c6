//! JSON shapes of headers, blocks, transactions and scripts, field by field as litecoind v0.21.5.5 has them
//! (src/core_write.cpp, src/rpc/blockchain.cpp), and of entries of the mempool. Nothing here reads the chain: what a block
//! does not say itself comes as a [`BlockPlace`].

mod block;
mod fees;
mod mempool;
mod number;
mod script;
mod transaction;

pub use block::{BlockPlace, Detail, block_to_json, difficulty, header_to_json};
pub use fees::{raw_fee_to_json, smart_fee_to_json};
pub use mempool::entry_to_json;
pub use number::double_to_json;
pub use script::script_pubkey_to_json;
pub use transaction::transaction_to_json;
