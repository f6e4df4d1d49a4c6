//! What a method is: a name, a category, arguments, a help page and a handler; and the table of all methods.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::code::{self, RpcError};
use crate::context::NodeContext;
use crate::convert;
use crate::named;
use crate::rpc::Rpc;

/// Does the call. Runs on a worker thread and may block; a panic becomes an error of this call alone.
pub type Handler = fn(&Call<'_>) -> Result<Value, RpcError>;

/// One method. A `static` in the method's own file.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Name on the wire.
    pub name: &'static str,
    /// Heading in `help`, in lower case; "hidden" is not listed.
    pub category: &'static str,
    /// Arguments by position.
    pub args: &'static [Arg],
    /// What it does, in sentences.
    pub description: &'static str,
    /// What it returns: type and meaning, a line each.
    pub result: &'static str,
    /// Arguments of example calls, as on a command line.
    pub examples: &'static [&'static str],
    /// The code.
    pub handler: Handler,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct Arg {
    /// Name for named calls; several are separated by `|`, the first is shown.
    pub names: &'static str,
    /// Type, for the help page.
    pub kind: ArgKind,
    /// Whether it must be there.
    pub presence: Presence,
    /// What it means.
    pub help: &'static str,
}

/// Type of an argument, as help pages show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// A string.
    Str,
    /// A string of hex digits.
    Hex,
    /// A number.
    Num,
    /// A boolean.
    Bool,
    /// A number, or a string with one.
    Amount,
    /// An object of this shape.
    Object(&'static str),
    /// An array of this shape.
    Array(&'static str),
}

/// Whether an argument must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It need not.
    Optional,
    /// It need not; this is assumed.
    Default(&'static str),
    /// It need not, and the help page keeps quiet about it and all after it.
    Hidden,
}

impl Arg {
    /// An argument that must be there.
    #[must_use]
    pub const fn required(names: &'static str, kind: ArgKind, help: &'static str) -> Self {
        Self { names, kind, presence: Presence::Required, help }
    }

    /// An argument that need not be there.
    #[must_use]
    pub const fn optional(names: &'static str, kind: ArgKind, help: &'static str) -> Self {
        Self { names, kind, presence: Presence::Optional, help }
    }

    /// An argument with a default.
    #[must_use]
    pub const fn default(names: &'static str, kind: ArgKind, default: &'static str, help: &'static str) -> Self {
        Self { names, kind, presence: Presence::Default(default), help }
    }

    /// The name shown.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }
}

impl Method {
    /// The full help page.
    #[must_use]
    pub fn help_page(&self) -> String {
        crate::help::page(self)
    }

    /// Runs the handler on parameters that are an array, or an object of named ones.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Value, RpcError> {
        let positional;
        let mut call = *call;
        if let Value::Object(params) = call.params {
            positional = Value::Array(named::to_positional(self.args, params)?);
            call.params = &positional;
        }
        let given = call.params.as_array().map_or(0, Vec::len);
        let least = self.args.iter().rposition(|arg| arg.presence == Presence::Required).map_or(0, |last| last + 1);
        if !(least..=self.args.len()).contains(&given) {
            return Err(RpcError::misc(self.help_page()));
        }
        (self.handler)(&call)
    }
}

/// One call, as a handler sees it.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The parameters by position. (An object before the method has been found.)
    pub params: &'a Value,
    /// The node.
    pub node: &'a dyn NodeContext,
    /// The server's side: method table, running calls.
    pub rpc: &'a Rpc,
    /// User that called; empty for a call from inside.
    pub user: &'a str,
}

/// What a missing parameter reads as.
static NULL: Value = Value::Null;

impl<'a> Call<'a> {
    /// How many parameters were given, nulls included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.params.as_array().map_or(0, Vec::len)
    }

    /// A parameter; null when it is missing.
    #[must_use]
    pub fn param(&self, index: usize) -> &'a Value {
        self.params.get(index).unwrap_or(&NULL)
    }

    /// A parameter if it is there and not null.
    #[must_use]
    pub fn given(&self, index: usize) -> Option<&'a Value> {
        Some(self.param(index)).filter(|value| !value.is_null())
    }

    /// A string.
    ///
    /// # Errors
    /// Another type.
    pub fn str(&self, index: usize) -> Result<&'a str, RpcError> {
        convert::as_str(self.param(index))
    }

    /// A string, if given.
    ///
    /// # Errors
    /// Another type.
    pub fn opt_str(&self, index: usize) -> Result<Option<&'a str>, RpcError> {
        self.given(index).map(convert::as_str).transpose()
    }

    /// A boolean, if given.
    ///
    /// # Errors
    /// Another type.
    pub fn opt_bool(&self, index: usize) -> Result<Option<bool>, RpcError> {
        self.given(index).map(convert::as_bool).transpose()
    }

    /// A whole number.
    ///
    /// # Errors
    /// Another type.
    pub fn i64(&self, index: usize) -> Result<i64, RpcError> {
        convert::as_i64(self.param(index))
    }

    /// A whole number, if given.
    ///
    /// # Errors
    /// Another type.
    pub fn opt_i64(&self, index: usize) -> Result<Option<i64>, RpcError> {
        self.given(index).map(convert::as_i64).transpose()
    }

    /// A whole number of 32 bits.
    ///
    /// # Errors
    /// Another type or out of range.
    pub fn i32(&self, index: usize) -> Result<i32, RpcError> {
        convert::as_i32(self.param(index))
    }

    /// A whole number of 32 bits, if given.
    ///
    /// # Errors
    /// Another type or out of range.
    pub fn opt_i32(&self, index: usize) -> Result<Option<i32>, RpcError> {
        self.given(index).map(convert::as_i32).transpose()
    }

    /// Requires types of the leading parameters; with `allow_null`, null passes for any (v0.21.5.5 RPCTypeCheck).
    ///
    /// # Errors
    /// "Expected type number, got string".
    pub fn check_types(&self, expected: &[convert::JsonType], allow_null: bool) -> Result<(), RpcError> {
        let params = self.params.as_array().map_or(&[][..], Vec::as_slice);
        params
            .iter()
            .zip(expected)
            .filter(|(value, _)| !(allow_null && value.is_null()))
            .try_for_each(|(value, expected)| convert::check_type(value, *expected))
    }
}

/// All methods, by name.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    methods: BTreeMap<&'static str, &'static Method>,
}

impl Registry {
    /// No methods.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a method; a later one of the same name replaces an earlier one.
    pub fn add(&mut self, method: &'static Method) {
        self.methods.insert(method.name, method);
    }

    /// Adds several.
    pub fn extend(&mut self, methods: impl IntoIterator<Item = &'static Method>) {
        for method in methods {
            self.add(method);
        }
    }

    /// The method of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&'static Method, RpcError> {
        self.methods.get(name).copied().ok_or_else(|| RpcError::new(code::METHOD_NOT_FOUND, "Method not found"))
    }

    /// All methods, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Method> {
        self.methods.values().copied()
    }

    /// What `help` answers: the list of commands, or the page of one.
    #[must_use]
    pub fn help(&self, command: &str) -> String {
        crate::help::answer(self, command)
    }
}
