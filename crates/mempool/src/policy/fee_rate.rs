//! Fee rates: litoshis for 1000 virtual bytes, beside the fixed price of MWEB weight (v0.21.5.5 src/policy/feerate.cpp).
//!
//! Sums that the reference would overflow in are clamped to the range of an `i64`.

use std::{fmt, ops::AddAssign};

use litecast_primitives::Amount;

/// Litoshis that one unit of MWEB weight costs.
pub const BASE_MWEB_FEE: u64 = 100;

/// Litoshis for 1000 virtual bytes; may be negative after a prioritisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FeeRate(pub i64);

impl FeeRate {
    /// What a fee pays for the bytes after the MWEB weight is paid for; zero if it does not even pay that, or if there
    /// are no bytes.
    pub fn of(fee: i64, size: u64, mweb_weight: u64) -> Self {
        let mweb_fee = mweb_fee(mweb_weight);
        if size == 0 || (mweb_fee > 0 && fee < mweb_fee) {
            return Self(0);
        }
        Self(clamp((i128::from(fee) - i128::from(mweb_fee)) * 1000 / i128::from(size)))
    }

    /// The fee for bytes alone; never rounds to zero.
    pub fn fee(self, size: u64) -> i64 {
        let fee = clamp(i128::from(self.0) * i128::from(size) / 1000);
        if fee == 0 && size != 0 { self.0.signum() } else { fee }
    }

    /// The fee for bytes and MWEB weight.
    pub fn total_fee(self, size: u64, mweb_weight: u64) -> i64 {
        self.fee(size).saturating_add(mweb_fee(mweb_weight))
    }

    /// The fee for 1000 bytes.
    pub fn per_k(self) -> i64 {
        self.fee(1000)
    }
}

/// The fee for MWEB weight alone.
pub fn mweb_fee(mweb_weight: u64) -> i64 {
    i64::try_from(mweb_weight.saturating_mul(BASE_MWEB_FEE)).unwrap_or(i64::MAX)
}

/// Whether a fee pays for its MWEB weight and, with the rest, this rate for its bytes, if it has any (MeetsFeePerK).
pub fn meets_fee_per_k(fee: i64, size: u64, mweb_weight: u64, minimum: FeeRate) -> bool {
    if mweb_weight > 0 && fee < mweb_fee(mweb_weight) {
        return false;
    }
    (size == 0 && mweb_weight > 0) || FeeRate::of(fee, size, mweb_weight) >= minimum
}

pub(crate) fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

impl AddAssign for FeeRate {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl From<Amount> for FeeRate {
    fn from(per_k: Amount) -> Self {
        Self(per_k.0)
    }
}

impl fmt::Display for FeeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} LTC/kvB", Amount(self.0))
    }
}
