//! `litecoin.conf`: `name=value` lines, `#` comments, `[section]` headings, `section.name=value`, and `includeconf`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::args::{Args, ConfigError, SectionInfo, as_text, interpret};
use crate::merge::negated;

/// Name of the configuration file, which is litecoind's so that its files work unchanged.
const CONF_FILENAME: &str = "litecoin.conf";

/// What a line's ends are trimmed of.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

impl Args {
    /// The configuration file of this run, whether it exists or not.
    #[must_use]
    pub fn conf_path(&self) -> std::path::PathBuf {
        self.absolute(Path::new(&self.text("conf", CONF_FILENAME)), false)
    }

    /// Reads the configuration file, if there is one, and those it includes. Unknown names are noted and skipped.
    ///
    /// # Errors
    /// A line that cannot be read, an included file that is missing, a data directory that is not there.
    pub fn read_conf_files(&mut self) -> Result<(), ConfigError> {
        self.sources.ro_config.clear();
        self.sections.clear();
        let named = self.text("conf", CONF_FILENAME);
        if let Some(text) = read_if_there(&self.conf_path())? {
            self.read_conf(&text, &named)?;
            // `-includeconf=x` was refused on the command line, so what is there is `-noincludeconf`.
            if !self.sources.command_line.contains_key("includeconf") {
                self.read_includes()?;
            }
        }
        if !self.data_dir_exists() {
            return Err(ConfigError::DataDirInFile(self.text("datadir", "")));
        }
        Ok(())
    }

    fn read_includes(&mut self) -> Result<(), ConfigError> {
        let chain = self.chain_name()?;
        let of_chain = self.includes(&chain, 0);
        let of_default = self.includes("", 0);
        let (skip_chain, skip_default) = (of_chain.total, of_default.total);
        for name in of_chain.names.into_iter().chain(of_default.names) {
            let path = self.absolute(Path::new(&name), false);
            let Some(text) = read_if_there(&path)? else { return Err(ConfigError::Include(name)) };
            self.read_conf(&text, &name)?;
            self.notes.push(format!("Included configuration file {name}"));
        }

        let mut ignored = self.includes(&chain, skip_chain).names;
        ignored.extend(self.includes("", skip_default).names);
        let chain_now = self.chain_name()?;
        if chain_now != chain {
            ignored.extend(self.includes(&chain_now, 0).names);
        }
        for name in ignored {
            self.warnings.push(format!(
                "warning: -includeconf cannot be used from included files; ignoring -includeconf={name}"
            ));
        }
        Ok(())
    }

    /// The live `includeconf` values of a section, without the first `skip`.
    fn includes(&self, section: &str, skip: usize) -> Includes {
        let values = self.sources.ro_config.get(section).and_then(|map| map.get("includeconf"));
        let values = values.map_or(&[][..], Vec::as_slice);
        let first = skip.max(negated(values));
        Includes { names: values.iter().skip(first).map(as_text).collect(), total: values.len() }
    }

    /// Takes in one file's text; `file` is how it was named.
    pub(crate) fn read_conf(&mut self, text: &str, file: &str) -> Result<(), ConfigError> {
        for (key, value) in self.lex(text, file)? {
            let read = interpret(&key, &value);
            let Some(spec) = self.spec(&read.name) else {
                self.notes.push(format!("Ignoring unknown configuration value {key}{}", self.hint(&read.name)));
                continue;
            };
            if read.value.is_boolean() && !spec.negatable {
                return Err(ConfigError::Negated(read.name));
            }
            self.notes.extend(read.note);
            self.sources.ro_config.entry(read.section).or_default().entry(read.name).or_default().push(read.value);
        }
        Ok(())
    }

    /// Splits a file into `(section.name, value)` pairs; the first bad line fails the whole file.
    fn lex(&mut self, text: &str, file: &str) -> Result<Vec<(String, String)>, ConfigError> {
        let mut pairs = Vec::new();
        let mut prefix = String::new();
        for (index, raw) in text.split('\n').enumerate() {
            let number = index + 1;
            let (content, used_hash) = match raw.split_once('#') {
                Some((before, _)) => (before, true),
                None => (raw, false),
            };
            let content = content.trim_matches(BLANKS);
            if content.is_empty() {
                continue;
            }
            if let Some(section) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                self.sections.push(SectionInfo { name: section.to_owned(), file: file.to_owned(), line: number });
                prefix = format!("{section}.");
            } else if content.starts_with('-') {
                return Err(ConfigError::LeadingDash { line: number, text: content.to_owned() });
            } else if let Some((name, value)) = content.split_once('=') {
                let name = format!("{prefix}{}", name.trim_matches(BLANKS));
                if used_hash && name.contains("rpcpassword") {
                    return Err(ConfigError::HashInPassword(number));
                }
                if let Some(dot) = name.rfind('.').filter(|dot| prefix.len() <= *dot) {
                    let name = name[..dot].to_owned();
                    self.sections.push(SectionInfo { name, file: file.to_owned(), line: number });
                }
                pairs.push((name, value.trim_matches(BLANKS).to_owned()));
            } else {
                let hint = if content.starts_with("no") {
                    format!(", if you intended to specify a negated option, use {content}=1 instead")
                } else {
                    String::new()
                };
                return Err(ConfigError::NoEquals { line: number, text: content.to_owned(), hint });
            }
        }
        Ok(pairs)
    }
}

struct Includes {
    names: Vec<String>,
    /// How many values there are, dead ones too.
    total: usize,
}

/// The file's text; `None` when there is no such file.
fn read_if_there(path: &Path) -> Result<Option<String>, ConfigError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory) => {
            Ok(None)
        }
        Err(e) => Err(ConfigError::Unreadable(path.display().to_string(), e.to_string())),
    }
}
