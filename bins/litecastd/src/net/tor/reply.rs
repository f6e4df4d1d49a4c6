//! What comes from Tor's control port: replies of one or more lines, and the `key=value` pairs in them.
//!
//! Owns the grammar as far as it is used (control-spec, 2.3; v0.21.5.5 src/torcontrol.cpp). Values are bytes: a file's
//! name need not be text. A reply may have [`MAX_REPLY`] bytes; a longer one ends the connection.

use std::{collections::BTreeMap, io};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Bytes of a whole reply; the reference limits each line to as much.
const MAX_REPLY: u64 = 100_000;

/// A reply: its code, and its lines without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Reads the next reply; notices that nobody asked for are left out. `None` at the end of the stream.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let mut from = from.take(MAX_REPLY);
        let mut lines = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            from.read_until(b'\n', &mut line).await?;
            if line.pop() != Some(b'\n') {
                return if from.limit() == 0 { Err(io::Error::other("a reply that is too long")) } else { Ok(None) };
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            // Three digits, then `-` or `+` if more lines come, else a space.
            let Some((head, rest)) = line.split_first_chunk::<4>() else { continue };
            let code = std::str::from_utf8(&head[..3]).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
            lines.push(String::from_utf8_lossy(rest).into_owned());
            if head[3] != b' ' {
                continue;
            }
            let lines = std::mem::take(&mut lines);
            if code < 600 {
                return Ok(Some(Self { code, lines }));
            }
            from.set_limit(MAX_REPLY);
        }
    }

    /// The values of the lines that begin with a word.
    pub(super) fn values(&self, word: &str) -> BTreeMap<String, Vec<u8>> {
        let lines = self.lines.iter().map(|line| split_line(line)).filter(|(first, _)| *first == word);
        lines.filter_map(|(_, rest)| parse_mapping(rest)).flatten().collect()
    }

    /// The values of the lines that are nothing but one.
    pub(super) fn bare_values(&self) -> BTreeMap<String, Vec<u8>> {
        self.lines.iter().filter_map(|line| parse_mapping(line)).flatten().collect()
    }
}

/// A line's first word, and the rest.
fn split_line(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

/// `key=value` and `key="value"`, separated by spaces, up to a word that is neither. `None` when the line ends too early.
fn parse_mapping(text: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut mapping = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['=', ' '])?;
        let (key, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else { break };
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let end = closing_quote(quoted)?;
            value = unescape(&quoted.as_bytes()[..end]);
            rest = &quoted[end + 1..];
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            value = after.as_bytes()[..end].to_vec();
            rest = &after[end..];
        }
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        mapping.insert(key.to_owned(), value);
    }
    Some(mapping)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// C escapes: letters, up to three octal digits (the first of three is at most 3); anything else is itself.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else { break };
        rest = after;
        match escape {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'0'..=b'7' => {
                let most = if escape <= b'3' { 2 } else { 1 };
                let more = rest.iter().take(most).take_while(|digit| (b'0'..=b'7').contains(*digit)).count();
                let (digits, after) = rest.split_at(more);
                rest = after;
                out.push(digits.iter().fold(escape - b'0', |value, digit| value << 3 | (digit - b'0')));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
