//! The architecture as a test. Each check is a function from text to failures; only this file reads the disk.

mod budget;
mod layers;
mod map;
mod rules;
mod unsafety;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Something to mend: the file, and what to do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    file: String,
    advice: String,
}

impl Failure {
    fn new(file: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { file: file.into(), advice: advice.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.advice)
    }
}

/// A Rust file of the workspace: path from the root, with forward slashes, and content.
struct Source {
    path: String,
    text: String,
}

/// Runs every check on the workspace at `root`.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<Failure>> {
    let members = layers::members(&metadata(root)?, root)?;
    let mut sources = Vec::new();
    for member in &members {
        collect_sources(root, &root.join(&member.folder), &mut sources)?;
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));

    let mut failures = layers::check(&members);
    for member in &members {
        let manifest = format!("{}/Cargo.toml", member.folder);
        failures.extend(unsafety::check_manifest(&manifest, &read(root, &manifest)?));
    }
    failures.extend(sources.iter().filter_map(|s| unsafety::check_source(&s.path, &s.text)));
    failures.extend(budget::check(&sources, &read(root, budget::FILE)?));
    let folders: Vec<&str> = members.iter().map(|member| member.folder.as_str()).collect();
    failures.extend(map::check(&read(root, map::FILE)?, &folders));
    let text = |path: &str| sources.iter().find(|source| source.path == path).map(|source| source.text.as_str());
    let find = |path: &str| text(path).or_else(|| text(&format!("crates/{path}")));
    failures.extend(rules::check(&read(root, rules::DOCUMENT)?, &read(root, rules::TABLE)?, find));
    Ok(failures)
}

fn metadata(root: &Path) -> anyhow::Result<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("reading what cargo metadata says")
}

fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))
}

fn collect_sources(root: &Path, folder: &Path, found: &mut Vec<Source>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            collect_sources(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).context("because the walk began at the root")?;
            let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            found.push(Source { path: parts.join("/"), text: fs::read_to_string(&path)? });
        }
    }
    Ok(())
}
