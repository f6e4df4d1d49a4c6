//! Where lines go: a file, standard output, or memory while the file is not open yet.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How much of a large file shrinking keeps (v0.21.5.5 `src/logging.cpp` RECENT_DEBUG_HISTORY_SIZE), bytes.
const KEEP: u64 = 10_000_000;
/// Lines that wait for the file; more than any start writes.
const MAX_WAITING: usize = 10_000;

pub(super) struct Sink {
    path: Option<PathBuf>,
    file: Option<File>,
    to_console: bool,
    waiting: Option<Vec<String>>,
}

impl Sink {
    pub(super) fn new(path: Option<PathBuf>, to_console: bool) -> Self {
        Self { path, file: None, to_console, waiting: Some(Vec::new()) }
    }

    pub(super) fn open(&mut self, shrink: bool) -> io::Result<()> {
        if let Some(path) = &self.path {
            if shrink {
                // Best effort: the file may be a device, or not there yet.
                let _ = shrink_file(path);
            }
            let mut file = append(path)?;
            let _ = file.write_all(b"\n\n\n\n\n");
            self.file = Some(file);
        }
        for line in self.waiting.take().unwrap_or_default() {
            self.write(&line, false);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, line: &str, reopen: bool) {
        if let Some(waiting) = &mut self.waiting {
            if waiting.len() < MAX_WAITING {
                waiting.push(line.to_owned());
            }
            return;
        }
        if self.to_console {
            let mut console = io::stdout().lock();
            let _ = console.write_all(line.as_bytes()).and_then(|()| console.flush());
        }
        if reopen && let Some(Ok(file)) = self.path.as_deref().map(append) {
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            let _ = file.write_all(line.as_bytes());
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// Cuts a file that is more than a tenth over [`KEEP`] to its last [`KEEP`] bytes.
fn shrink_file(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length <= KEEP / 10 * 11 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(length - KEEP))?;
    let mut end = Vec::new();
    file.take(KEEP).read_to_end(&mut end)?;
    std::fs::write(path, end)
}
