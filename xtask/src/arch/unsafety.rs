//! `unsafe` stands nowhere outside of one crate, and nobody leaves the workspace's lints.

use super::Failure;

/// The only crate that may hold `unsafe` code.
const ALLOWED: &str = "crates/scrypt/";

/// Every member takes part in the workspace's lints.
pub(super) fn check_manifest(path: &str, manifest: &str) -> Option<Failure> {
    if manifest.contains("\n[lints]\nworkspace = true\n") {
        return None;
    }
    Some(Failure::new(path, "add the section [lints] with `workspace = true`"))
}

/// Looks for the keyword, and for attributes that would let it in.
pub(super) fn check_source(path: &str, text: &str) -> Option<Failure> {
    if path.starts_with(ALLOWED) {
        return None;
    }
    let code = without_comments_and_strings(text);
    let line = code.lines().position(|line| words(line).any(|word| word == "unsafe" || word == "unsafe_code"))? + 1;
    Some(Failure::new(format!("{path}:{line}"), "do without unsafe: only the lanes of litecast-scrypt need it"))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Blanks what is not code; keeps line breaks, so that lines keep their numbers.
fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| raw_string(rest, out.chars().last())).or_else(|| quoted(rest));
        match skipped {
            Some(length) => {
                out.push(' ');
                out.extend(rest[..length].chars().filter(|c| *c == '\n'));
                rest = &rest[length..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let tail = &rest.as_bytes()[at..];
        if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    Some(rest.len())
}

fn raw_string(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() && c != 'b' && c != 'c' || c == '_') {
        return None;
    }
    let hashes = rest.strip_prefix('r')?.bytes().take_while(|b| *b == b'#').count();
    let body = rest[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len()))
}

/// A string, or a character that could be taken for the start of one.
fn quoted(rest: &str) -> Option<usize> {
    if rest.starts_with("'\"'") {
        return Some(3);
    }
    if let Some(escape) = rest.strip_prefix("'\\") {
        // The escaped character itself may be a quote.
        return escape.char_indices().nth(1).and_then(|(at, _)| escape[at..].find('\'').map(|end| 3 + at + end));
    }
    let body = rest.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_keyword_in_code_only() {
        let found = |text: &str| check_source("crates/a/src/b.rs", text).map(|failure| failure.file);
        assert_eq!(found("fn f() {\n    unsafe { g() }\n}"), Some("crates/a/src/b.rs:2".to_owned()));
        assert_eq!(found("#![allow(unsafe_code)]"), Some("crates/a/src/b.rs:1".to_owned()));
        assert_eq!(found("#[unsafe(no_mangle)]"), Some("crates/a/src/b.rs:1".to_owned()));
        for harmless in [
            "// unsafe",
            "/* a /* nested */ unsafe */",
            r#"let s = "unsafe \" unsafe";"#,
            "let s = r#\"unsafe \" unsafe\"#;",
            "let q = '\"'; let s = \"unsafe\";",
            r#"let q = '\''; let s = "unsafe";"#,
            "let unsafely = 1;",
        ] {
            assert_eq!(found(harmless), None, "{harmless}");
        }
        assert_eq!(found("let a = \"x\ny\"; /* \n */ unsafe {}"), Some("crates/a/src/b.rs:3".to_owned()));
        assert_eq!(found("let q = '\\''; unsafe {}"), Some("crates/a/src/b.rs:1".to_owned()));
        assert!(check_source("crates/scrypt/src/avx2.rs", "unsafe {}").is_none());
    }

    #[test]
    fn nobody_leaves_the_lints() {
        assert!(check_manifest("a", "[package]\n\n[lints]\nworkspace = true\n\n[dependencies]\n").is_none());
        assert!(check_manifest("a", "[package]\n\n[dependencies]\n").is_some());
        assert!(check_manifest("a", "[package]\n\n[lints]\nrust.unsafe_code = \"allow\"\n").is_some());
    }
}
