//! Everything inside of an extension block (LIP-0003), as pure functions with the reference's rules.
//!
//! [`check_block`] asks what needs no state, [`connect_block`] applies an extension block to a [`LeafStore`] and answers
//! with a [`MwebDelta`] and a [`MwebUndo`], [`disconnect_block`] takes it back, [`check_transaction`] judges a loose
//! transaction, [`BlockBuilder`] makes an extension block. Every rejection is a [`Reject`] that knows what the reference
//! reports at that stage. Coins, the HogEx and the rules on amounts outside belong to the consensus crate, disk to the
//! store. Amounts are litoshis; leaf indices count outputs since the first extension block; positions count MMR nodes.
//!
//! Signatures and range proofs are verified in batches, and sums taken in parts, that share the threads of the current
//! rayon pool, or of the one that the verifier was given ([`Verifier::on`]).

pub mod amounts;
pub mod builder;
pub mod check;
pub mod connect;
pub mod crypto;
#[cfg(feature = "forge")]
pub mod forge;
pub mod leafset;
pub mod message;
pub mod mmr;
pub mod reject;
pub mod segment;
pub mod state;
pub mod sums;
pub mod weight;

pub use amounts::PegIn;
pub use builder::{AddError, BlockBuilder, BuildError, BuiltBlock, aggregate};
pub use check::{NonStandard, check_block, check_standard, check_transaction, is_standard};
pub use connect::{ConnectError, Connected, DisconnectError, connect_block, disconnect_block};
pub use crypto::{CryptoError, Verifier, add_blinding_factors};
pub use leafset::Leafset;
pub use mmr::Mmr;
pub use reject::{Category, Reject, Rule, Stage};
pub use state::{LeafStore, MemoryStore, MwebDelta, MwebUndo, Overlay, Utxo};

pub(crate) fn blake3(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}
