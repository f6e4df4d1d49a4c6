//! What the `-zmqpub…` options mean: which notifiers exist, which sockets they share, and what is wrong with them.
//!
//! Owns the rules of v0.21.5.5 `src/zmq/zmqnotificationinterface.cpp` and `zmqpublishnotifier.cpp`: one notifier for
//! each occurrence of an option, notifiers in the order of [`Topic::ALL`] and then of the options, one socket for each
//! address *string*, its high water mark taken from the first notifier on it. It refuses nothing as a whole: a bad
//! address is returned as an [`AddressError`] and the others work, where the reference switches every notifier off.
//! Opens no socket.

use std::{collections::HashSet, fmt};

use crate::{
    endpoint::{Endpoint, EndpointError},
    topic::Topic,
};

/// High water mark of a notifier without a `…hwm` option, in messages (`DEFAULT_ZMQ_SNDHWM`).
pub const DEFAULT_ZMQ_SNDHWM: u32 = 1000;

/// One occurrence of a `-zmqpub<topic>=<address>` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PubOption {
    /// Which option.
    pub topic: Topic,
    /// Its value, as written.
    pub address: String,
    /// The value of `-zmqpub<topic>hwm`, if given: messages; 0 is unlimited; a negative value counts as not given.
    pub hwm: Option<i64>,
}

/// One notifier: an option occurrence whose address could be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierConfig {
    /// What it publishes.
    pub topic: Topic,
    /// The address as written, which is what `getzmqnotifications` reports.
    pub address: String,
    /// Its own high water mark, which `getzmqnotifications` reports even where another notifier's rules the socket.
    pub hwm: u32,
    /// Its socket, an index into [`NotifyConfig::sockets`].
    pub socket: usize,
}

/// One PUB socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// The address as written.
    pub address: String,
    /// The same, parsed.
    pub endpoint: Endpoint,
    /// Most messages queued for one subscriber before whole messages are dropped; 0 is unlimited.
    pub hwm: u32,
}

/// A validated configuration of notifiers and sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyConfig {
    notifiers: Vec<NotifierConfig>,
    sockets: Vec<SocketConfig>,
}

/// An address that cannot be used, with a sentence for the log and the `warnings` of `getnetworkinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// The address as written.
    pub address: String,
    /// Every topic that is not published because of it.
    pub topics: Vec<Topic>,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZeroMQ: cannot publish ")?;
        for (i, topic) in self.topics.iter().enumerate() {
            write!(f, "{}{topic}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, " on '{}': {} ({})", self.address, self.reason, self.hint)
    }
}

impl std::error::Error for AddressError {}

impl NotifyConfig {
    /// Builds the configuration. `options` may come in any order between topics (they are put into notifier order);
    /// occurrences of one topic keep the order they have.
    #[must_use]
    pub fn from_options(options: &[PubOption]) -> (Self, Vec<AddressError>) {
        let mut ordered: Vec<&PubOption> = options.iter().collect();
        ordered.sort_by_key(|option| option.topic);

        let mut config = Self::default();
        let mut errors: Vec<AddressError> = Vec::new();
        for option in ordered {
            let hwm = effective_hwm(option.hwm);
            let known = config.sockets.iter().position(|socket| socket.address == option.address);
            let socket = match known {
                Some(socket) => socket,
                None => match Endpoint::parse(&option.address) {
                    Ok(endpoint) => {
                        config.sockets.push(SocketConfig { address: option.address.clone(), endpoint, hwm });
                        config.sockets.len() - 1
                    }
                    Err(error) => {
                        record(&mut errors, option, &error);
                        continue;
                    }
                },
            };
            config.notifiers.push(NotifierConfig { topic: option.topic, address: option.address.clone(), hwm, socket });
        }
        (config, errors)
    }

    /// The notifiers, in the order in which they fire.
    #[must_use]
    pub fn notifiers(&self) -> &[NotifierConfig] {
        &self.notifiers
    }

    /// The sockets, in the order of their first notifiers.
    #[must_use]
    pub fn sockets(&self) -> &[SocketConfig] {
        &self.sockets
    }

    /// The notifiers of one topic with their indices, in the order in which they fire.
    pub fn of_topic(&self, topic: Topic) -> impl Iterator<Item = (usize, &NotifierConfig)> {
        self.notifiers.iter().enumerate().filter(move |(_, notifier)| notifier.topic == topic)
    }

    /// True if nothing is to be published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notifiers.is_empty()
    }

    /// The distinct topics on a socket, in notifier order.
    #[must_use]
    pub fn topics_of_socket(&self, socket: usize) -> Vec<Topic> {
        let mut seen = HashSet::new();
        let on_socket = self.notifiers.iter().filter(|notifier| notifier.socket == socket);
        on_socket.map(|notifier| notifier.topic).filter(|topic| seen.insert(*topic)).collect()
    }
}

/// v0.21.5.5 `CZMQAbstractNotifier::SetOutboundMessageHighWaterMark` leaves the default where the value is negative.
/// Values above `i32::MAX` saturate (the reference lets them wrap).
fn effective_hwm(hwm: Option<i64>) -> u32 {
    const MAX: i64 = i32::MAX as i64;
    match hwm {
        Some(n) if n >= 0 => u32::try_from(n.min(MAX)).expect("because it lies between 0 and i32::MAX"),
        _ => DEFAULT_ZMQ_SNDHWM,
    }
}

fn record(errors: &mut Vec<AddressError>, option: &PubOption, error: &EndpointError) {
    if let Some(known) = errors.iter_mut().find(|known| known.address == option.address) {
        if !known.topics.contains(&option.topic) {
            known.topics.push(option.topic);
        }
        return;
    }
    errors.push(AddressError {
        address: option.address.clone(),
        topics: vec![option.topic],
        reason: error.to_string(),
        hint: error.hint().to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(topic: Topic, address: &str, hwm: Option<i64>) -> PubOption {
        PubOption { topic, address: address.to_owned(), hwm }
    }

    const A: &str = "tcp://127.0.0.1:28332";
    const B: &str = "tcp://127.0.0.1:28333";

    #[test]
    fn notifiers_fire_by_topic_and_then_by_option() {
        let (config, errors) = NotifyConfig::from_options(&[
            option(Topic::Sequence, A, None),
            option(Topic::HashTx, B, None),
            option(Topic::HashTx, A, None),
            option(Topic::HashBlock, A, None),
        ]);
        assert!(errors.is_empty());
        let order: Vec<_> = config.notifiers().iter().map(|n| (n.topic, n.address.as_str())).collect();
        assert_eq!(order, [(Topic::HashBlock, A), (Topic::HashTx, B), (Topic::HashTx, A), (Topic::Sequence, A)]);
    }

    #[test]
    fn the_first_notifier_of_an_address_sets_the_mark_of_its_socket() {
        let (config, _) = NotifyConfig::from_options(&[
            option(Topic::RawTx, A, Some(0)),
            option(Topic::HashTx, A, Some(7)),
            option(Topic::RawTx, B, Some(0)),
        ]);
        let sockets: Vec<_> = config.sockets().iter().map(|s| (s.address.as_str(), s.hwm)).collect();
        assert_eq!(sockets, [(A, 7), (B, 0)]);
        // What getzmqnotifications shows is each notifier's own.
        assert_eq!(config.notifiers()[1].hwm, 0);
    }

    #[test]
    fn one_socket_per_address_string() {
        let (config, _) = NotifyConfig::from_options(&[
            option(Topic::HashTx, A, None),
            option(Topic::HashTx, A, None),
            option(Topic::HashTx, "tcp://localhost:28332", None),
        ]);
        assert_eq!(config.notifiers().len(), 3);
        assert_eq!(config.sockets().len(), 2);
        assert_eq!(config.topics_of_socket(0), [Topic::HashTx]);
    }

    #[test]
    fn high_water_marks() {
        for (given, effective) in [
            (None, 1000),
            (Some(0), 0),
            (Some(1), 1),
            (Some(-1), 1000),
            (Some(i64::MIN), 1000),
            (Some(i64::MAX), i32::MAX.unsigned_abs()),
        ] {
            assert_eq!(effective_hwm(given), effective, "{given:?}");
        }
    }

    #[test]
    fn a_bad_address_spares_the_others() {
        let bad = "tcp://127.0.0.1:70000";
        let (config, errors) = NotifyConfig::from_options(&[
            option(Topic::HashBlock, bad, None),
            option(Topic::HashBlock, A, None),
            option(Topic::RawTx, bad, None),
        ]);
        assert_eq!(config.notifiers().len(), 1);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].topics, [Topic::HashBlock, Topic::RawTx]);
        assert_eq!(
            errors[0].to_string(),
            "ZeroMQ: cannot publish hashblock, rawtx on 'tcp://127.0.0.1:70000': '70000' is not a port (0 to 65535) \
             (choose a port between 1024 and 65535)"
        );
    }
}
