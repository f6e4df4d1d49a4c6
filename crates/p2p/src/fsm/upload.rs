//! `-maxuploadtarget`: how much is sent in a day (v0.21.5.5 src/net.cpp, RecordBytesSent, OutboundTargetReached).
//!
//! All bytes count. When what is left would not do for each new block until the end of the day, who asks for blocks
//! older than a week is left, unless it has the `download` permission. Bytes and seconds.

use super::{Context, Fsm, input::PeerId};
use crate::chain::BlockEntry;

/// A cycle (MAX_UPLOAD_TIMEFRAME).
const TIMEFRAME: i64 = 24 * 60 * 60;
/// For each of these seconds left in the cycle one block is set aside.
const BLOCK_INTERVAL: u64 = 600;
/// Most bytes of a block with its extension block (v0.21.5.5 src/consensus/consensus.h).
const MAX_BLOCK_SERIALIZED_SIZE_WITH_MWEB: u64 = 25_800_195;
/// Blocks older than this, against the best header, are history.
const HISTORICAL_BLOCK_AGE: i64 = 7 * 24 * 60 * 60;

/// The cycle that runs.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Unix seconds; zero before the first byte.
    start: i64,
    sent: u64,
}

/// `uploadtarget` of `getnettotals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadTarget {
    /// Length of a cycle, seconds.
    pub timeframe: u64,
    /// Bytes in a cycle; zero for no limit.
    pub target: u64,
    /// They are spent.
    pub reached: bool,
    /// Old blocks are served.
    pub serves_history: bool,
    /// Bytes left.
    pub bytes_left: u64,
    /// Seconds left.
    pub time_left: u64,
}

impl UploadTarget {
    /// No limit.
    pub const NONE: Self = Self {
        timeframe: TIMEFRAME.unsigned_abs(),
        target: 0,
        reached: false,
        serves_history: true,
        bytes_left: 0,
        time_left: 0,
    };
}

impl Upload {
    pub(super) fn count(&mut self, bytes: u64, now: i64) {
        if self.start + TIMEFRAME < now {
            *self = Self { start: now, sent: 0 };
        }
        self.sent = self.sent.saturating_add(bytes);
    }

    fn time_left(&self, now: i64) -> u64 {
        if self.start == 0 {
            return TIMEFRAME.unsigned_abs();
        }
        u64::try_from(self.start + TIMEFRAME - now).unwrap_or(0)
    }

    fn status(&self, target: u64, now: i64) -> UploadTarget {
        if target == 0 {
            return UploadTarget::NONE;
        }
        let time_left = self.time_left(now);
        let set_aside = time_left / BLOCK_INTERVAL * MAX_BLOCK_SERIALIZED_SIZE_WITH_MWEB;
        UploadTarget {
            timeframe: TIMEFRAME.unsigned_abs(),
            target,
            reached: self.sent >= target,
            serves_history: set_aside < target && self.sent < target - set_aside,
            bytes_left: target.saturating_sub(self.sent),
            time_left,
        }
    }
}

impl Fsm {
    /// How much may still be sent, at a time of the node's clock in Unix seconds.
    pub fn upload_target(&self, now: i64) -> UploadTarget {
        self.upload.status(self.config.max_upload_target, now)
    }

    /// The block is old, or is to be seen through a filter, and what may be sent today is kept for new ones.
    pub(super) fn keeps_upload_for_new_blocks(
        &self,
        cx: Context<'_>,
        id: PeerId,
        block: &BlockEntry,
        filtered: bool,
    ) -> bool {
        let may = self.peers.get(&id).is_none_or(|p| p.permissions.has(super::Permissions::DOWNLOAD));
        let age = i64::from(cx.chain.best_header().header.time) - i64::from(block.header.time);
        !may && (age > HISTORICAL_BLOCK_AGE || filtered) && !self.upload_target(cx.clock.as_secs()).serves_history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    // The numbers of v0.21.5.5 test/functional/feature_maxuploadtarget.py.
    #[test]
    fn blocks_are_set_aside_until_the_end_of_the_day() {
        let target = 6400 * MIB;
        let day = 144 * MAX_BLOCK_SERIALIZED_SIZE_WITH_MWEB;
        let mut upload = Upload::default();
        assert_eq!(upload.status(0, 5), UploadTarget::NONE);
        let fresh = upload.status(target, 1_000_000);
        assert_eq!((fresh.time_left, fresh.bytes_left, fresh.serves_history), (86_400, target, true));
        upload.count(target - day - 1, 1_000_000);
        assert!(upload.status(target, 1_000_000).serves_history);
        upload.count(1, 1_000_000);
        assert!(!upload.status(target, 1_000_000).serves_history, "the rest is for new blocks");
        assert!(upload.status(target, 1_000_001).serves_history, "for one less");
        upload.count(day, 1_000_001);
        let full = upload.status(target, 1_000_001);
        assert_eq!((full.reached, full.bytes_left, full.time_left), (true, 0, 86_399));
        // The next cycle begins with the first byte after the day.
        assert!(upload.status(target, 1_086_401).reached);
        upload.count(1, 1_086_400);
        assert!(upload.status(target, 1_086_400).reached);
        upload.count(1, 1_086_401);
        assert_eq!(upload.status(target, 1_086_401).bytes_left, target - 1);
        // Too little for the blocks of a day: never history.
        assert!(!Upload::default().status(MIB, 5).serves_history);
    }
}
