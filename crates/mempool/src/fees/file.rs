//! The estimator between two runs: litecoind's `fee_estimates.dat` as bytes (v0.21.5.5 src/policy/fees.cpp, Write and
//! Read). Files are the caller's.
//!
//! Integers are 32 bits, little-endian; doubles are their 64 bits, little-endian; lists are counted by a CompactSize.

use litecast_primitives::codec::{DecodeError, Reader, put_len};

use super::{Buckets, FeeEstimator, stats::Stats};

/// Version that a reader needs.
const VERSION_REQUIRED: i32 = 149_900;
/// Version that is written as the writer's, and up to which files are read (v0.21.5.5 src/clientversion.h).
const CLIENT_VERSION: i32 = 210_505;
/// Fee rates that a file may be divided into.
const BUCKETS: std::ops::RangeInclusive<usize> = 2..=1000;
/// Most blocks that a horizon may track.
const MAX_CONFIRMS: u64 = 1008;
const DOUBLE_SIZE: usize = 8;

/// Why a file was not read. The estimator starts empty then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Made for a later version.
    #[error("up-version ({0}) fee estimate file")]
    UpVersion(i32),
    /// Made by a version before 0.15, in another form.
    #[error("incompatible old fee estimation data (non-fatal). Version: {0}")]
    OldVersion(i32),
    /// Not what an estimator writes.
    #[error("Corrupt estimates file. {0}")]
    Corrupt(&'static str),
    /// Cut short.
    #[error("fee_estimates.dat is damaged: {0}")]
    Decode(#[from] DecodeError),
}

impl FeeEstimator {
    /// The file's bytes. Transactions that still wait are not in it: [`FeeEstimator::flush_unconfirmed`] counts them as
    /// failed before.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(VERSION_REQUIRED.to_le_bytes());
        out.extend(CLIENT_VERSION.to_le_bytes());
        out.extend(self.best_seen.to_le_bytes());
        let (first, last) = if self.block_span() > self.historical_span() / 2 {
            (self.first_recorded, self.best_seen)
        } else {
            (self.historical_first, self.historical_best)
        };
        out.extend(first.to_le_bytes());
        out.extend(last.to_le_bytes());
        put_doubles(&mut out, &self.buckets.0);
        for stats in [&self.medium, &self.short, &self.long] {
            out.extend(stats.decay.to_le_bytes());
            out.extend(stats.scale.to_le_bytes());
            put_doubles(&mut out, &stats.fee_rates);
            put_doubles(&mut out, &stats.confirmed);
            put_table(&mut out, &stats.confirmed_within);
            put_table(&mut out, &stats.failed_after);
        }
        out
    }

    /// Reads a file's bytes. What follows the end is not looked at, as in the reference.
    pub fn decode(r: &mut Reader) -> Result<Self, Damage> {
        let required = r.i32()?;
        let _written_by = r.i32()?;
        if required > CLIENT_VERSION {
            return Err(Damage::UpVersion(required));
        }
        let best_seen = r.u32()?;
        if required < VERSION_REQUIRED {
            return Err(Damage::OldVersion(required));
        }
        let (historical_first, historical_best) = (r.u32()?, r.u32()?);
        if historical_first > historical_best || historical_best > best_seen {
            return Err(Damage::Corrupt("Historical block range for estimates is invalid"));
        }
        let buckets = doubles(r)?;
        if !BUCKETS.contains(&buckets.len()) {
            return Err(Damage::Corrupt("Must have between 2 and 1000 feerate buckets"));
        }
        // The reference believes the order.
        if !buckets.is_sorted_by(|a, b| a < b) {
            return Err(Damage::Corrupt("Feerate buckets must rise"));
        }
        let (medium, short, long) = (stats(r, buckets.len())?, stats(r, buckets.len())?, stats(r, buckets.len())?);
        Ok(Self {
            buckets: Buckets(buckets),
            short,
            medium,
            long,
            best_seen,
            historical_first,
            historical_best,
            ..Self::default()
        })
    }
}

fn stats(r: &mut Reader, buckets: usize) -> Result<Stats, Damage> {
    let decay = f64::from_le_bytes(r.array()?);
    if !(decay > 0.0 && decay < 1.0) {
        return Err(Damage::Corrupt("Decay must be between 0 and 1 (non-inclusive)"));
    }
    let scale = r.u32()?;
    if scale == 0 {
        return Err(Damage::Corrupt("Scale must be non-zero"));
    }
    let list = |r: &mut Reader, mismatch| {
        let list = doubles(r)?;
        if list.len() == buckets { Ok(list) } else { Err(Damage::Corrupt(mismatch)) }
    };
    let fee_rates = list(r, "Mismatch in feerate average bucket count")?;
    let confirmed = list(r, "Mismatch in tx count bucket count")?;
    let confirmed_within = table(r)?;
    if confirmed_within.is_empty() || u64::from(scale).saturating_mul(confirmed_within.len() as u64) > MAX_CONFIRMS {
        return Err(Damage::Corrupt("Must maintain estimates for between 1 and 1008 (one week) confirms"));
    }
    if confirmed_within.iter().any(|row| row.len() != buckets) {
        return Err(Damage::Corrupt("Mismatch in feerate conf average bucket count"));
    }
    let failed_after = table(r)?;
    if failed_after.len() != confirmed_within.len() {
        return Err(Damage::Corrupt("Mismatch in confirms tracked for failures"));
    }
    if failed_after.iter().any(|row| row.len() != buckets) {
        return Err(Damage::Corrupt("Mismatch in one of failure average bucket counts"));
    }
    Ok(Stats::with_history(decay, scale, fee_rates, confirmed, confirmed_within, failed_after))
}

fn doubles(r: &mut Reader) -> Result<Vec<f64>, DecodeError> {
    r.vector(DOUBLE_SIZE, |r| Ok(f64::from_le_bytes(r.array()?)))
}

/// Rows are at least a count and two buckets long.
fn table(r: &mut Reader) -> Result<Vec<Vec<f64>>, DecodeError> {
    r.vector(1 + BUCKETS.start() * DOUBLE_SIZE, doubles)
}

fn put_doubles(out: &mut Vec<u8>, list: &[f64]) {
    put_len(out, list.len());
    list.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn put_table(out: &mut Vec<u8>, table: &[Vec<f64>]) {
    put_len(out, table.len());
    table.iter().for_each(|row| put_doubles(out, row));
}
