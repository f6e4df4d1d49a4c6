//! What time it is, unless a test says otherwise.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Unix time in seconds; `-mocktime` and `setmocktime` stop it at a value.
#[derive(Debug, Default)]
pub struct Clock {
    mock: AtomicI64,
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

    /// Sets the mocked time; 0 lets the machine's time run again.
    pub fn set_mock(&self, time: i64) {
        self.mock.store(time, Ordering::Relaxed);
    }

    /// The mocked time, if there is one.
    pub fn mock(&self) -> Option<i64> {
        Some(self.mock.load(Ordering::Relaxed)).filter(|time| *time != 0)
    }
}
