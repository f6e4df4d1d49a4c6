//! As much of HTTP/1.1 as a JSON-RPC client needs: one POST per connection, one answer.
//!
//! Understands answers with a length, in chunks, or up to the end of the connection. Refuses long headers, more than
//! [`MAX_BODY`] bytes, and anything that is not HTTP/1. Nothing is allocated on the server's word.

use std::{
    io,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

/// Most bytes of status line and headers.
const MAX_HEADERS: u64 = 64 << 10;
/// Most bytes of a body: far above the largest answer of a node (`getblock` with everything, `getrawmempool true`).
const MAX_BODY: u64 = 1 << 30;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Connects, trying every address of the host.
pub(super) fn connect(host: &str, port: u16, timeout: Option<Duration>) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        let attempt = match timeout {
            Some(timeout) => TcpStream::connect_timeout(&address, timeout),
            None => TcpStream::connect(address),
        };
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends one POST and reads the answer. `timeout` bounds the whole exchange.
pub(super) fn post(
    stream: &TcpStream,
    host: &str,
    path: &str,
    authorization: Option<&str>,
    body: &[u8],
    timeout: Option<Duration>,
) -> io::Result<Response> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(timeout)?;
    let authorization = authorization.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {authorization}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    // A server that refuses early may close before it has read everything: its answer is still worth reading.
    let written = (&*stream).write_all(&request);
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    match read_response(&mut BufReader::new(Timed { stream, deadline })) {
        Ok(response) => Ok(response),
        Err(error) => written.and(Err(error)),
    }
}

/// Reads with whatever is left of the time.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Option<Instant>,
}

impl Read for Timed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
        }
        self.stream.read(buf).map_err(|error| match error.kind() {
            // What a read time-out is called differs between systems.
            ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

/// One line without its end; `budget` is what is left of [`MAX_HEADERS`].
fn line(reader: &mut impl BufRead, budget: &mut u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    let n = reader.take(*budget).read_until(b'\n', &mut bytes)?;
    *budget -= u64::try_from(n).unwrap_or(u64::MAX).min(*budget);
    if bytes.pop() != Some(b'\n') {
        return Err(if *budget == 0 { malformed("headers are too long") } else { ErrorKind::UnexpectedEof.into() });
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| malformed("a header is not text"))
}

fn read_response(reader: &mut impl BufRead) -> io::Result<Response> {
    let mut budget = MAX_HEADERS;
    loop {
        let status_line = line(reader, &mut budget)?;
        let mut words = status_line.split(' ');
        if !words.next().is_some_and(|version| version.starts_with("HTTP/1.")) {
            return Err(malformed("the answer is not HTTP"));
        }
        let status: u16 = words.next().and_then(|code| code.parse().ok()).ok_or_else(|| malformed("no HTTP status"))?;
        let (mut length, mut chunked) = (None, false);
        loop {
            let header = line(reader, &mut budget)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(|| malformed("a header without a colon"))?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse::<u64>().map_err(|_| malformed("a content length that is no number"))?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.to_ascii_lowercase().ends_with("chunked");
            }
        }
        if (100..200).contains(&status) {
            // 100 Continue and its like: the answer is still to come.
            continue;
        }
        let mut body = Vec::new();
        match (chunked, length) {
            (true, _) => read_chunks(reader, &mut body, &mut budget)?,
            (false, Some(length)) => exactly(reader, &mut body, length)?,
            (false, None) => {
                reader.take(MAX_BODY + 1).read_to_end(&mut body)?;
                limit(&body)?;
            }
        }
        return Ok(Response { status, body });
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>, budget: &mut u64) -> io::Result<()> {
    loop {
        // Sizes are small change: they do not count as headers, or long answers would run out.
        let mut size_budget = MAX_HEADERS;
        let size = line(reader, &mut size_budget)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| malformed("a chunk without a size"))?;
        if size == 0 {
            while !line(reader, budget)?.is_empty() {}
            return Ok(());
        }
        exactly(reader, body, size)?;
        if !line(reader, &mut size_budget)?.is_empty() {
            return Err(malformed("a chunk longer than its size"));
        }
    }
}

/// Appends exactly `length` bytes; the buffer grows with what arrives.
fn exactly(reader: &mut impl BufRead, body: &mut Vec<u8>, length: u64) -> io::Result<()> {
    let have = u64::try_from(body.len()).unwrap_or(u64::MAX);
    if length > MAX_BODY - have.min(MAX_BODY) {
        return Err(malformed("the answer is too long"));
    }
    let n = reader.take(length).read_to_end(body)?;
    if u64::try_from(n).unwrap_or(u64::MAX) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    limit(body)
}

fn limit(body: &[u8]) -> io::Result<()> {
    if u64::try_from(body.len()).unwrap_or(u64::MAX) > MAX_BODY {
        Err(malformed("the answer is too long"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u16, String), ErrorKind> {
        read_response(&mut text.as_bytes())
            .map(|response| (response.status, String::from_utf8(response.body).expect("text")))
            .map_err(|error| error.kind())
    }

    #[test]
    fn answers() {
        let ok = |body: &str| Ok((200, body.to_owned()));
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more"), ok("{}"));
        assert_eq!(read("HTTP/1.0 200\nContent-length:2\n\n{}"), ok("{}"));
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nto the end"), ok("to the end"));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(read(chunked), ok("abc0123456789"));
        assert_eq!(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ok(""));
        assert_eq!(read("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), Ok((401, String::new())));
    }

    #[test]
    fn answers_that_are_none() {
        for (text, kind) in [
            ("", ErrorKind::UnexpectedEof),
            ("SSH-2.0-OpenSSH\r\n", ErrorKind::InvalidData),
            ("HTTP/1.1 abc\r\n\r\n", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", ErrorKind::UnexpectedEof),
            ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n{}", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab", ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(read(text), Err(kind), "{text}");
        }
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 17));
        assert_eq!(read(&long), Err(ErrorKind::InvalidData));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let _ = read_response(&mut &bytes[..]);
            let _ = read_response(&mut &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat()[..]);
        }
    }
}
