//! Rules for headers (v0.21.5.5 src/validation.cpp, CheckBlockHeader and ContextualCheckBlockHeader).

use litecast_primitives::{BlockHeader, Height, params::Params, view::HeaderView};

use crate::{MAX_FUTURE_BLOCK_TIME, pow, reject::Reject, reject::Rule, versionbits};

/// The proof of work meets the claimed target.
pub fn check_block_header(header: &BlockHeader, pow_hash: &[u8; 32], params: &Params) -> Result<(), Reject> {
    if pow::check_proof_of_work(pow_hash, header.bits, params) {
        Ok(())
    } else {
        Err(Reject::new(Rule::HighHash, "proof of work failed"))
    }
}

/// The header fits on top of `chain`. `now` is network-adjusted time in Unix seconds; `last_checkpoint` is the height
/// of the highest checkpoint whose block is known.
pub fn contextual_check_block_header(
    header: &BlockHeader,
    chain: &dyn HeaderView,
    params: &Params,
    now: i64,
    last_checkpoint: Option<Height>,
) -> Result<(), Reject> {
    let height = chain.tip_height() + 1;
    if header.bits != pow::next_work_required(chain, header.time, params) {
        return Err(Reject::new(Rule::BadDiffBits, "incorrect proof of work"));
    }
    if last_checkpoint.is_some_and(|checkpoint| height < checkpoint) {
        return Err(Rule::ForkPriorToCheckpoint.into());
    }
    if i64::from(header.time) <= chain.median_time_past(chain.tip_height()) {
        return Err(Reject::new(Rule::TimeTooOld, "block's timestamp is too early"));
    }
    if i64::from(header.time) > now + MAX_FUTURE_BLOCK_TIME {
        return Err(Reject::new(Rule::TimeTooNew, "block timestamp too far in the future"));
    }
    let floors = [(2, params.bip34_height), (3, params.bip66_height), (4, params.bip65_height)];
    let outdated = floors.into_iter().any(|(version, since)| header.version < version && height >= since)
        // Litecoin only: since SegWit every version signals by bits.
        || (header.version < versionbits::TOP_BITS && height >= params.segwit_height);
    if outdated { Err(Reject::bad_version(header.version)) } else { Ok(()) }
}
