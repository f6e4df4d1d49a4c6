//! What is known about fees between two runs: `fee_estimates.dat` (v0.21.5.5 src/init.cpp). The writer reads and writes it.

use std::path::Path;

use litecast_mempool::{Mempool, fees::FeeEstimator};
use litecast_primitives::codec::Reader;
use litecast_store::replace_file;

/// What the file of the run before tells about fees; nothing if there is none or it cannot be read.
pub(crate) fn read(file: &Path) -> FeeEstimator {
    let Ok(bytes) = std::fs::read(file) else { return FeeEstimator::default() };
    FeeEstimator::decode(&mut Reader::new(bytes.into())).unwrap_or_else(|damage| {
        tracing::warn!("Fee estimates are not used: {damage}");
        FeeEstimator::default()
    })
}

/// Keeps the fee estimates; whatever still waits counts as not confirmed.
pub(crate) fn write(file: &Path, pool: &mut Mempool) {
    pool.fees_mut().flush_unconfirmed();
    if let Err(error) = replace_file(file, &pool.fees().encode()) {
        tracing::error!("Failed to write fee estimates to {}: {error}. Continuing anyway.", file.display());
    }
}
