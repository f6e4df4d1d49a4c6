//! What the scenarios share: processes, waiting, and the reasons to skip.
//!
//! A scenario that cannot run says so in one line on standard error and passes; only a missing litecastd is a failure.

pub(crate) mod chain;
pub(crate) mod extension;
pub(crate) mod flood;
pub(crate) mod gauge;
pub(crate) mod node;
pub(crate) mod payments;
pub(crate) mod peer;
pub(crate) mod process;
pub(crate) mod subscriber;

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) use node::Node;
pub(crate) use process::{Outcome, Process, run};

/// For anything that a healthy node does soon. Generous: debug builds, two cores, tests side by side.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `probe` has something. Panics, naming `what`, after `limit`.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what} within {} s", limit.as_secs());
        thread::sleep(Duration::from_millis(15));
    }
}

/// A port of the loopback interface. Not from the range the system gives to outgoing connections: a killed node wants its
/// port back, and litecoind cannot be told to choose one itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| {
        let spread = u16::try_from(std::process::id() % 180).expect("because a remainder of 180 fits") * 100;
        AtomicU16::new(12_000 + spread)
    });
    loop {
        let port = next.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_000, "no port is left");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The daemon under test.
pub(crate) fn litecastd() -> PathBuf {
    let path = env::var_os("LITECASTD").map_or_else(
        || {
            let test = env::current_exe().unwrap();
            test.parent().and_then(Path::parent).expect("because tests live in <profile>/deps").join("litecastd")
        },
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "there is no litecastd at {}: `cargo build --workspace` first, or set LITECASTD",
        path.display()
    );
    path
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn available(program: &str, args: &[&str]) -> bool {
    let status =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// True, with a line on standard error, if litecoind is missing.
pub(crate) fn no_litecoind(scenario: &str) -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let missing = !FOUND.get_or_init(|| available("litecoind", &["-version"]));
    if missing {
        eprintln!("SKIPPED: {scenario}: there is no litecoind");
    }
    missing
}

/// True, with a line on standard error, if pyzmq is missing.
pub(crate) fn no_pyzmq(scenario: &str) -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let missing = !FOUND.get_or_init(|| available("python3", &["-c", "import zmq"]));
    if missing {
        eprintln!("SKIPPED: {scenario}: python3 has no zmq (pip install pyzmq)");
    }
    missing
}
