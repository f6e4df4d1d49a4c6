//! Help pages, built from the method table; the layout is the reference's (v0.21.5.5 `src/rpc/util.cpp`), so that tools that
//! read `help` can read ours.

use std::fmt::Write as _;

use crate::method::{Arg, ArgKind, Method, Presence, Registry};

/// The answer of `help`.
pub(crate) fn answer(registry: &Registry, command: &str) -> String {
    if !command.is_empty() {
        return match registry.find(command) {
            Ok(method) => method.help_page(),
            Err(_) => format!("help: unknown command: {command}"),
        };
    }
    let mut methods: Vec<&Method> = registry.iter().filter(|method| method.category != "hidden").collect();
    methods.sort_by_key(|method| (method.category, method.name));
    let mut text = String::new();
    let mut category = "";
    for method in methods {
        if method.category != category {
            if !category.is_empty() {
                text.push('\n');
            }
            category = method.category;
            let _ = writeln!(text, "== {} ==", capitalize(category));
        }
        text.push_str(&synopsis(method));
        text.push('\n');
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// The page of one method.
pub(crate) fn page(method: &Method) -> String {
    let mut page = format!("{}\n\n{}\n", synopsis(method), method.description);
    let args = shown(method.args);
    if !args.is_empty() {
        page.push_str("\nArguments:\n");
        let labels: Vec<String> =
            args.iter().enumerate().map(|(i, arg)| format!("{}. {}", i + 1, arg.name())).collect();
        let width = labels.iter().map(String::len).max().unwrap_or(0) + 4;
        for (label, arg) in labels.iter().zip(args) {
            let presence = match arg.presence {
                Presence::Required => ", required".to_owned(),
                Presence::Default(default) => format!(", optional, default={default}"),
                Presence::Optional | Presence::Hidden => ", optional".to_owned(),
            };
            let help = arg.help.replace('\n', &format!("\n{}", " ".repeat(width)));
            let _ = writeln!(page, "{label:width$}({}{presence}) {help}", type_name(arg.kind));
        }
    }
    let _ = write!(page, "\nResult:\n{}\n", method.result);
    if !method.examples.is_empty() {
        page.push_str("\nExamples:\n");
        for example in method.examples {
            let line = format!("> litecast-cli {} {example}", method.name);
            let _ = writeln!(page, "{}", line.trim_end());
        }
    }
    page.truncate(page.trim_end_matches('\n').len());
    page
}

fn shown(args: &'static [Arg]) -> &'static [Arg] {
    let hidden = args.iter().position(|arg| arg.presence == Presence::Hidden).unwrap_or(args.len());
    &args[..hidden]
}

/// Name and arguments on one line, optional ones in parentheses.
fn synopsis(method: &Method) -> String {
    let mut line = method.name.to_owned();
    let mut in_optional = false;
    for arg in shown(method.args) {
        let optional = arg.presence != Presence::Required;
        line.push_str(match (in_optional, optional) {
            (false, true) => " ( ",
            (true, false) => " ) ",
            _ => " ",
        });
        in_optional = optional;
        match arg.kind {
            ArgKind::Str | ArgKind::Hex => {
                let _ = write!(line, "\"{}\"", arg.name());
            }
            ArgKind::Num | ArgKind::Bool | ArgKind::Amount => line.push_str(arg.name()),
            ArgKind::Object(shape) | ArgKind::Array(shape) => line.push_str(shape),
        }
    }
    if in_optional {
        line.push_str(" )");
    }
    line
}

fn type_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Str | ArgKind::Hex => "string",
        ArgKind::Num => "numeric",
        ArgKind::Bool => "boolean",
        ArgKind::Amount => "numeric or string",
        ArgKind::Object(_) => "json object",
        ArgKind::Array(_) => "json array",
    }
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
