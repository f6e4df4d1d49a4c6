//! Checks of the project itself that the compiler cannot make. `cargo xtask` prints what there is.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on its terminal")]

mod arch;

use std::{env, path::Path, process::ExitCode};

use anyhow::Context;

const USAGE: &str = "\
usage: cargo xtask <command>

  arch    layers between crates, where tokio, anyhow and unsafe may stand, length of files,
          ARCHITECTURE.md's list of crates, docs/spec/consensus.md against the table of rules";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["-h" | "--help" | "help"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        ["arch"] => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the workspace root")?;
            let failures = arch::check(root)?;
            failures.iter().for_each(|failure| eprintln!("{failure}"));
            println!("arch: {} failures", failures.len());
            Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        unknown => {
            eprintln!("unknown command: {}\n\n{USAGE}", unknown.join(" "));
            Ok(ExitCode::from(2))
        }
    }
}
