//! The table of rules in the specification and the one in the code say the same, and what it points at exists.

use std::collections::HashMap;

use super::Failure;

/// The table for people.
pub(super) const DOCUMENT: &str = "docs/spec/consensus.md";
/// The table for the compiler.
pub(super) const TABLE: &str = "crates/consensus/src/reject.rs";

#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    reason: &'a str,
    category: &'a str,
}

/// Compares both tables. `find` gives a file by its path, from the root or from `crates/`.
pub(super) fn check<'a>(document: &str, table: &str, find: impl Fn(&str) -> Option<&'a str>) -> Vec<Failure> {
    let code = code_rules(table);
    let mut failures = Vec::new();
    if code.is_empty() {
        failures.push(Failure::new(TABLE, "keep the rules in a `rules! { Name Category \"reason\"; }` block"));
    }
    let mut documented = HashMap::new();
    for (line, row) in (1..).zip(document.lines()).filter(|(_, row)| row.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, reason, category, checked, _, proof] = cells.as_slice() else {
            failures.push(Failure::new(format!("{DOCUMENT}:{line}"), "give the row six columns"));
            continue;
        };
        let entry = Entry { reason: reason.trim_matches('`'), category };
        if documented.insert(name.trim_matches('`'), entry).is_some() {
            failures.push(Failure::new(format!("{DOCUMENT}:{line}"), format!("name {name} only once")));
        }
        for (cell, kind) in [(checked, "the function that checks it"), (proof, "the test that proves it")] {
            failures.extend(
                reference(cell, &find)
                    .map(|wrong| Failure::new(format!("{DOCUMENT}:{line}"), format!("{kind}: {wrong}"))),
            );
        }
    }
    for (name, entry) in &code {
        match documented.remove(name) {
            None => failures.push(Failure::new(DOCUMENT, format!("add a row for `{name}`"))),
            Some(other) if other != *entry => failures.push(Failure::new(
                DOCUMENT,
                format!("`{name}` is `{}`, {} in {TABLE}: make both the same", entry.reason, entry.category),
            )),
            Some(_) => {}
        }
    }
    let mut foreign: Vec<_> = documented.into_keys().collect();
    foreign.sort_unstable();
    failures.extend(foreign.iter().map(|name| Failure::new(DOCUMENT, format!("remove `{name}`: no such rule"))));
    failures
}

/// What is wrong with cells like "`consensus/src/block.rs` `check_block`".
fn reference<'a>(cell: &str, find: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let quoted: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    let [path, function] = quoted.as_slice() else {
        return Some("write it as `crate/path.rs` `function`".to_owned());
    };
    let Some(text) = find(path) else { return Some(format!("there is no {path}")) };
    let declared = [format!("fn {function}("), format!("fn {function}<")].iter().any(|fun| text.contains(fun));
    if declared { None } else { Some(format!("there is no fn {function} in {path}")) }
}

fn code_rules(table: &str) -> Vec<(&str, Entry<'_>)> {
    let body = table.split("\nrules! {\n").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    body.lines()
        .filter_map(|line| {
            let (words, rest) = line.trim().split_once('"')?;
            let (name, category) = words.trim().split_once(' ').filter(|_| !words.starts_with("//"))?;
            Some((name, Entry { reason: rest.strip_suffix("\";")?, category: category.trim() }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str =
        "macro_rules! rules {}\nrules! {\n    // the first\n    HighHash InvalidHeader \"high-hash\";\n}\n";
    const ROW: &str = "| `HighHash` | `high-hash` | InvalidHeader | `a/src/b.rs` `f` | pow.cpp | `a/tests/t.rs` `t` |";

    fn failures(document: &str, code: &str) -> Vec<String> {
        let find = |path: &str| match path {
            "a/src/b.rs" => Some("pub fn f() {}"),
            "a/tests/t.rs" => Some("#[test]\nfn t() {}"),
            _ => None,
        };
        check(document, code, find).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_tables_pass() {
        assert_eq!(failures(&format!("# Rules\n| rule | … |\n|---|\n{ROW}\n"), CODE), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_named() {
        for (document, code, part) in [
            (String::new(), CODE, "add a row for `HighHash`"),
            (ROW.replace("high-hash", "low-hash"), CODE, "make both the same"),
            (ROW.replace("InvalidHeader", "Mutated"), CODE, "make both the same"),
            (format!("{ROW}\n{ROW}"), CODE, "only once"),
            (format!("{ROW}\n{}", ROW.replace("`HighHash`", "`Other`")), CODE, "remove `Other`"),
            (ROW.replace("`f`", "`g`"), CODE, "there is no fn g in a/src/b.rs"),
            (ROW.replace("t.rs", "u.rs"), CODE, "there is no a/tests/u.rs"),
            (ROW.replace("`a/tests/t.rs` `t`", "none"), CODE, "the test that proves it: write it as"),
            (ROW.replace(" pow.cpp |", ""), CODE, "six columns"),
            (String::new(), "", "keep the rules"),
        ] {
            let found = failures(&document, code);
            assert!(found.iter().any(|failure| failure.contains(part)), "{document}: {found:?}");
        }
    }
}
