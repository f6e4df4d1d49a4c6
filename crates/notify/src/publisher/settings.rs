//! Limits and times of the publisher. The defaults suit a node; tests set their own.

use std::time::Duration;

/// How the publisher treats its connections.
#[derive(Clone, Debug)]
pub struct PublisherSettings {
    /// A connection that has not completed its handshake by then is closed (libzmq's `ZMQ_HANDSHAKE_IVL` is 30 s).
    pub handshake_timeout: Duration,
    /// Most connections of one socket, those in the handshake included; further ones are closed at once.
    pub max_connections: usize,
    /// A ZMTP 3.1 peer to which nothing was written for this long gets a PING, so that routers on the way keep the
    /// connection and a dead one is noticed. 3.0 peers never get one. `None` switches it off.
    pub ping_interval: Option<Duration>,
    /// How long an idle TCP connection stays unprobed, and the time between probes.
    pub keepalive: (Duration, Duration),
    /// How long a shutdown may take to hand queued messages to the operating system.
    pub flush_timeout: Duration,
    /// `SO_SNDBUF` of connections in bytes; `None` leaves it to the system.
    pub send_buffer: Option<usize>,
}

impl Default for PublisherSettings {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            max_connections: 1024,
            ping_interval: Some(Duration::from_secs(30)),
            keepalive: (Duration::from_secs(60), Duration::from_secs(15)),
            flush_timeout: Duration::from_millis(500),
            send_buffer: None,
        }
    }
}
