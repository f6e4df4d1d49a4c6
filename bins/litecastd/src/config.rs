//! From the command line and the files to a typed [`Settings`] value, or to the one-line reason why the node will not start.
//!
//! Owns the option table, the rules by which options change or exclude each other, and their order, which decides what the
//! user reads when several things are wrong (v0.21.5.5 `src/bitcoind.cpp` AppInit, `src/init.cpp`). Refuses: opening the log
//! (lines for it are collected) and going to the background.

mod checks;
mod interaction;
mod proxy;
pub(crate) mod settings;
mod table;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use litecast_config::{Args, ConfigError, default_data_dir, help};

pub(crate) use proxy::{ProxySettings, TorControlSettings};
pub(crate) use settings::{LogSettings, NetSettings, RpcSettings, Settings, ZmqNotifier};

/// Name and version, as the first line of `-help`, `-version` and the log.
pub(crate) const VERSION_LINE: &str = concat!("Litecast daemon version v", env!("CARGO_PKG_VERSION"));

/// First part of the user agent that peers see.
pub(crate) const USER_AGENT_NAME: &str = "Litecast";

/// Folder of the default data directory, below the user's home.
const DATA_FOLDER: &str = ".litecast";

/// Why the node does not start: printed after "Error: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InitError(pub(crate) String);

impl InitError {
    fn command_line(error: &ConfigError) -> Self {
        Self(format!("Error parsing command line arguments: {error}"))
    }

    fn file(error: &ConfigError) -> Self {
        Self(format!("Error reading configuration file: {error}"))
    }
}

impl From<ConfigError> for InitError {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}

/// What the options ask for.
pub(crate) enum Request {
    /// Run the node.
    Run(Box<Config>),
    /// Print this and exit.
    Print(String),
}

/// The options of this run.
pub(crate) struct Config {
    /// The options by meaning.
    pub(crate) settings: Settings,
    /// Lines for the log, from before it was open.
    pub(crate) notes: Vec<String>,
    /// What the user should know: for standard error, each after "Warning: ", and for the log.
    pub(crate) warnings: Vec<String>,
    /// Lines for standard error as they are.
    pub(crate) stderr: Vec<String>,
}

/// Reads all options. `words` are those after the program's name.
///
/// Creates the network's folder in the data directory, and `settings.json` in it.
pub(crate) fn load(words: impl IntoIterator<Item = String>) -> Result<Request, InitError> {
    let mut args = Args::new(table::TABLE, default_data_dir(DATA_FOLDER));
    args.parse_command_line(words).map_err(|error| InitError::command_line(&error))?;
    if args.is_set("version") {
        return Ok(Request::Print(version_text()));
    }
    if args.is_set("man") {
        return Ok(Request::Print(man_page()));
    }
    if ["?", "h", "help", "help-debug"].iter().any(|name| args.is_set(name)) {
        return Ok(Request::Print(help_text(args.get_bool("help-debug"))));
    }

    if !args.data_dir_exists() {
        return Err(InitError(format!("Specified data directory \"{}\" does not exist.", args.get_str("datadir"))));
    }
    args.read_conf_files().map_err(|error| InitError::file(&error))?;
    args.select_chain()?;
    if let Some(token) = args.positional().iter().find(|token| !token.starts_with('-')) {
        return Err(InitError(format!(
            "Command line contains unexpected token '{token}', see litecastd -h for a list of options."
        )));
    }

    if !args.get_bool("sysperms") {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    }
    create_data_dir(&args)?;
    args.init_settings()?;

    let mut notes = args.take_notes();
    let mut warnings = Vec::new();
    let stderr = args.take_warnings();
    interaction::apply(&mut args, &mut notes);
    checks::check(&args, &mut warnings)?;
    let settings = Settings::new(&args)?;
    notes.extend(checks::not_yet(&args));
    notes.extend(checks::file_notes(&args, &mut warnings));
    notes.extend(args.log_lines());
    Ok(Request::Run(Box::new(Config { settings, notes, warnings, stderr })))
}

fn create_data_dir(args: &Args) -> Result<(), InitError> {
    let dir = args.data_dir(true);
    DirBuilder::new()
        .recursive(true)
        .mode(if args.get_bool("sysperms") { 0o777 } else { 0o700 })
        .create(&dir)
        .map_err(|error| InitError(format!("Cannot create data directory '{}': {error}", dir.display())))
}

fn version_text() -> String {
    format!(
        "{VERSION_LINE}\n\nA Litecoin node whose event stream loses nothing. Free software, under the MIT or the Apache 2.0 \
         license,\nas you choose; without any warranty.\n"
    )
}

fn help_text(show_debug: bool) -> String {
    format!(
        "{VERSION_LINE}\n\nUsage:  litecastd [options]\n\nOptions can also stand in litecoin.conf in the data directory, one \
         name=value a line.\n\n{}",
        help::help_message(table::TABLE, show_debug)
    )
}

/// The manual page litecastd(1), which the hidden option `-man` prints.
fn man_page() -> String {
    help::man_page(
        "litecastd",
        env!("CARGO_PKG_VERSION"),
        "Litecoin node with a lossless event stream",
        "[options]",
        "litecastd validates the Litecoin chain, takes part in the network, answers RPC, and publishes every block and \
         transaction over ZeroMQ. It takes litecoind's options and configuration file. Options are given as -name=value, or \
         as name=value in litecoin.conf, there also below [main], [test] or [regtest]; -noname switches off.",
        table::TABLE,
    )
}

#[cfg(test)]
mod tests;
