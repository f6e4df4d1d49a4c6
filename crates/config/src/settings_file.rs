//! `settings.json`: settings the program itself writes, above the configuration file and below the command line.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::args::{Args, ConfigError, interpret};

/// Default file name, below the network's folder.
const SETTINGS_FILENAME: &str = "settings.json";

impl Args {
    /// Where the settings file is; `None` with `-nosettings`.
    #[must_use]
    pub fn settings_path(&self) -> Option<PathBuf> {
        if self.is_negated("settings") {
            return None;
        }
        Some(self.absolute(Path::new(&self.text("settings", SETTINGS_FILENAME)), true))
    }

    /// Reads the settings file and writes it back, so that an unwritable one is found out at the start. The network's
    /// folder must exist.
    ///
    /// # Errors
    /// The file cannot be read as a JSON object without duplicate keys, or cannot be written.
    pub fn init_settings(&mut self) -> Result<(), ConfigError> {
        let Some(path) = self.settings_path() else { return Ok(()) };
        self.sources.rw_settings = read(&path).map_err(ConfigError::LoadSettings)?;
        for key in self.sources.rw_settings.keys() {
            if self.spec(&interpret(key, "").name).is_none() {
                self.notes.push(format!("Ignoring unknown rw_settings value {key}"));
            }
        }
        write(&path, &self.sources.rw_settings).map_err(|error| ConfigError::SaveSettings(vec![error]))
    }
}

/// A JSON object that keeps duplicate keys apart.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Value>, Vec<String>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(_) => return Err(vec![format!("Failed reading settings file {}", path.display())]),
    };
    let Ok(value) = serde_json::from_slice::<Value>(&text) else {
        return Err(vec![format!("Unable to parse settings file {}", path.display())]);
    };
    let Ok(Pairs(pairs)) = serde_json::from_slice(&text) else {
        return Err(vec![format!("Found non-object value {value} in settings file {}", path.display())]);
    };
    let mut values = BTreeMap::new();
    let mut errors = Vec::new();
    for (key, value) in pairs {
        match values.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => {
                errors.push(format!("Found duplicate key {} in settings file {}", entry.key(), path.display()));
            }
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn write(path: &Path, values: &BTreeMap<String, Value>) -> Result<(), String> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let text = serde_json::to_string_pretty(values).map_err(|e| e.to_string())? + "\n";
    fs::write(&temporary, text)
        .map_err(|_| format!("Error: Unable to open settings file {} for writing", temporary.display()))?;
    fs::rename(&temporary, path)
        .map_err(|_| format!("Failed renaming settings file {} to {}", temporary.display(), path.display()))
}
