//! Going to the background without `fork`: the program starts itself again, under another zeroth argument, in a session of
//! its own. With `-daemonwait` the first process waits for a line on the second one's standard output.

use std::env;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use rustix::fs::MemfdFlags;

/// Zeroth argument of the process in the background. Unlike an environment variable, the commands it runs do not inherit it.
const DETACHED: &str = "litecastd [daemon]";
/// The same, with someone waiting.
const DETACHED_WAITED_FOR: &str = "litecastd [daemonwait]";
/// What the waiting process is told.
const READY: &str = "ready";

/// The part this process plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Started by the user.
    Foreground,
    /// Started by [`detach`].
    Background,
    /// Started by [`detach`], which waits for [`report_ready`].
    BackgroundWaitedFor,
}

/// Finds out the role, and in the background takes leave of the terminal.
pub(crate) fn role() -> Role {
    let role = match env::args_os().next() {
        Some(name) if name == DETACHED => Role::Background,
        Some(name) if name == DETACHED_WAITED_FOR => Role::BackgroundWaitedFor,
        _ => return Role::Foreground,
    };
    // Fails only for the leader of a process group, which a process just started by another is not.
    let _ = rustix::process::setsid();
    role
}

/// Starts this program again in the background, with the same arguments. Returns what to exit with.
pub(crate) fn detach(wait: bool) -> io::Result<ExitCode> {
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1)).stdin(Stdio::null());
    if !wait {
        command.arg0(DETACHED).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        return Ok(ExitCode::SUCCESS);
    }
    // Standard error goes to memory rather than to a pipe, which would break under the node when this process is gone.
    let mut errors = File::from(rustix::fs::memfd_create("litecastd-stderr", MemfdFlags::CLOEXEC)?);
    command.arg0(DETACHED_WAITED_FOR).stdout(Stdio::piped()).stderr(errors.try_clone()?);
    let mut child = command.spawn()?;
    let lines = BufReader::new(child.stdout.take().expect("because it was asked for")).lines();
    for line in lines {
        if line? == READY {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let status = child.wait()?;
    errors.rewind()?;
    io::copy(&mut errors, &mut io::stderr())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells the process that waits that the node is up. Harmless in other roles.
pub(crate) fn report_ready(role: Role) {
    if role == Role::BackgroundWaitedFor {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{READY}").and_then(|()| out.flush());
    }
}
