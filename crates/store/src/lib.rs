//! Block files, undo files and key-value tables behind one atomic commit.
//!
//! Owns everything on disk below the chain directory: `blk`/`rev` files in the reference's format, and tables for the
//! coins, the block index, the extension block's state and what else the engine keeps. It refuses to know any rule of
//! consensus: bytes and records go in and come out, and no error of this crate ever means "invalid block". Offsets and
//! sizes are bytes, hashes are keyed in internal byte order. `docs/spec/store.md` writes the formats down.
//!
//! What it promises:
//! * [`Store::commit`] is atomic over all tables and durable on return, and everything appended before it is durable
//!   before it. So for any crash, reopening finds the tables of some finished commit (or of the one in flight), and
//!   every position in them points to whole data.
//! * Readers never wait for a sync.
//! * After a failed write every further write fails with the first error: memory and disk may disagree by then, and
//!   the only safe way on is to stop and to start again.

mod batch;
pub mod coin_codec;
mod error;
pub mod files;
mod flat_files;
mod index_record;
pub mod kv;
mod lifecycle;
mod marker;
mod scan;
pub mod simulation;
mod store;
mod whole_file;

pub use batch::{Batch, CoinsSummary};
pub use coin_codec::{decode_coin, encode_coin};
pub use error::{Remedy, StoreError};
pub use flat_files::{BLOCK_CHUNK_SIZE, FilePos, MAX_BLOCK_FILE_SIZE, UNDO_CHUNK_SIZE};
pub use index_record::{IndexRecord, MwebIndex};
pub use lifecycle::{FileLimits, Options, Wipe};
pub use scan::{BlockScan, MAX_SCANNED_BLOCK, ScannedBlock, scan_file};
pub use store::{Coins, Opaque, Store};
pub use whole_file::replace_file;
