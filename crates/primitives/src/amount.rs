//! Amounts in litoshis. Arithmetic is checked: an overflow is a value to reject, never a wrap.

use std::fmt;

/// A signed amount in litoshis (1 LTC = 100,000,000). The wire allows any `i64`; [`Amount::is_money`] is the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One litecoin (v0.21.5.5 src/amount.h).
    pub const COIN: Self = Self(100_000_000);
    /// 84 million litecoins: no valid amount is larger (v0.21.5.5 src/amount.h).
    pub const MAX_MONEY: Self = Self(84_000_000 * 100_000_000);

    /// `MoneyRange` of the reference: 0 ..= [`Amount::MAX_MONEY`].
    pub const fn is_money(self) -> bool {
        0 <= self.0 && self.0 <= Self::MAX_MONEY.0
    }

    /// Sum, or `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, or `None` on overflow.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Decimal litecoins with two to eight places, as messages print them (v0.21.5.5 src/util/moneystr.cpp, FormatMoney).
    pub fn format_money(self) -> String {
        let mut text = self.to_string();
        let cents = text.len() - 6;
        let kept = text.trim_end_matches('0').len().max(cents);
        text.truncate(kept);
        text
    }
}

/// Decimal litecoins with eight places, as RPC prints them.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let n = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:08}", n / 100_000_000, n % 100_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn money_as_in_messages() {
        // v0.21.5.5 src/test/util_tests.cpp, util_FormatMoney
        for (amount, text) in [
            (0, "0.00"),
            (123_456_789_000, "1234.56789"),
            (-100_000_000, "-1.00"),
            (10_000_000_000, "100.00"),
            (10_000_000, "0.10"),
            (1_000_000, "0.01"),
            (100_000, "0.001"),
            (1, "0.00000001"),
        ] {
            assert_eq!(Amount(amount).format_money(), text);
        }
    }

    #[test]
    fn prints_eight_places() {
        assert_eq!(Amount(1).to_string(), "0.00000001");
        assert_eq!(Amount(-150_000_000).to_string(), "-1.50000000");
        assert_eq!(Amount(i64::MIN).to_string(), "-92233720368.54775808");
    }
}
