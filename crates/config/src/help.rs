//! Texts made from the option table: `-help` and the manual page.

use std::fmt::Write as _;

use crate::option::{Group, OptionSpec};

/// Width of the help text.
const WIDTH: usize = 79;
/// Where an option's description starts.
const INDENT: usize = 7;

fn listed(table: &[Group], show_debug: bool) -> Vec<(&'static str, Vec<&'static OptionSpec>)> {
    let mut groups: Vec<&Group> = table.iter().collect();
    groups.sort_by_key(|group| group.category);
    let mut result: Vec<(&'static str, Vec<&'static OptionSpec>)> = Vec::new();
    for group in groups {
        let Some(heading) = group.category.heading() else { continue };
        let options = group.options.iter().filter(|spec| show_debug || !spec.debug_only);
        match result.last_mut() {
            Some((last, specs)) if *last == heading => specs.extend(options),
            _ => result.push((heading, options.collect())),
        }
    }
    for (_, specs) in &mut result {
        specs.sort_by_key(|spec| spec.name);
    }
    result.retain(|(_, specs)| !specs.is_empty());
    result
}

fn description(spec: &OptionSpec) -> String {
    match spec.shown_default() {
        Some(default) => format!("{} (default: {default})", spec.help),
        None => spec.help.to_owned(),
    }
}

/// The list of options that `-help` prints; with `show_debug`, that of `-help-debug`.
#[must_use]
pub fn help_message(table: &[Group], show_debug: bool) -> String {
    let mut text = String::new();
    for (heading, specs) in listed(table, show_debug) {
        let _ = write!(text, "{heading}:\n\n");
        for spec in specs {
            let lines = wrap(&description(spec), WIDTH - INDENT);
            let body = lines.join(&format!("\n{}", " ".repeat(INDENT)));
            let _ = write!(text, "  -{}{}\n{}{body}\n\n", spec.name, spec.param, " ".repeat(INDENT));
        }
    }
    text
}

/// A manual page in section 1. `synopsis` follows the program's name; `about` is one paragraph.
#[must_use]
pub fn man_page(program: &str, version: &str, summary: &str, synopsis: &str, about: &str, table: &[Group]) -> String {
    let mut page = format!(
        ".TH {} 1 \"\" \"{program} {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n{}\n.SH DESCRIPTION\n{}\n",
        roff(&program.to_uppercase()),
        roff(version),
        roff(program),
        roff(summary),
        roff(program),
        roff(synopsis),
        roff(about),
    );
    for (heading, specs) in listed(table, true) {
        let _ = writeln!(page, ".SH {}", roff(&heading.to_uppercase()));
        for spec in specs {
            let _ =
                writeln!(page, ".TP\n\\fB\\-{}\\fR{}\n{}", roff(spec.name), roff(spec.param), roff(&description(spec)));
        }
    }
    page
}

fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

/// Breaks a paragraph between words; a word longer than a line stays whole.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
