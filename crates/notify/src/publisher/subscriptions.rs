//! The topic prefixes of one subscriber.
//!
//! Owns counting (a prefix subscribed twice must be cancelled twice, as in libzmq) and the answer, kept ready, to which
//! of the topics the prefixes match. Refuses to remember more than [`MAX_BYTES`] for one subscriber.

use std::collections::BTreeMap;

use crate::topic::Topic;

/// What one subscriber's prefixes may cost, each counted with [`ENTRY_COST`].
pub(crate) const MAX_BYTES: usize = 1 << 20;
const ENTRY_COST: usize = 64;

/// The subscriber asked for more than a node remembers for it.
#[derive(Debug)]
pub(crate) struct TooMany;

#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    prefixes: BTreeMap<Vec<u8>, u64>,
    bytes: usize,
    wanted: [bool; Topic::ALL.len()],
}

impl Subscriptions {
    pub(crate) fn add(&mut self, prefix: &[u8]) -> Result<(), TooMany> {
        if let Some(count) = self.prefixes.get_mut(prefix) {
            *count = count.saturating_add(1);
            return Ok(());
        }
        let cost = prefix.len() + ENTRY_COST;
        if self.bytes + cost > MAX_BYTES {
            return Err(TooMany);
        }
        self.bytes += cost;
        self.prefixes.insert(prefix.to_vec(), 1);
        self.refresh();
        Ok(())
    }

    /// An unknown prefix is ignored, as in libzmq.
    pub(crate) fn remove(&mut self, prefix: &[u8]) {
        let Some(count) = self.prefixes.get_mut(prefix) else { return };
        *count -= 1;
        if *count == 0 {
            self.prefixes.remove(prefix);
            self.bytes -= prefix.len() + ENTRY_COST;
            self.refresh();
        }
    }

    pub(crate) fn wants(&self, topic: Topic) -> bool {
        self.wanted[topic as usize]
    }

    pub(crate) fn wanted_topics(&self) -> Vec<Topic> {
        Topic::ALL.into_iter().filter(|topic| self.wants(*topic)).collect()
    }

    fn refresh(&mut self) {
        for topic in Topic::ALL {
            let name = topic.as_str().as_bytes();
            self.wanted[topic as usize] = (0..=name.len()).any(|len| self.prefixes.contains_key(&name[..len]));
        }
    }
}

#[cfg(test)]
mod tests {
    use omq_proto::subscription::SubscriptionSet;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The codec crate's matcher is the model.
        #[test]
        fn matches_as_the_model_does(steps in prop::collection::vec((any::<bool>(), "(h|ha|hash|hasht|hashtx|hashtxx|raw|rawb|s|)"), 0..40)) {
            let (mut ours, mut model) = (Subscriptions::default(), SubscriptionSet::new());
            for (add, prefix) in steps {
                if add {
                    ours.add(prefix.as_bytes()).expect("because a few short prefixes fit");
                    model.add(prefix.as_bytes());
                } else {
                    ours.remove(prefix.as_bytes());
                    model.remove(prefix.as_bytes());
                }
                for topic in Topic::ALL {
                    prop_assert_eq!(ours.wants(topic), model.matches(topic.as_str().as_bytes()));
                }
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut subscriptions = Subscriptions::default();
        let refused = (0u32..1_000_000).position(|i| subscriptions.add(&i.to_be_bytes()).is_err());
        assert_eq!(refused, Some(MAX_BYTES / (ENTRY_COST + 4)));
    }
}
