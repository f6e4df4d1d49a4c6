//! Shell commands that an operator wants run at events: `-blocknotify`, `-startupnotify`, `-alertnotify`.

use std::{process::Command, thread};

/// A command line in which `%s` stands for what happened.
#[derive(Debug, Clone)]
pub(crate) struct Notifier(pub(crate) String);

impl Notifier {
    /// Runs the command in the background. `value` is ours (a hash), never a peer's text.
    pub(crate) fn run(&self, value: &str) {
        let line = self.0.replace("%s", value);
        let spawned = thread::Builder::new().name("notify-command".into()).spawn(move || {
            match Command::new("sh").arg("-c").arg(&line).status() {
                Ok(status) if status.success() => {}
                Ok(status) => tracing::warn!("runCommand error: system({line}) returned {status}"),
                Err(error) => tracing::warn!("runCommand error: system({line}): {error}"),
            }
        });
        if let Err(error) = spawned {
            tracing::warn!("no thread to run a notification command: {error}");
        }
    }
}
