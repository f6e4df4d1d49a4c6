//! Data directory, network folder, and where the default data directory is.

use std::env;
use std::path::{Path, PathBuf};

use crate::args::Args;

/// `folder` below the user's home; below `/` for a user without one.
#[must_use]
pub fn default_data_dir(folder: &str) -> PathBuf {
    let home = env::var_os("HOME").filter(|home| !home.is_empty()).unwrap_or_else(|| "/".into());
    Path::new(&home).join(folder)
}

impl Args {
    /// The data directory, absolute; with `network_folder`, the selected network's folder in it. Creates nothing.
    #[must_use]
    pub fn data_dir(&self, network_folder: bool) -> PathBuf {
        let given = self.text("datadir", "");
        let mut dir = if given.is_empty() { self.default_data_dir.clone() } else { complete(Path::new(&given)) };
        if network_folder && !self.chain().data_dir().is_empty() {
            dir.push(self.chain().data_dir());
        }
        dir
    }

    /// A `-datadir` that is given must be there; the default one is created.
    #[must_use]
    pub fn data_dir_exists(&self) -> bool {
        let given = self.text("datadir", "");
        given.is_empty() || complete(Path::new(&given)).is_dir()
    }

    /// The folder of the block files, absolute; `None` when the given `-blocksdir` is not there. Creates nothing.
    #[must_use]
    pub fn blocks_dir(&self) -> Option<PathBuf> {
        let mut dir = match self.given("blocksdir") {
            Some(given) => Some(complete(Path::new(&given))).filter(|dir| dir.is_dir())?,
            None => self.data_dir(false),
        };
        if !self.chain().data_dir().is_empty() {
            dir.push(self.chain().data_dir());
        }
        dir.push("blocks");
        Some(dir)
    }
}

/// Absolute, without trailing slashes and dots.
fn complete(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.components().collect()
}

/// Splits `host`, `host:port`, `[v6]:port` or a bare IPv6 address; a port that is no number stays part of the host (v0.21.5.5
/// `src/util/strencodings.cpp` SplitHostPort).
#[must_use]
pub fn split_host_port(text: &str) -> (&str, Option<u16>) {
    let (mut host, mut port) = (text, None);
    if let Some((before, after)) = text.rsplit_once(':') {
        let bracketed = before.starts_with('[') && before.ends_with(']');
        let only_colon = !before.contains(':');
        if (before.is_empty() || bracketed || only_colon)
            && let Some(number) = after.parse::<u16>().ok().filter(|number| *number > 0 || after == "0")
        {
            (host, port) = (before, Some(number));
        }
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        host = inner;
    }
    (host, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (text, host, port) in [
            ("127.0.0.1", "127.0.0.1", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]:80", "::1", Some(80)),
            ("[::1]", "::1", None),
            ("::1", "::1", None),
            ("::1:80", "::1:80", None),
            (":80", "", Some(80)),
            ("localhost:99999", "localhost:99999", None),
        ] {
            assert_eq!(split_host_port(text), (host, port), "{text}");
        }
    }
}
