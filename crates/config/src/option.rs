//! The option table: one entry per option says everything the parser, `-help` and the manual page need to know.

/// Headings under which `-help` lists options, in the order they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// "Options"
    Options,
    /// "Connection options"
    Connection,
    /// "Wallet options"
    Wallet,
    /// "ZeroMQ notification options"
    Zmq,
    /// "Debugging/Testing options"
    DebugTest,
    /// "Chain selection options"
    ChainParams,
    /// "Node relay options"
    NodeRelay,
    /// "Block creation options"
    BlockCreation,
    /// "RPC server options"
    Rpc,
    /// Accepted, never listed.
    Hidden,
}

impl Category {
    /// The heading; `None` for options that are not listed.
    #[must_use]
    pub const fn heading(self) -> Option<&'static str> {
        Some(match self {
            Self::Options => "Options",
            Self::Connection => "Connection options",
            Self::Wallet => "Wallet options",
            Self::Zmq => "ZeroMQ notification options",
            Self::DebugTest => "Debugging/Testing options",
            Self::ChainParams => "Chain selection options",
            Self::NodeRelay => "Node relay options",
            Self::BlockCreation => "Block creation options",
            Self::Rpc => "RPC server options",
            Self::Hidden => return None,
        })
    }
}

/// What an option's value is, and its value when nobody sets it (`None`: it depends, and the help text says on what).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Bool(Option<bool>),
    /// A whole number. Values outside `min..=max` are moved to the nearer end.
    Int {
        /// Value when not set.
        default: Option<i64>,
        /// Smallest value that has a meaning.
        min: i64,
        /// Largest value that has a meaning.
        max: i64,
    },
    /// Text: the first in a file or the last on the command line wins.
    Text(Option<&'static str>),
    /// A fee rate in LTC per 1000 bytes, as a decimal; the default is in litoshis.
    Amount(i64),
    /// May be given many times; all values count.
    List,
}

/// One option. Built with the `const fn` constructors, so that a whole table is a `static`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// Name without the leading `-`.
    pub name: &'static str,
    /// What `-help` prints after the name, such as `=<n>`; may be empty.
    pub param: &'static str,
    /// Type and default.
    pub kind: Kind,
    /// One or more sentences for `-help`, without the default.
    pub help: &'static str,
    /// The default as text, where it is not `kind`'s.
    pub default_text: Option<&'static str>,
    /// `-noname` is allowed.
    pub negatable: bool,
    /// Listed by `-help-debug` only.
    pub debug_only: bool,
    /// In the default section of a configuration file it counts for the main network only.
    pub network_only: bool,
    /// Its value is never logged.
    pub sensitive: bool,
}

impl OptionSpec {
    const fn new(name: &'static str, param: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            name,
            param,
            kind,
            help,
            default_text: None,
            negatable: true,
            debug_only: false,
            network_only: false,
            sensitive: false,
        }
    }

    /// An option that is on or off.
    #[must_use]
    pub const fn flag(name: &'static str, default: bool, help: &'static str) -> Self {
        Self::new(name, "", Kind::Bool(Some(default)), help)
    }

    /// An option that is on or off, whose default depends on others.
    #[must_use]
    pub const fn flag_auto(name: &'static str, default_text: &'static str, help: &'static str) -> Self {
        let mut spec = Self::new(name, "", Kind::Bool(None), help);
        spec.default_text = Some(default_text);
        spec
    }

    /// A number of any size.
    #[must_use]
    pub const fn int(name: &'static str, default: i64, help: &'static str) -> Self {
        Self::new(name, "=<n>", Kind::Int { default: Some(default), min: i64::MIN, max: i64::MAX }, help)
    }

    /// A number whose default depends on others.
    #[must_use]
    pub const fn int_auto(name: &'static str, default_text: &'static str, help: &'static str) -> Self {
        let mut spec = Self::new(name, "=<n>", Kind::Int { default: None, min: i64::MIN, max: i64::MAX }, help);
        spec.default_text = Some(default_text);
        spec
    }

    /// Text; `default` may be absent.
    #[must_use]
    pub const fn text(
        name: &'static str,
        param: &'static str,
        default: Option<&'static str>,
        help: &'static str,
    ) -> Self {
        Self::new(name, param, Kind::Text(default), help)
    }

    /// A fee rate, the default in litoshis per 1000 bytes.
    #[must_use]
    pub const fn amount(name: &'static str, default: i64, help: &'static str) -> Self {
        Self::new(name, "=<amt>", Kind::Amount(default), help)
    }

    /// An option that may be given many times.
    #[must_use]
    pub const fn list(name: &'static str, param: &'static str, help: &'static str) -> Self {
        Self::new(name, param, Kind::List, help)
    }

    /// Limits of a number; others are left alone.
    #[must_use]
    pub const fn range(mut self, low: i64, high: i64) -> Self {
        if let Kind::Int { default, .. } = self.kind {
            self.kind = Kind::Int { default, min: low, max: high };
        }
        self
    }

    /// Another placeholder after the name.
    #[must_use]
    pub const fn param(mut self, param: &'static str) -> Self {
        self.param = param;
        self
    }

    /// Another wording of the default.
    #[must_use]
    pub const fn default_text(mut self, text: &'static str) -> Self {
        self.default_text = Some(text);
        self
    }

    /// No default worth showing.
    #[must_use]
    pub const fn default_text_none(mut self) -> Self {
        self.default_text = Some("");
        self
    }

    /// Listed by `-help-debug` only.
    #[must_use]
    pub const fn debug(mut self) -> Self {
        self.debug_only = true;
        self
    }

    /// On other networks than main, the default section of the configuration file does not count.
    #[must_use]
    pub const fn network_only(mut self) -> Self {
        self.network_only = true;
        self
    }

    /// Never logged.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// `-noname` is an error.
    #[must_use]
    pub const fn not_negatable(mut self) -> Self {
        self.negatable = false;
        self
    }

    /// The default as `-help` shows it; `None` when there is nothing worth saying.
    #[must_use]
    pub fn shown_default(&self) -> Option<String> {
        if let Some(text) = self.default_text {
            return Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        match self.kind {
            Kind::Bool(default) => default.map(|on| i32::from(on).to_string()),
            Kind::Int { default, .. } => default.map(|n| n.to_string()),
            Kind::Text(default) => default.map(str::to_owned),
            Kind::Amount(litoshis) => {
                Some(format!("{}.{:08}", litoshis / 100_000_000, (litoshis % 100_000_000).unsigned_abs()))
            }
            Kind::List => None,
        }
    }
}

/// The options under one heading.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The heading.
    pub category: Category,
    /// In any order; texts made from the table sort them by name.
    pub options: &'static [OptionSpec],
}

/// Finds an option by its name without `-`.
#[must_use]
pub fn find(table: &[Group], name: &str) -> Option<&'static OptionSpec> {
    table.iter().flat_map(|group| group.options).find(|spec| spec.name == name)
}
