//! How long a source file may be. What is longer stands in a list that may only shrink.

use std::collections::HashMap;

use super::{Failure, Source};

/// The list of exceptions.
pub(super) const FILE: &str = "xtask/budget.txt";
/// Lines of a file below `src/`; tests may be longer.
const LIMIT: usize = 600;

/// Compares lengths with the limit and with the list.
pub(super) fn check(sources: &[Source], list: &str) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut exceptions = HashMap::new();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ').and_then(|(path, length)| Some((path, length.trim().parse::<usize>().ok()?))) {
            Some((path, length)) => drop(exceptions.insert(path, length)),
            None => failures.push(Failure::new(FILE, format!("write `{line}` as path and number of lines"))),
        }
    }
    for source in sources.iter().filter(|source| counts(&source.path)) {
        let lines = source.text.lines().count();
        match exceptions.remove(source.path.as_str()) {
            None if lines > LIMIT => {
                failures.push(Failure::new(&source.path, format!("split it: {lines} lines, the limit is {LIMIT}")));
            }
            Some(allowed) if lines > allowed => {
                failures.push(Failure::new(&source.path, format!("shorten it: {lines} lines, its limit is {allowed}")));
            }
            Some(_) if lines <= LIMIT => {
                failures.push(Failure::new(FILE, format!("remove {}: it is within the limit now", source.path)));
            }
            Some(allowed) if lines < allowed => {
                failures.push(Failure::new(FILE, format!("lower {} from {allowed} to {lines}", source.path)));
            }
            _ => {}
        }
    }
    failures.extend(exceptions.keys().map(|path| Failure::new(FILE, format!("remove {path}: there is no such file"))));
    failures
}

fn counts(path: &str) -> bool {
    let in_tests = path.ends_with("/tests.rs") || path.contains("/tests/");
    path.contains("/src/") && (!in_tests || path.starts_with("tests/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(path: &str, lines: usize, list: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: "//\n".repeat(lines) };
        check(&[source], list).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn long_files_fail_and_tests_do_not() {
        assert!(failures("crates/a/src/b.rs", 600, "").is_empty());
        assert_eq!(
            failures("crates/a/src/b.rs", 601, "# none"),
            ["crates/a/src/b.rs: split it: 601 lines, the limit is 600"]
        );
        assert!(failures("crates/a/src/b/tests.rs", 601, "").is_empty());
        assert!(failures("crates/a/tests/b.rs", 601, "").is_empty());
        assert_eq!(failures("tests/interop/src/lib.rs", 601, "").len(), 1);
    }

    #[test]
    fn exceptions_may_only_shrink() {
        assert!(failures("a/src/b.rs", 700, "a/src/b.rs 700").is_empty());
        for (lines, list, word) in [
            (701, "a/src/b.rs 700", "shorten"),
            (699, "a/src/b.rs 700", "lower"),
            (600, "a/src/b.rs 700", "remove"),
            (600, "gone.rs 700", "remove"),
            (600, "gone.rs", "write"),
        ] {
            let found = failures("a/src/b.rs", lines, list);
            assert!(found.len() == 1 && found[0].contains(word), "{lines} {list}: {found:?}");
        }
    }
}
