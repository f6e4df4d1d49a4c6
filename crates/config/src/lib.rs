//! Where options come from, and which source wins.
//!
//! Owns the option table's shape, the parsers of the command line, `litecoin.conf` and `settings.json`, the rules by which
//! these sources are merged (v0.21.5.5 `src/util/system.cpp`, `src/util/settings.cpp`), and the texts made from the
//! table: `-help` and the manual page. The tables themselves belong to the programs.
//!
//! Refuses: knowing what an option means, logging (what should be logged is collected as notes, since the log opens only
//! after the options are known), and touching any file but the configuration and settings files.

pub mod args;
pub mod chain;
mod command_line;
mod conf_file;
pub mod help;
mod hint;
mod merge;
mod number;
pub mod option;
mod paths;
mod settings_file;

pub use args::{Args, ConfigError, SectionInfo};
pub use chain::Chain;
pub use number::{atoi64, interpret_bool};
pub use option::{Category, Group, Kind, OptionSpec};
pub use paths::{default_data_dir, split_host_port};
