//! What time it is, unless a test says otherwise.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Unix time in seconds; `-mocktime` and `setmocktime` stop it at a value.
#[derive(Debug, Default)]
pub struct Clock {
    mock: AtomicI64,
    offset: AtomicI64,
}

impl Clock {
    /// The mocked time if one is set, the machine's otherwise.
    pub fn now(&self) -> i64 {
        match self.mock.load(Ordering::Relaxed) {
            0 => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
            mocked => mocked,
        }
    }

    /// The time as the network sees it: what new headers are held against (v0.21.5.5 src/timedata.cpp, GetAdjustedTime).
    pub fn adjusted(&self) -> i64 {
        self.now().saturating_add(self.offset.load(Ordering::Relaxed))
    }

    /// How far the clocks of the peers are ahead, in seconds.
    pub fn set_offset(&self, seconds: i64) {
        self.offset.store(seconds, Ordering::Relaxed);
    }

    /// Sets the mocked time; 0 lets the machine's time run again.
    pub fn set_mock(&self, time: i64) {
        self.mock.store(time, Ordering::Relaxed);
    }

    /// The mocked time, if there is one.
    pub fn mock(&self) -> Option<i64> {
        Some(self.mock.load(Ordering::Relaxed)).filter(|time| *time != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn the_offset_moves_only_the_adjusted_time() {
        let clock = Clock::default();
        clock.set_mock(1000);
        clock.set_offset(-30);
        assert_eq!((clock.now(), clock.adjusted(), clock.mock()), (1000, 970, Some(1000)));
    }
}
