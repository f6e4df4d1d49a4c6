//! RPC client for litecastd and litecoind, with litecoin-cli's options, output and exit codes (v0.21.5.5
//! `src/bitcoin-cli.cpp`).
//!
//! Owns the reading of options and parameters and the printing of answers; talking to the node is the client crate's.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

mod connection;
mod convert;
mod generate;
mod getinfo;
mod netinfo;
mod options;
mod output;
mod stdin;

use std::process::ExitCode;

use litecast_config::{Args, default_data_dir, help};
use serde_json::{Value, json};

use connection::{CallError, Connection};
use output::Printed;

/// Name and version, first line of `-help` and `-version`.
const VERSION_LINE: &str = concat!("Litecast RPC client version v", env!("CARGO_PKG_VERSION"));
/// Folder of the default data directory, the node's, below the user's home.
const DATA_FOLDER: &str = ".litecast";

/// Why there is no answer to print; printed after "error: ".
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The node cannot be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Standard input ended early or is unreadable.
    #[error("{0} specified but failed to read from standard input")]
    Stdin(&'static str),
}

fn main() -> ExitCode {
    let mut args = Args::new(options::TABLE, default_data_dir(DATA_FOLDER));
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let no_words = words.is_empty();
    if let Err(code) = read_options(&mut args, words) {
        return code;
    }
    if no_words {
        eprintln!("Error: too few parameters");
        return ExitCode::FAILURE;
    }
    let printed = run(&mut args).unwrap_or_else(|failure| Printed::failure(&failure.to_string()));
    printed.print()
}

/// Reads all options. `Err`: everything has been said, exit with this.
fn read_options(args: &mut Args, words: Vec<String>) -> Result<(), ExitCode> {
    let no_words = words.is_empty();
    if let Err(error) = args.parse_command_line(words) {
        eprintln!("Error parsing command line arguments: {error}");
        return Err(ExitCode::FAILURE);
    }
    let help = ["?", "h", "help"].iter().any(|name| args.is_set(name));
    if args.is_set("version") {
        println!("{VERSION_LINE}");
        return Err(ExitCode::SUCCESS);
    }
    if help || no_words {
        print!("{}", help_text());
        return if help { Err(ExitCode::SUCCESS) } else { Ok(()) };
    }
    if !args.data_dir_exists() {
        eprintln!("Error: Specified data directory \"{}\" does not exist.", args.get_str("datadir"));
        return Err(ExitCode::FAILURE);
    }
    if let Err(error) = args.read_conf_files() {
        eprintln!("Error reading configuration file: {error}");
        return Err(ExitCode::FAILURE);
    }
    if let Err(error) = args.select_chain() {
        eprintln!("Error: {error}");
        return Err(ExitCode::FAILURE);
    }
    for warning in args.take_warnings() {
        eprintln!("{warning}");
    }
    Ok(())
}

fn help_text() -> String {
    format!(
        "{VERSION_LINE}\n\nUsage:  litecast-cli [options] <command> [params]  Call a command of the node\nor:     \
         litecast-cli [options] -named <command> [name=value]...  The same, with named parameters\nor:     litecast-cli \
         [options] help                List the commands\nor:     litecast-cli [options] help <command>      Explain a \
         command\n\n{}",
        help::help_message(options::TABLE, false)
    )
}

fn run(args: &mut Args) -> Result<Printed, Failure> {
    let words: Vec<String> = args.positional().iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    let words = stdin::complete(args, words)?;
    let connection = Connection::new(args);
    if args.is_set("getinfo") {
        return getinfo::run(args, &connection, &words);
    }
    if args.get_bool("netinfo") {
        return netinfo::run(args, &connection, &words);
    }
    if args.get_bool("generate") {
        return generate::run(&connection, words);
    }
    let Some((method, params)) = words.split_first() else {
        return Err(Failure::Usage("too few parameters (need at least command)".to_owned()));
    };
    let params =
        if args.get_bool("named") { convert::named(method, params) } else { convert::positional(method, params) };
    let params = params.map_err(Failure::Usage)?;
    let reply = connection.call(method, &params)?;
    Ok(Printed::reply(&reply))
}

/// A request object in the reference's form.
fn request(method: &str, params: &Value, id: u32) -> Value {
    json!({"method": method, "params": params, "id": id})
}
