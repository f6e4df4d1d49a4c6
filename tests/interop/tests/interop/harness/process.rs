//! Child processes that do not outlive their test.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use super::wait_for;

/// A running child with its output in files; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    name: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts `program`; its output goes to `<name>.out` and `<name>.err` in `dir`, from the beginning.
    pub(crate) fn start(name: &str, dir: &Path, program: &Path, args: &[String]) -> Self {
        let (stdout, stderr) = (dir.join(format!("{name}.out")), dir.join(format!("{name}.err")));
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Self { child, name: name.to_owned(), stdout, stderr }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<Outcome> {
        let status = self.child.try_wait().unwrap()?;
        let stdout = std::fs::read_to_string(&self.stdout).unwrap_or_default();
        Some(Outcome { status, stdout, stderr: self.stderr() })
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, limit: Duration) -> Outcome {
        let what = format!("end of {}", self.name);
        wait_for(&what, limit, || self.ended())
    }

    /// SIGKILL.
    pub(crate) fn kill_nine(&mut self) {
        let _ = self.child.kill();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "{} had ended by itself: {}", self.name, self.stderr());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `program` to its end.
pub(crate) fn run(dir: &Path, program: &Path, args: &[String], limit: Duration) -> Outcome {
    Process::start("run", dir, program, args).wait(limit)
}
