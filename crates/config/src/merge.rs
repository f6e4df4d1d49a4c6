//! Which source of a setting wins (v0.21.5.5 `src/util/settings.cpp`): forced, command line, settings.json, the network's
//! section of the configuration file, its default section. The oddities are the reference's and kept on purpose.

use std::collections::BTreeMap;

use serde_json::Value;

/// Name to values, in the order given.
pub(crate) type Values = BTreeMap<String, Vec<Value>>;

/// Everything that was read, by source.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sources {
    pub(crate) forced: BTreeMap<String, Value>,
    pub(crate) command_line: Values,
    pub(crate) rw_settings: BTreeMap<String, Value>,
    /// Section name (empty: default section) to its values.
    pub(crate) ro_config: BTreeMap<String, Values>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Forced,
    CommandLine,
    RwSettings,
    NetworkSection,
    DefaultSection,
}

impl Source {
    fn is_config_file(self) -> bool {
        matches!(self, Self::NetworkSection | Self::DefaultSection)
    }
}

/// Number of leading values wiped out by a later negation.
pub(crate) fn negated(values: &[Value]) -> usize {
    values.iter().rposition(|value| *value == Value::Bool(false)).map_or(0, |last| last + 1)
}

/// The last word was a negation.
fn last_negated(values: &[Value]) -> bool {
    values.last() == Some(&Value::Bool(false))
}

impl Sources {
    fn in_order<'a>(&'a self, section: &str, name: &str) -> impl Iterator<Item = (Source, &'a [Value])> {
        use std::slice::from_ref;
        let network = if section.is_empty() { None } else { self.ro_config.get(section) };
        let forced = self.forced.get(name).map(|value| (Source::Forced, from_ref(value)));
        let command_line = self.command_line.get(name).map(|values| (Source::CommandLine, values.as_slice()));
        let rw = self.rw_settings.get(name).map(|value| (Source::RwSettings, from_ref(value)));
        let network = network.and_then(|map| map.get(name)).map(|values| (Source::NetworkSection, values.as_slice()));
        let default = self.ro_config.get("").and_then(|map| map.get(name));
        let default = default.map(|values| (Source::DefaultSection, values.as_slice()));
        forced.into_iter().chain(command_line).chain(rw).chain(network).chain(default)
    }

    /// The one value of a single-valued setting. `for_chain_name` turns on the rules for `-regtest` and its kin: the last
    /// value of a file wins instead of the first, and negations on the command line are ignored.
    pub(crate) fn setting(
        &self,
        section: &str,
        name: &str,
        ignore_default: bool,
        for_chain_name: bool,
    ) -> Option<Value> {
        for (source, values) in self.in_order(section, name) {
            let negation = last_negated(values);
            // A negation in the default section counts even for network-only options.
            if ignore_default && source == Source::DefaultSection && !negation {
                continue;
            }
            if for_chain_name && negation {
                continue;
            }
            if negation {
                return Some(Value::Bool(false));
            }
            let live = &values[negated(values)..];
            let reverse = source.is_config_file() && !for_chain_name;
            let chosen = if reverse { live.first() } else { live.last() };
            if let Some(value) = chosen {
                return Some(value.clone());
            }
        }
        None
    }

    /// All values of a multi-valued setting.
    pub(crate) fn list(&self, section: &str, name: &str, ignore_default: bool) -> Vec<Value> {
        let mut result = Vec::new();
        let mut done = false;
        let mut negated_and_empty = false;
        for (source, values) in self.in_order(section, name) {
            if ignore_default && source == Source::DefaultSection {
                continue;
            }
            // A negation on the command line hides the file, unless another value follows it on the command line.
            let revived = source.is_config_file() && !negated_and_empty;
            if !done || revived {
                for value in &values[negated(values)..] {
                    match value {
                        Value::Array(items) => result.extend(items.iter().cloned()),
                        other => result.push(other.clone()),
                    }
                }
            }
            done |= negated(values) > 0 || source == Source::Forced;
            negated_and_empty |= last_negated(values) && result.is_empty();
        }
        result
    }

    /// Set in the default section of a file and nowhere else.
    pub(crate) fn only_in_default_section(&self, section: &str, name: &str) -> bool {
        let mut default = false;
        for (source, values) in self.in_order(section, name) {
            if values.is_empty() || last_negated(values) {
                continue;
            }
            if source != Source::DefaultSection {
                return false;
            }
            default = true;
        }
        default
    }
}
