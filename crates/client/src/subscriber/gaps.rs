//! What the counters of one connection's topics say about messages that did not come.
//!
//! A counter advances by one with each message of a (publisher, topic), so a jump is a count of lost messages. Owns one
//! number per topic; refuses to remember more than [`MAX_TOPICS`] of them (a publisher chooses its topics).

use std::collections::HashMap;

/// Topics remembered for one endpoint; the reference has five.
const MAX_TOPICS: usize = 1024;

/// What a counter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The first message of this topic, or the next one, or the same number again (two notifiers of one topic on one
    /// address count alike).
    InOrder,
    /// So many messages are missing before this one.
    Gap { expected: u32, missing: u32 },
    /// The counter went back: the publisher was restarted.
    Reset { expected: u32 },
}

#[derive(Debug, Default)]
pub(crate) struct Gaps {
    last: HashMap<String, u32>,
}

impl Gaps {
    pub(crate) fn step(&mut self, topic: &str, counter: u32) -> Step {
        let Some(last) = self.last.get_mut(topic) else {
            if self.last.len() < MAX_TOPICS {
                self.last.insert(topic.to_owned(), counter);
            }
            return Step::InOrder;
        };
        let expected = last.wrapping_add(1);
        let same = counter == *last;
        *last = counter;
        match counter.wrapping_sub(expected) {
            0 => Step::InOrder,
            _ if same => Step::InOrder,
            // Half of the circle ahead is a gap, half of it behind is a restart.
            missing if missing < 1 << 31 => Step::Gap { expected, missing },
            _ => Step::Reset { expected },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let mut gaps = Gaps::default();
        let mut step = |counter| gaps.step("rawtx", counter);
        assert_eq!(step(7), Step::InOrder);
        assert_eq!(step(8), Step::InOrder);
        assert_eq!(step(8), Step::InOrder);
        assert_eq!(step(11), Step::Gap { expected: 9, missing: 2 });
        assert_eq!(step(0), Step::Reset { expected: 12 });
        assert_eq!(step(1), Step::InOrder);
        assert_eq!(gaps.step("hashtx", 5), Step::InOrder);
    }

    #[test]
    fn the_counter_wraps() {
        let mut gaps = Gaps::default();
        gaps.step("x", u32::MAX - 1);
        assert_eq!(gaps.step("x", u32::MAX), Step::InOrder);
        assert_eq!(gaps.step("x", 0), Step::InOrder);
        gaps.step("x", u32::MAX);
        assert_eq!(gaps.step("x", 2), Step::Gap { expected: 0, missing: 2 });
    }

    #[test]
    fn memory_is_bounded() {
        let mut gaps = Gaps::default();
        for i in 0..2 * MAX_TOPICS {
            gaps.step(&i.to_string(), 0);
        }
        assert_eq!(gaps.last.len(), MAX_TOPICS);
    }
}
