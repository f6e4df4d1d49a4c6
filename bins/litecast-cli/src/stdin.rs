//! Secrets and parameters from standard input.

use std::io::{self, BufRead as _, IsTerminal as _};

use litecast_config::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::Failure;

/// Applies `-stdinrpcpass`, `-stdinwalletpassphrase` and `-stdin`, in this order, to the words of the command line.
pub(crate) fn complete(args: &mut Args, mut words: Vec<String>) -> Result<Vec<String>, Failure> {
    if args.get_bool("stdinrpcpass") {
        let password = secret("-stdinrpcpass", "RPC password> ")?;
        args.force("rpcpassword", &password);
    }
    if args.get_bool("stdinwalletpassphrase") {
        if !words.first().is_some_and(|method| method.starts_with("walletpassphrase")) {
            let message = "-stdinwalletpassphrase is only applicable for walletpassphrase(change)";
            return Err(Failure::Usage(message.to_owned()));
        }
        words.insert(1, secret("-stdinwalletpassphrase", "Wallet passphrase> ")?);
    }
    if args.get_bool("stdin") {
        for line in io::stdin().lock().lines() {
            words.push(line.map_err(|_| Failure::Stdin("-stdin"))?);
        }
    }
    Ok(words)
}

/// One line; typed at a terminal it is asked for and not shown.
fn secret(option: &'static str, prompt: &str) -> Result<String, Failure> {
    let input = io::stdin();
    let before = if input.is_terminal() {
        eprint!("{prompt}");
        tcgetattr(&input).ok()
    } else {
        None
    };
    if let Some(before) = &before {
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(&input, OptionalActions::Now, &quiet);
    }
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    if let Some(before) = &before {
        let _ = tcsetattr(&input, OptionalActions::Now, before);
        eprintln!();
    }
    match read {
        Ok(length) if length > 0 => Ok(line.strip_suffix('\n').unwrap_or(&line).to_owned()),
        _ => Err(Failure::Stdin(option)),
    }
}
