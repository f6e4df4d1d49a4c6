//! The command line: `-name`, `-name=value`, `--name=value`, `-noname`, up to the first word without `-`.

use serde_json::Value;

use crate::args::{Args, ConfigError, as_text, interpret};
use crate::merge::negated;

impl Args {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// An unknown option, one that cannot be negated, or `-includeconf`.
    pub fn parse_command_line(&mut self, words: impl IntoIterator<Item = String>) -> Result<(), ConfigError> {
        self.sources.command_line.clear();
        let mut words = words.into_iter();
        for word in words.by_ref() {
            let (key, value) = word.split_once('=').unwrap_or((&word, ""));
            let name = match key.strip_prefix('-') {
                Some(name) if word != "-" => name.strip_prefix('-').unwrap_or(name),
                _ => {
                    self.positional.push(word);
                    break;
                }
            };
            let read = interpret(name, value);
            let Some(spec) = self.spec(&read.name).filter(|_| !name.contains('.')) else {
                let hint = if read.section.is_empty() { self.hint(&read.name) } else { String::new() };
                return Err(ConfigError::InvalidParameter { argument: word, hint });
            };
            if read.value.is_boolean() && !spec.negatable {
                return Err(ConfigError::Negated(read.name));
            }
            self.notes.extend(read.note);
            self.sources.command_line.entry(read.name).or_default().push(read.value);
        }
        self.positional.extend(words);
        self.refuse_includes()
    }

    fn refuse_includes(&self) -> Result<(), ConfigError> {
        let Some(values) = self.sources.command_line.get("includeconf") else { return Ok(()) };
        match &values[negated(values)..] {
            [] => Ok(()),
            values => {
                let values: Vec<String> = values.iter().map(|value: &Value| as_text(value)).collect();
                Err(ConfigError::IncludeOnCommandLine(
                    values.join("\n-includeconf cannot be used from commandline; -includeconf="),
                ))
            }
        }
    }
}
