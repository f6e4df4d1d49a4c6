//! The log's lines, categories and file handling.

use std::fs;

use litecast_rpc::LogControl as _;

use super::*;

fn settings(file: Option<PathBuf>) -> LogSettings {
    LogSettings {
        path: file.clone().unwrap_or_default(),
        file,
        to_console: false,
        timestamps: true,
        time_micros: false,
        thread_names: false,
        shrink: true,
        enable: vec!["net".to_owned(), "zmq".to_owned()],
        disable: vec!["zmq".to_owned()],
    }
}

#[test]
fn time_is_iso8601() {
    // Oracle: date -u -d @N +%FT%TZ
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_317_972_665, "2011-10-07T07:31:05Z"),
        (4_102_444_799, "2099-12-31T23:59:59Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(iso8601(seconds, None), text);
    }
    assert_eq!(iso8601(0, Some(7)), "1970-01-01T00:00:00.000007Z");
}

#[test]
fn control_characters_are_escaped() {
    let mut line = String::new();
    escape_into("a\x1b[2J\x7f\nb\t\n", &mut line);
    assert_eq!(line, "a\\x1b[2J\\x7f\nb\\x09");
}

#[test]
fn lines_wait_for_the_file_and_follow_it_when_it_moves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("debug.log");
    let logger = Logger::new(&settings(Some(path.clone())));
    logger.line("early");
    assert!(!path.exists());
    logger.open(true).unwrap();
    logger.line("later");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\n').lines().collect();
    assert_eq!(lines.len(), 2);
    for (line, message) in lines.iter().zip(["early", "later"]) {
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(rest, message);
        assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    }
    fs::rename(&path, dir.path().join("debug.log.1")).unwrap();
    logger.request_reopen();
    logger.line("rotated");
    assert!(fs::read_to_string(&path).unwrap().ends_with(" rotated\n"));
}

#[test]
fn an_unwritable_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Logger::new(&settings(Some(dir.path().join("no/debug.log")))).open(true).is_err());
    Logger::new(&settings(None)).open(true).unwrap();
}

#[test]
fn a_large_file_is_cut_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("debug.log");
    let mut old = vec![b'x'; 11_000_001];
    old.extend(b"the end");
    fs::write(&path, &old).unwrap();
    Logger::new(&settings(Some(path.clone()))).open(true).unwrap();
    let text = fs::read(&path).unwrap();
    assert_eq!(text.len(), 10_000_005);
    assert!(text.ends_with(b"the end\n\n\n\n\n"));
}

#[test]
fn events_are_filtered_by_category() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("debug.log");
    let logger = Logger::new(&settings(Some(path.clone())));
    logger.open(false).unwrap();
    let subscriber = tracing_subscriber::registry().with(layer::LogLayer::new(Arc::clone(&logger)));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "zmq", count = 3, "always");
        tracing::error!("broken");
        tracing::debug!(target: "net", "on");
        tracing::debug!(target: "zmq", "off");
        assert!(logger.set("zmq", true));
        tracing::debug!(target: "zmq", "now on");
    });
    assert!(!logger.set("nonsense", true));
    assert!(logger.categories().contains(&("zmq", true)) && logger.categories().contains(&("tor", false)));
    let text = fs::read_to_string(&path).unwrap();
    let messages: Vec<&str> = text.trim_start().lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(messages, ["always count=3", "ERROR: broken", "on", "now on"]);
}
