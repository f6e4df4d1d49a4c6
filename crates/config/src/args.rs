//! The options of one run: what was given where, and the getters that apply the merge rules.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::chain::Chain;
use crate::hint;
use crate::merge::{Sources, Values};
use crate::number::{atoi64, interpret_bool};
use crate::option::{self, Group, Kind, OptionSpec};

/// A section heading met in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionInfo {
    /// Section name.
    pub name: String,
    /// File as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

/// What is wrong with the options; the texts are the reference's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not in the table, or with a section prefix.
    #[error("Invalid parameter {argument}{hint}")]
    InvalidParameter {
        /// As it was typed.
        argument: String,
        /// " (did you mean -x?)" or nothing.
        hint: String,
    },
    /// `-noname` of an option that cannot be negated.
    #[error("Negating of -{0} is meaningless and therefore forbidden")]
    Negated(String),
    /// `-includeconf` outside of a file.
    #[error("-includeconf cannot be used from commandline; -includeconf={0}")]
    IncludeOnCommandLine(String),
    /// `-name` in a file.
    #[error("parse error on line {line}: {text}, options in configuration file must be specified without leading -")]
    LeadingDash {
        /// Line, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A `#` that may be part of a password.
    #[error("parse error on line {0}, using # in rpcpassword can be ambiguous and should be avoided")]
    HashInPassword(usize),
    /// A line without `=`.
    #[error("parse error on line {line}: {text}{hint}")]
    NoEquals {
        /// Line, from 1.
        line: usize,
        /// The line.
        text: String,
        /// What was probably meant.
        hint: String,
    },
    /// An included file is missing.
    #[error("Failed to include configuration file {0}")]
    Include(String),
    /// The configuration file cannot be read, although it is there.
    #[error("cannot read {0}: {1}")]
    Unreadable(String, String),
    /// The configuration file names a data directory that is not there.
    #[error("specified data directory \"{0}\" does not exist.")]
    DataDirInFile(String),
    /// More than one network.
    #[error("Invalid combination of -regtest, -signet, -testnet and -chain. Can use at most one.")]
    Chains,
    /// `-chain` of an unknown name.
    #[error(transparent)]
    UnknownChain(#[from] crate::chain::UnknownChain),
    /// settings.json cannot be read.
    #[error("Failed loading settings file:\n- {}", .0.join("\n- "))]
    LoadSettings(Vec<String>),
    /// settings.json cannot be written.
    #[error("Failed saving settings file:\n- {}", .0.join("\n- "))]
    SaveSettings(Vec<String>),
}

/// Options of one run of a program.
#[derive(Debug, Clone)]
pub struct Args {
    pub(crate) table: &'static [Group],
    pub(crate) sources: Sources,
    pub(crate) sections: Vec<SectionInfo>,
    pub(crate) chain: Option<Chain>,
    pub(crate) default_data_dir: PathBuf,
    pub(crate) positional: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Args {
    /// No options yet. `default_data_dir` is used when `-datadir` is not given.
    #[must_use]
    pub fn new(table: &'static [Group], default_data_dir: PathBuf) -> Self {
        Self {
            table,
            sources: Sources::default(),
            sections: Vec::new(),
            chain: None,
            default_data_dir,
            positional: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The table these options are from.
    #[must_use]
    pub fn table(&self) -> &'static [Group] {
        self.table
    }

    /// What the command line had from its first word without `-` on.
    #[must_use]
    pub fn positional(&self) -> &[String] {
        &self.positional
    }

    /// Lines for the log, collected since before it opened; empties the list.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Lines for standard error; empties the list.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(crate) fn spec(&self, name: &str) -> Option<&'static OptionSpec> {
        option::find(self.table, name)
    }

    pub(crate) fn hint(&self, name: &str) -> String {
        hint::nearest(self.table, name).map_or_else(String::new, |near| format!(" (did you mean -{near}?)"))
    }

    /// Decides the network, from `-chain`, `-testnet`, `-signet` and `-regtest`. The configuration file must have been read.
    ///
    /// # Errors
    /// More than one is given, or `-chain` names none.
    pub fn select_chain(&mut self) -> Result<Chain, ConfigError> {
        let chain: Chain = self.chain_name()?.parse()?;
        self.chain = Some(chain);
        Ok(chain)
    }

    /// The network's name as given, known or not.
    pub(crate) fn chain_name(&self) -> Result<String, ConfigError> {
        let on = |name: &str| match self.sources.setting("", name, false, true) {
            None => false,
            Some(Value::Bool(on)) => on,
            Some(value) => interpret_bool(&as_text(&value)),
        };
        let chosen: Vec<Chain> = [("regtest", Chain::Regtest), ("signet", Chain::Signet), ("testnet", Chain::Test)]
            .into_iter()
            .filter_map(|(name, chain)| on(name).then_some(chain))
            .collect();
        if chosen.len() + usize::from(self.is_set("chain")) > 1 {
            return Err(ConfigError::Chains);
        }
        Ok(chosen.first().map_or_else(|| self.text("chain", Chain::Main.name()), |chain| chain.name().to_owned()))
    }

    /// The selected network; main before one is selected.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.chain.unwrap_or(Chain::Main)
    }

    fn section(&self) -> &'static str {
        self.chain.map_or("", Chain::name)
    }

    fn ignores_default_section(&self, name: &str) -> bool {
        self.chain != Some(Chain::Main) && self.spec(name).is_some_and(|spec| spec.network_only)
    }

    fn setting(&self, name: &str) -> Option<Value> {
        debug_assert!(self.spec(name).is_some(), "-{name} is not in the table");
        self.sources.setting(self.section(), name, self.ignores_default_section(name), false)
    }

    /// Given anywhere, negated or not.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.setting(name).is_some()
    }

    /// The last word was `-noname`.
    #[must_use]
    pub fn is_negated(&self, name: &str) -> bool {
        self.setting(name) == Some(Value::Bool(false))
    }

    /// The value if given: a negation reads "0", a double negation "1".
    #[must_use]
    pub fn given(&self, name: &str) -> Option<String> {
        self.setting(name).map(|value| as_text(&value))
    }

    /// The value as text, or `default`.
    #[must_use]
    pub fn text(&self, name: &str, default: &str) -> String {
        self.given(name).unwrap_or_else(|| default.to_owned())
    }

    /// The value as a number if given.
    #[must_use]
    pub fn given_int(&self, name: &str) -> Option<i64> {
        let value = atoi64(&self.given(name)?);
        Some(match self.spec(name).map(|spec| spec.kind) {
            Some(Kind::Int { min, max, .. }) => value.clamp(min, max),
            _ => value,
        })
    }

    /// The value as a boolean if given.
    #[must_use]
    pub fn given_bool(&self, name: &str) -> Option<bool> {
        Some(match self.setting(name)? {
            Value::Bool(on) => on,
            value => interpret_bool(&as_text(&value)),
        })
    }

    /// The value as a boolean, or the table's default (off when it has none).
    #[must_use]
    pub fn get_bool(&self, name: &str) -> bool {
        self.given_bool(name).unwrap_or(match self.spec(name).map(|spec| spec.kind) {
            Some(Kind::Bool(Some(default))) => default,
            _ => false,
        })
    }

    /// The value as a number within the table's limits, or the table's default (0 when it has none).
    #[must_use]
    pub fn get_int(&self, name: &str) -> i64 {
        self.given_int(name).unwrap_or(match self.spec(name).map(|spec| spec.kind) {
            Some(Kind::Int { default: Some(default), .. }) => default,
            _ => 0,
        })
    }

    /// The value as text, or the table's default (empty when it has none).
    #[must_use]
    pub fn get_str(&self, name: &str) -> String {
        self.given(name).unwrap_or_else(|| match self.spec(name).map(|spec| spec.kind) {
            Some(Kind::Text(Some(default))) => default.to_owned(),
            _ => String::new(),
        })
    }

    /// All values of an option that may be given many times.
    #[must_use]
    pub fn get_all(&self, name: &str) -> Vec<String> {
        debug_assert!(self.spec(name).is_some(), "-{name} is not in the table");
        let values = self.sources.list(self.section(), name, self.ignores_default_section(name));
        values.iter().map(as_text).collect()
    }

    /// Sets an option above all sources.
    pub fn force(&mut self, name: &str, value: &str) {
        self.sources.forced.insert(name.to_owned(), Value::String(value.to_owned()));
    }

    /// Sets an option that nobody set; tells whether it did.
    pub fn soft_set_bool(&mut self, name: &str, on: bool) -> bool {
        if self.is_set(name) {
            return false;
        }
        self.force(name, if on { "1" } else { "0" });
        true
    }

    /// Network-only options that stand in the default section of a file, where they do not count on this network.
    #[must_use]
    pub fn unsuitable_section_only(&self) -> Vec<&'static str> {
        if matches!(self.chain, None | Some(Chain::Main)) {
            return Vec::new();
        }
        let mut names: Vec<&'static str> = self
            .table
            .iter()
            .flat_map(|group| group.options)
            .filter(|spec| spec.network_only)
            .map(|spec| spec.name)
            .filter(|name| self.sources.only_in_default_section(self.section(), name))
            .collect();
        names.sort_unstable();
        names
    }

    /// Section headings that name no network.
    #[must_use]
    pub fn unrecognized_sections(&self) -> Vec<&SectionInfo> {
        self.sections.iter().filter(|section| section.name.parse::<Chain>().is_err()).collect()
    }

    /// Every option as given, one log line each, secrets starred out.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (section, values) in &self.sources.ro_config {
            let section = if section.is_empty() { String::new() } else { format!("[{section}] ") };
            self.log_values(&format!("Config file arg: {section}"), values, &mut lines);
        }
        for (name, value) in &self.sources.rw_settings {
            lines.push(format!("Setting file arg: {name} = {value}"));
        }
        self.log_values("Command-line arg: ", &self.sources.command_line, &mut lines);
        lines
    }

    fn log_values(&self, prefix: &str, values: &Values, lines: &mut Vec<String>) {
        for (name, values) in values {
            let Some(spec) = self.spec(name) else { continue };
            for value in values {
                let shown = if spec.sensitive { "****".to_owned() } else { value.to_string() };
                lines.push(format!("{prefix}{name}={shown}"));
            }
        }
    }

    /// `path`, which if relative is below the data directory, or below the network's folder there.
    #[must_use]
    pub fn absolute(&self, path: &Path, network_folder: bool) -> PathBuf {
        if path.is_absolute() { path.to_owned() } else { self.data_dir(network_folder).join(path) }
    }
}

/// A value as the getters see it.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::Bool(on) => String::from(if *on { "1" } else { "0" }),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A name, perhaps with a section before it and `no` in front, and its value, as the reference reads them.
pub(crate) struct Interpreted {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) value: Value,
    /// A note for the log about a double negation.
    pub(crate) note: Option<String>,
}

/// Splits `section.nofoo` = `value` (v0.21.5.5 `src/util/system.cpp` InterpretOption).
pub(crate) fn interpret(key: &str, value: &str) -> Interpreted {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let mut note = None;
    let (name, value) = match name.strip_prefix("no") {
        None => (name, Value::String(value.to_owned())),
        Some(name) if interpret_bool(value) => (name, Value::Bool(false)),
        Some(name) => {
            note = Some(format!("Warning: parsed potentially confusing double-negative -{name}={value}"));
            (name, Value::Bool(true))
        }
    };
    Interpreted { section: section.to_owned(), name: name.to_owned(), value, note }
}
