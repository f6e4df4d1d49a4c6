//! Local policy: what is relayed and mined although consensus would allow more (v0.21.5.5 src/policy, src/validation.h,
//! src/init.cpp). [`Policy`] holds litecoind's options as values.

pub mod fee_rate;
pub mod rbf;
pub mod size;
pub mod standard;

#[cfg(test)]
mod tests;

pub use fee_rate::FeeRate;
pub use rbf::signals_opt_in_rbf;
pub use size::virtual_size;
pub use standard::{are_inputs_standard, dust_threshold, is_dust, is_standard_tx, is_witness_standard};

use litecast_primitives::params::Params;

/// Heaviest standard transaction (v0.21.5.5 src/policy/policy.h, as the others here).
pub const MAX_STANDARD_TX_WEIGHT: usize = 400_000;
/// Fewest bytes without witness: one SegWit input and one output to a key hash (CVE-2017-12842).
pub const MIN_STANDARD_TX_NONWITNESS_SIZE: usize = 82;
/// Most signature operations of a redeem script.
pub const MAX_P2SH_SIGOPS: u64 = 15;
/// Highest cost of a standard transaction's signature operations.
pub const MAX_STANDARD_TX_SIGOPS_COST: u64 = litecast_consensus::MAX_BLOCK_SIGOPS_COST / 5;
/// A small transaction may exceed its only parent's limit of descendants by this size (src/validation.cpp).
pub const EXTRA_DESCENDANT_TX_SIZE_LIMIT: u64 = 10_000;

/// Limits of packages inside of the pool, the transaction itself included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `-limitancestorcount`.
    pub ancestors: u64,
    /// `-limitancestorsize`, in virtual bytes.
    pub ancestor_size: u64,
    /// `-limitdescendantcount`.
    pub descendants: u64,
    /// `-limitdescendantsize`, in virtual bytes.
    pub descendant_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { ancestors: 25, ancestor_size: 101_000, descendants: 25, descendant_size: 101_000 }
    }
}

impl Limits {
    /// No limit at all.
    pub const NONE: Self =
        Self { ancestors: u64::MAX, ancestor_size: u64::MAX, descendants: u64::MAX, descendant_size: u64::MAX };
}

/// The options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `-minrelaytxfee`.
    pub min_relay_fee: FeeRate,
    /// `-dustrelayfee`.
    pub dust_relay_fee: FeeRate,
    /// `-incrementalrelayfee`.
    pub incremental_relay_fee: FeeRate,
    /// The opposite of `-acceptnonstdtxn`.
    pub require_standard: bool,
    /// `-datacarrier`.
    pub data_carrier: bool,
    /// `-datacarriersize`: longest OP_RETURN script, opcode included.
    pub max_data_carrier_bytes: usize,
    /// `-permitbaremultisig`.
    pub permit_bare_multisig: bool,
    /// `-bytespersigop`.
    pub bytes_per_sigop: u64,
    /// `-mempoolreplacement`.
    pub replacement: bool,
    /// `-maxmempool`, in bytes of memory.
    pub max_memory: usize,
    /// `-mempoolexpiry`, in seconds.
    pub expiry: i64,
    /// `-limitancestorcount` and its like.
    pub limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_relay_fee: FeeRate(1000),
            dust_relay_fee: FeeRate(30_000),
            incremental_relay_fee: FeeRate(1000),
            require_standard: true,
            data_carrier: true,
            max_data_carrier_bytes: 83,
            permit_bare_multisig: true,
            bytes_per_sigop: 20,
            replacement: false,
            max_memory: 300_000_000,
            expiry: 336 * 60 * 60,
            limits: Limits::default(),
        }
    }
}

impl Policy {
    /// The defaults on a network: only the test network accepts what is not standard.
    pub fn new(params: &Params) -> Self {
        Self { require_standard: params.require_standard, ..Self::default() }
    }
}
