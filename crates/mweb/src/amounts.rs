//! Amounts of kernels: fees, peg-ins, peg-outs, and what they add to the coins inside
//! (v0.21.5.5 src/libmw/src/models/tx/TxBody.cpp and include/mw/models/tx/Kernel.h).

use litecast_primitives::{
    Amount,
    hash::MwebHash,
    mweb::{Kernel, PegOut, TxBody},
};

/// Coins that enter: an output outside that names a kernel inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PegIn {
    /// How much.
    pub amount: Amount,
    /// The kernel.
    pub kernel_id: MwebHash,
}

/// Every kernel with a peg-in, in order (GetPegIns).
pub fn peg_ins(body: &TxBody) -> Vec<PegIn> {
    let with_id = |kernel: &Kernel| kernel.peg_in.map(|amount| PegIn { amount, kernel_id: kernel.id() });
    body.kernels.iter().filter_map(with_id).collect()
}

/// Every peg-out, in order (GetPegOuts).
pub fn peg_outs(body: &TxBody) -> impl Iterator<Item = &PegOut> {
    body.kernels.iter().flat_map(|kernel| &kernel.peg_outs)
}

/// Sum of the peg-ins; `None` if one or a partial sum is no amount of money (GetPegInAmount).
pub fn peg_in_amount(body: &TxBody) -> Option<Amount> {
    money_sum(body.kernels.iter().map(|kernel| kernel.peg_in.unwrap_or_default()))
}

/// Sum of the fees; `None` if one or a partial sum is no amount of money (GetTotalFee).
pub fn total_fee(body: &TxBody) -> Option<Amount> {
    money_sum(body.kernels.iter().map(|kernel| kernel.fee.unwrap_or_default()))
}

/// What one kernel adds to the coins inside; `None` if a number on the way is out of range (Kernel.h, GetSupplyChange).
pub fn kernel_supply_change(kernel: &Kernel) -> Option<Amount> {
    let (peg_in, fee) = (kernel.peg_in.unwrap_or_default(), kernel.fee.unwrap_or_default());
    let peg_out = money_sum(kernel.peg_outs.iter().map(|peg_out| peg_out.amount))?;
    if !peg_in.is_money() || !fee.is_money() {
        return None;
    }
    peg_in.checked_sub(fee)?.checked_sub(peg_out).filter(in_range)
}

/// What all kernels add; `None` if a number on the way is out of range (TxBody.cpp, GetSupplyChange).
pub fn supply_change(body: &TxBody) -> Option<Amount> {
    body.kernels
        .iter()
        .try_fold(Amount::ZERO, |total, kernel| total.checked_add(kernel_supply_change(kernel)?).filter(in_range))
}

/// The highest lock height (GetLockHeight); zero without any.
pub fn lock_height(body: &TxBody) -> u32 {
    body.kernels.iter().filter_map(|kernel| kernel.lock_height).max().unwrap_or(0)
}

/// Between minus and plus all the money there is (v0.21.5.5 src/libmw/include/mw/consensus/Amount.h,
/// IsValidAmountRange).
fn in_range(amount: &Amount) -> bool {
    amount.0.unsigned_abs() <= Amount::MAX_MONEY.0.unsigned_abs()
}

fn money_sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.try_fold(Amount::ZERO, |total, amount| {
        total.checked_add(amount).filter(|sum| amount.is_money() && sum.is_money())
    })
}
