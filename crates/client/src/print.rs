//! A notice as a line of text for people, or as a JSON object for programs.

mod clock;
mod describe;

use std::{
    fmt::Write,
    io::{IsTerminal, stdout},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::{Notice, Notification};
use clock::rfc3339;
use describe::describe;

const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

/// How to print.
#[derive(Debug)]
pub struct Printer {
    /// One JSON object for each notice.
    pub json: bool,
    /// With colours of the terminal; never in JSON.
    pub colour: bool,
    /// With the whole body.
    pub body: bool,
    /// Several publishers: each line says which.
    pub many: bool,
}

impl Printer {
    /// For people at standard output; in colour if that is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn for_stdout() -> Self {
        let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json: false, colour, body: false, many: false }
    }

    /// The line, without its end.
    #[must_use]
    pub fn line(&self, notice: &Notice) -> String {
        if self.json {
            return self.object(notice).to_string();
        }
        let now = SystemTime::now();
        match notice {
            Notice::Message(message) => self.message(message),
            Notice::Connected { endpoint } => self.aside(DIM, now, endpoint, "connected"),
            Notice::Disconnected { endpoint, reason } => {
                self.aside(DIM, now, endpoint, &format!("not connected: {reason}; trying again"))
            }
            Notice::Gap { endpoint, topic, expected, missing } => {
                let last = expected.wrapping_add(missing - 1);
                let text = format!("LOST {missing} {topic} messages, #{expected} to #{last}");
                self.aside(RED, now, endpoint, &text)
            }
            Notice::Restarted { endpoint, topic, expected } => {
                let text = format!("RESTARTED: {topic} counts anew (#{expected} was next); messages may be lost");
                self.aside(RED, now, endpoint, &text)
            }
            Notice::Malformed { endpoint, frames } => self.aside(
                RED,
                now,
                endpoint,
                &format!("a message of {frames} frames that is not topic, body, counter"),
            ),
        }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("{colour}{text}{RESET}") } else { text.to_owned() }
    }

    fn aside(&self, colour: &str, time: SystemTime, endpoint: &str, text: &str) -> String {
        self.paint(colour, &format!("{} -- {}: {text}", rfc3339(time), printable(endpoint)))
    }

    fn message(&self, message: &Notification) -> String {
        let time = self.paint(DIM, &rfc3339(message.received_at));
        let topic = self.paint(BOLD, &format!("{:9}", printable(&message.topic)));
        let phrase = describe(message).phrase;
        let mut line = format!("{time} {topic} #{:<6} {phrase}", message.counter);
        if self.many {
            let _ = write!(line, " [{}]", printable(&message.endpoint));
        }
        if self.body {
            let _ = write!(line, " {}", hex(&message.body));
        }
        line
    }

    fn object(&self, notice: &Notice) -> Value {
        let now = || rfc3339(SystemTime::now());
        match notice {
            Notice::Message(message) => {
                let mut object = json!({
                    "event": "message",
                    "received_at": rfc3339(message.received_at),
                    "endpoint": &*message.endpoint,
                    "topic": message.topic,
                    "counter": message.counter,
                });
                let fields = object.as_object_mut().expect("because it was just made as one");
                fields.extend(describe(message).fields);
                if self.body {
                    fields.insert("body".to_owned(), hex(&message.body).into());
                }
                object
            }
            Notice::Connected { endpoint } => json!({"event": "connected", "at": now(), "endpoint": &**endpoint}),
            Notice::Disconnected { endpoint, reason } => {
                json!({"event": "disconnected", "at": now(), "endpoint": &**endpoint, "reason": reason})
            }
            Notice::Gap { endpoint, topic, expected, missing } => json!({
                "event": "gap", "at": now(), "endpoint": &**endpoint, "topic": topic, "expected": expected, "missing": missing,
            }),
            Notice::Restarted { endpoint, topic, expected } => json!({
                "event": "restarted", "at": now(), "endpoint": &**endpoint, "topic": topic, "expected": expected,
            }),
            Notice::Malformed { endpoint, frames } => {
                json!({"event": "malformed", "at": now(), "endpoint": &**endpoint, "frames": frames})
            }
        }
    }
}

/// What a publisher sends must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
