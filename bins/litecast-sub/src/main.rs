//! Prints a node's ZeroMQ stream: one line for each message, readable by people or, with `--json`, by programs.
//!
//! Works with Litecast and with litecoind. Lost messages, lost connections and restarts of the publisher are part of
//! what is printed. Ends with status 0 after `--count` messages or when nobody reads its output any more.

mod args;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use args::{Action, Args};
use litecast_client::{Notice, Subscriber, SubscriberOptions, print::Printer};

#[expect(clippy::print_stderr, reason = "where a program of the command line says what is wrong")]
fn main() -> ExitCode {
    let action = match Args::parse(std::env::args().skip(1)) {
        Ok(action) => action,
        Err(error) => {
            eprintln!("error: {error}\nTry 'litecast-sub --help'.");
            return ExitCode::from(2);
        }
    };
    let done = match action {
        Action::Help => write_out(args::HELP),
        Action::Version => write_out(concat!("litecast-sub ", env!("CARGO_PKG_VERSION"), "\n")),
        Action::Run(args) => run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_out(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write")
}

/// Rust programs ignore SIGPIPE and get this error instead; it is the reader's way to say "enough".
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(args: &Args) -> anyhow::Result<()> {
    let options =
        SubscriberOptions { prefixes: args.topics.clone(), heartbeat: args.heartbeat, ..SubscriberOptions::default() };
    let subscriber = Subscriber::start(&args.addresses, &options)?;
    let people = Printer::for_stdout();
    let printer = Printer { json: args.json, body: args.body, many: args.addresses.len() > 1, ..people };
    let mut out = io::stdout().lock();
    let mut left = args.count;
    while left != Some(0) {
        let notice = subscriber.recv();
        let mut line = printer.line(&notice);
        line.push('\n');
        // One write for each line, so that an interrupt never leaves half of one.
        out.write_all(line.as_bytes()).and_then(|()| out.flush())?;
        if let (Notice::Message(_), Some(left)) = (&notice, &mut left) {
            *left -= 1;
        }
    }
    Ok(())
}
