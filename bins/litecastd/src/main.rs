//! litecastd: the daemon. Wiring only: options, sockets, order of start and stop.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a daemon tells its terminal why it does not start")]

mod commands;
mod config;
mod context;
mod daemonize;
mod datadir;
mod demo;
mod fanout;
mod logging;
mod net;
mod node;
mod publish;
mod shutdown;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use config::{Config, Request};
use daemonize::Role;
use datadir::{DataDir, PidFile};
use logging::Logger;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let demo = match demo::prepare(&words) {
        Ok(demo) => demo,
        Err(error) => return refuse(&error),
    };
    let words = demo.as_ref().map_or(words, |demo| demo.words.clone());
    match config::load(words) {
        Ok(Request::Print(text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Request::Run(config)) => match start(*config) {
            Ok(code) => code,
            Err(error) => refuse(&error),
        },
        Err(error) => refuse(&error.into()),
    }
}

fn refuse(error: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {error:#}");
    ExitCode::FAILURE
}

fn start(config: Config) -> Result<ExitCode> {
    for line in &config.stderr {
        eprintln!("{line}");
    }
    for warning in &config.warnings {
        eprintln!("Warning: {warning}");
    }
    let settings = &config.settings;
    let role = daemonize::role();
    if settings.daemon && role == Role::Foreground {
        DataDir::probe(&settings.data_dir, settings.chain)?;
        println!("Litecast starting");
        return daemonize::detach(settings.daemon_wait).context("cannot go to the background");
    }
    // Held until the end; a second node must not touch the data.
    let _data_dir = DataDir::acquire(&settings.data_dir, settings.chain)?;
    let _pid_file = PidFile::create(&settings.pid_file)?;
    let logger = open_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    let ready = Box::new(move || daemonize::report_ready(role));
    let result = runtime.block_on(node::run(config, logger, ready));
    if let Err(error) = &result {
        tracing::error!("Error: {error:#}");
    }
    // What still blocks is waiting for a peer or a disk and has nothing to lose.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result.map(|()| ExitCode::SUCCESS)
}

fn open_log(config: &Config) -> Result<std::sync::Arc<Logger>> {
    let log = &config.settings.log;
    let logger = Logger::new(log);
    // Exactly litecoind's words: scripts look for them.
    logger.open(log.shrink).map_err(|_| anyhow::anyhow!("Could not open debug log file {}", log.path.display()))?;
    logger.install();
    tracing::info!("{}", config::VERSION_LINE);
    for note in &config.notes {
        tracing::info!("{note}");
    }
    for warning in &config.warnings {
        tracing::warn!("Warning: {warning}");
    }
    Ok(logger)
}
