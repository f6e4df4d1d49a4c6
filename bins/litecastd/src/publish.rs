//! The `-zmqpub…` options: to the publisher where it is built in, to a warning where it is not.

use litecast_notify::{AddressError, NotifyConfig, PubOption, Topic};
use litecast_primitives::{event::Event, transaction::Encoding};

use crate::config::ZmqNotifier;

/// The publisher, if there is anything to publish.
pub(crate) struct Publish {
    #[cfg(feature = "zmq")]
    publisher: litecast_notify::Publisher,
    #[cfg(feature = "zmq")]
    config: NotifyConfig,
    #[cfg(feature = "zmq")]
    encoding: Encoding,
}

/// What came of the options.
pub(crate) struct Started {
    /// For events.
    pub(crate) publish: Publish,
    /// Type, address and high-water mark of every notifier that works, for `getzmqnotifications`.
    pub(crate) notifiers: Vec<(String, String, u32)>,
    /// Why others do not.
    pub(crate) problems: Vec<String>,
}

fn options(settings: &[ZmqNotifier]) -> (NotifyConfig, Vec<AddressError>) {
    let options: Vec<PubOption> = settings
        .iter()
        .filter_map(|notifier| {
            let topic = Topic::from_name(notifier.topic.as_bytes())?;
            Some(PubOption { topic, address: notifier.address.clone(), hwm: Some(notifier.hwm.into()) })
        })
        .collect();
    NotifyConfig::from_options(&options)
}

#[cfg(feature = "zmq")]
impl Publish {
    /// Binds the sockets. Addresses that do not work are reported, the others serve.
    pub(crate) fn start(settings: &[ZmqNotifier], encoding: Encoding) -> Started {
        let (config, mut errors) = options(settings);
        let runtime = tokio::runtime::Handle::current();
        let (publisher, bind_errors) =
            litecast_notify::Publisher::start(&config, litecast_notify::PublisherSettings::default(), &runtime);
        errors.extend(bind_errors);
        let notifiers = publisher
            .observer()
            .notifications()
            .into_iter()
            .map(|(kind, address, hwm)| (kind.to_owned(), address, hwm))
            .collect();
        let problems = errors.iter().map(ToString::to_string).collect();
        Started { publish: Self { publisher, config, encoding }, notifiers, problems }
    }

    /// Publishes what an event means.
    pub(crate) fn event(&mut self, event: &Event) {
        let publisher = &mut self.publisher;
        litecast_notify::frames::for_each_frame(&self.config, self.encoding, event, |message| publisher.send(&message));
    }

    /// Gives queued messages a moment to leave.
    pub(crate) fn shutdown(self) {
        self.publisher.shutdown();
    }
}

#[cfg(not(feature = "zmq"))]
impl Publish {
    /// Nothing can be published: says so if anything was asked for.
    pub(crate) fn start(settings: &[ZmqNotifier], _encoding: Encoding) -> Started {
        let (config, mut problems) = options(settings);
        let mut problems: Vec<String> = problems.drain(..).map(|error| error.to_string()).collect();
        if !config.is_empty() {
            problems.push(
                "This litecastd was built without ZeroMQ (cargo feature `zmq`): the -zmqpub options do nothing.".into(),
            );
        }
        Started { publish: Self {}, notifiers: Vec::new(), problems }
    }

    /// Nothing to do.
    pub(crate) fn event(&mut self, _event: &Event) {}

    /// Nothing to do.
    pub(crate) fn shutdown(self) {}
}
