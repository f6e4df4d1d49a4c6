//! The merge rules, checked against what litecoind v0.21.5.5 does (`src/util/system.cpp`, `src/test/util_tests.cpp`,
//! `test/functional/feature_config_args.py`, `feature_includeconf.py`, `feature_settings.py`).
#![expect(clippy::unwrap_used, reason = "a failed unwrap in a test's helper is a failed test")]

use std::fs;
use std::path::Path;

use litecast_config::option::{Category, Group, OptionSpec};
use litecast_config::{Args, Chain, ConfigError};
use tempfile::TempDir;

static TABLE: &[Group] = &[Group {
    category: Category::Options,
    options: &[
        OptionSpec::text("conf", "=<file>", Some("litecoin.conf"), "Configuration file."),
        OptionSpec::text("datadir", "=<dir>", None, "Data directory."),
        OptionSpec::text("settings", "=<file>", Some("settings.json"), "Settings file."),
        OptionSpec::text("blocksdir", "=<dir>", None, "Folder of the block files."),
        OptionSpec::list("includeconf", "=<file>", "Another configuration file."),
        OptionSpec::text("chain", "=<chain>", Some("main"), "Network."),
        OptionSpec::flag("regtest", false, "Private network."),
        OptionSpec::flag("testnet", false, "Test network."),
        OptionSpec::flag("signet", false, "Signed test network."),
        OptionSpec::flag("listen", true, "Listen."),
        OptionSpec::int("dbcache", 450, "Cache.").range(4, 16384),
        OptionSpec::int_auto("port", "9333", "Port.").network_only(),
        OptionSpec::list("connect", "=<ip>", "Peer.").network_only(),
        OptionSpec::list("uacomment", "=<cmt>", "Comment."),
        OptionSpec::text("rpcuser", "=<user>", None, "User.").sensitive(),
        OptionSpec::text("rpcpassword", "=<pw>", None, "Password.").sensitive(),
        OptionSpec::int("strict", 0, "Cannot be negated.").not_negatable(),
    ],
}];

struct Run {
    dir: TempDir,
    args: Args,
}

fn run(words: &[&str], conf: &str) -> Result<Run, ConfigError> {
    run_in(tempfile::tempdir().expect("a temporary directory"), words, conf)
}

fn run_in(dir: TempDir, words: &[&str], conf: &str) -> Result<Run, ConfigError> {
    let mut args = Args::new(TABLE, dir.path().to_owned());
    args.parse_command_line(words.iter().map(|word| (*word).to_owned()))?;
    fs::write(dir.path().join("litecoin.conf"), conf).expect("write litecoin.conf");
    args.read_conf_files()?;
    args.select_chain()?;
    Ok(Run { dir, args })
}

fn error(words: &[&str], conf: &str) -> String {
    run(words, conf).err().expect("an error").to_string()
}

#[test]
fn command_line_forms() {
    let run =
        run(&["--port=1", "-port=2", "-nolisten", "-uacomment=a", "-uacomment=b", "word", "-port=3"], "").unwrap();
    assert_eq!(run.args.get_int("port"), 2);
    assert!(!run.args.get_bool("listen"));
    assert!(run.args.is_negated("listen"));
    assert_eq!(run.args.get_str("listen"), "0");
    assert_eq!(run.args.get_all("uacomment"), ["a", "b"]);
    assert_eq!(run.args.positional(), ["word", "-port=3"]);

    let mut run = self::run(&["-nolisten=0"], "").unwrap();
    assert!(run.args.get_bool("listen"));
    assert_eq!(run.args.take_notes(), ["Warning: parsed potentially confusing double-negative -listen=0"]);
    assert!(self::run(&["-listen"], "").unwrap().args.get_bool("listen"));
    assert!(!self::run(&["-listen=0"], "").unwrap().args.get_bool("listen"));
    assert!(!self::run(&["-listen=true"], "").unwrap().args.get_bool("listen"), "-listen=true is a known trap");
}

#[test]
fn command_line_errors() {
    assert_eq!(error(&["-dash_cli=1"], ""), "Invalid parameter -dash_cli=1");
    assert_eq!(error(&["-lisetn=1"], ""), "Invalid parameter -lisetn=1 (did you mean -listen?)");
    assert_eq!(error(&["-regtest.port=1"], ""), "Invalid parameter -regtest.port=1");
    assert_eq!(error(&["-nostrict"], ""), "Negating of -strict is meaningless and therefore forbidden");
    assert_eq!(
        error(&["-includeconf=x.conf"], ""),
        "-includeconf cannot be used from commandline; -includeconf=x.conf"
    );
    assert_eq!(
        error(&["-regtest", "-testnet"], ""),
        "Invalid combination of -regtest, -signet, -testnet and -chain. Can use at most one."
    );
    assert_eq!(error(&["-chain=moon"], ""), "CreateBaseChainParams: Unknown chain moon.");
}

#[test]
fn conf_file_errors() {
    for (conf, message) in [
        (
            "-dash=1\n",
            "parse error on line 1: -dash=1, options in configuration file must be specified without leading -",
        ),
        ("nono\n", "parse error on line 1: nono, if you intended to specify a negated option, use nono=1 instead"),
        ("server\n", "parse error on line 1: server"),
        (
            "\n#x\nrpcpassword=some#pass",
            "parse error on line 3, using # in rpcpassword can be ambiguous and should be avoided",
        ),
        (
            "main.rpcpassword=a#b",
            "parse error on line 1, using # in rpcpassword can be ambiguous and should be avoided",
        ),
        (
            "[main]\nrpcpassword=a#b",
            "parse error on line 2, using # in rpcpassword can be ambiguous and should be avoided",
        ),
        ("nostrict=1", "Negating of -strict is meaningless and therefore forbidden"),
        ("datadir=/does/not/exist", "specified data directory \"/does/not/exist\" does not exist."),
        ("includeconf=missing.conf", "Failed to include configuration file missing.conf"),
    ] {
        assert_eq!(error(&[], conf), message, "{conf:?}");
    }
}

#[test]
fn file_precedence_is_first_wins_and_command_line_over_file() {
    let run = run(&[], "port=1\nport=2\nlisten=0 # why\n dbcache = 7\r\nuacomment=a\nuacomment=b").unwrap();
    assert_eq!(run.args.get_int("port"), 1);
    assert_eq!(run.args.get_int("dbcache"), 7);
    assert!(!run.args.get_bool("listen"));
    assert_eq!(run.args.get_all("uacomment"), ["a", "b"]);
    assert_eq!(self::run(&["-port=9"], "port=1").unwrap().args.get_int("port"), 9);
    assert_eq!(self::run(&["-uacomment=z"], "uacomment=a").unwrap().args.get_all("uacomment"), ["z", "a"]);
    assert_eq!(self::run(&["-nouacomment"], "uacomment=a").unwrap().args.get_all("uacomment"), Vec::<String>::new());
    assert_eq!(
        self::run(&["-nouacomment", "-uacomment=z"], "uacomment=a").unwrap().args.get_all("uacomment"),
        ["z", "a"]
    );
    assert_eq!(self::run(&[], "dbcache=1").unwrap().args.get_int("dbcache"), 4, "clamped to the table's range");
}

#[test]
fn sections_and_network_only_options() {
    let conf = "regtest=1\nport=1\nconnect=a\nlisten=0\n[regtest]\nuacomment=r\n[test]\nport=5\nuacomment=t";
    let run = run(&[], conf).unwrap();
    assert_eq!(run.args.chain(), Chain::Regtest);
    assert!(!run.args.is_set("port"));
    assert!(run.args.get_all("connect").is_empty());
    assert!(!run.args.get_bool("listen"), "an ordinary option counts from the default section");
    assert_eq!(run.args.get_all("uacomment"), ["r"]);
    assert_eq!(run.args.unsuitable_section_only(), ["connect", "port"]);

    let run = self::run(&["-port=7"], "regtest=1\nport=1\nregtest.connect=b").unwrap();
    assert_eq!(run.args.get_int("port"), 7);
    assert_eq!(run.args.get_all("connect"), ["b"]);
    assert!(run.args.unsuitable_section_only().is_empty());

    let run = self::run(&[], "testnot.datadir=1\n[testnet]\n").unwrap();
    let sections: Vec<_> = run.args.unrecognized_sections().iter().map(|s| (s.name.clone(), s.line)).collect();
    assert_eq!(sections, [("testnot".to_owned(), 1), ("testnet".to_owned(), 2)]);

    let run = self::run(&["-noregtest"], "regtest=1").unwrap();
    assert_eq!(run.args.chain(), Chain::Regtest, "a negation on the command line does not undo the file's network");
    let run = self::run(&[], "regtest=1\nnoconnect=1").unwrap();
    assert!(run.args.is_negated("connect"), "a negation in the default section counts even for network-only options");
}

#[test]
fn included_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("one.conf"), "uacomment=one\nincludeconf=two.conf\n").unwrap();
    fs::write(dir.path().join("two.conf"), "uacomment=two\n").unwrap();
    let conf = "uacomment=main\nincludeconf=one.conf\n";
    let mut run = run_in(dir, &[], conf).unwrap();
    assert_eq!(run.args.get_all("uacomment"), ["main", "one"]);
    assert_eq!(
        run.args.take_warnings(),
        ["warning: -includeconf cannot be used from included files; ignoring -includeconf=two.conf"]
    );
    assert_eq!(run.args.take_notes(), ["Included configuration file one.conf"]);

    let run = run_in(run.dir, &["-noincludeconf"], conf).unwrap();
    assert_eq!(run.args.get_all("uacomment"), ["main"]);
    let run = run_in(run.dir, &[], "includeconf=one.conf\n[main]\nincludeconf=two.conf\nuacomment=main").unwrap();
    assert_eq!(run.args.get_all("uacomment"), ["main", "two", "one"], "the network's includes come first");
}

#[test]
fn unknown_names_in_a_file_are_noted() {
    let mut run = run(&[], "dash_conf=1").unwrap();
    assert_eq!(run.args.take_notes(), ["Ignoring unknown configuration value dash_conf"]);
}

fn settings(text: &str) -> Result<Run, ConfigError> {
    let mut run = run(&["-dbcache=5"], "listen=1\n").unwrap();
    fs::write(run.dir.path().join("settings.json"), text).unwrap();
    run.args.init_settings()?;
    Ok(run)
}

#[test]
fn settings_file() {
    let mut run = run(&[], "").unwrap();
    run.args.init_settings().unwrap();
    assert_eq!(read_json(&run.dir.path().join("settings.json")), serde_json::json!({}));

    let text = r#"{"listen": false, "dbcache": 9, "string": "s", "list": [6, 7], "uacomment": ["a", "b"]}"#;
    let mut run = settings(text).unwrap();
    assert!(!run.args.get_bool("listen"), "settings.json stands above the configuration file");
    assert_eq!(run.args.get_int("dbcache"), 5, "and below the command line");
    assert_eq!(run.args.get_all("uacomment"), ["a", "b"]);
    let notes = run.args.take_notes();
    assert_eq!(notes, ["Ignoring unknown rw_settings value list", "Ignoring unknown rw_settings value string"]);
    let lines = run.args.log_lines();
    for line in ["Setting file arg: list = [6,7]", "Setting file arg: string = \"s\"", "Config file arg: listen=\"1\""]
    {
        assert!(lines.iter().any(|have| have == line), "{line} in {lines:?}");
    }
    let path = run.dir.path().join("settings.json");
    assert_eq!(read_json(&path), serde_json::from_str::<serde_json::Value>(text).unwrap());

    for (text, message) in [
        ("invalid json", "Unable to parse settings file"),
        ("\"string\"", "Found non-object value \"string\" in settings file"),
        ("{\"key\": 1, \"key\": 2}", "Found duplicate key key in settings file"),
    ] {
        let error = settings(text).err().expect("an error").to_string();
        assert!(error.starts_with("Failed loading settings file:\n- ") && error.contains(message), "{error}");
    }
}

#[test]
fn no_settings_file_with_nosettings() {
    let mut run = run(&["-nosettings"], "").unwrap();
    run.args.init_settings().unwrap();
    assert!(!run.dir.path().join("settings.json").exists());
    assert_eq!(run.args.log_lines(), ["Command-line arg: settings=false"]);
}

#[test]
fn secrets_are_not_logged() {
    let run = run(&["-rpcuser=secret-user"], "rpcpassword=secret-password").unwrap();
    assert_eq!(run.args.log_lines(), ["Config file arg: rpcpassword=****", "Command-line arg: rpcuser=****"]);
}

#[test]
fn paths() {
    let run = run(&["-regtest"], "").unwrap();
    assert_eq!(run.args.data_dir(true), run.dir.path().join("regtest"));
    assert_eq!(run.args.blocks_dir(), Some(run.dir.path().join("regtest/blocks")));
    assert_eq!(run.args.absolute(Path::new("x"), true), run.dir.path().join("regtest/x"));
    assert_eq!(run.args.absolute(Path::new("/x"), true), Path::new("/x"));
}

#[test]
fn help_and_man_page_name_every_option() {
    let help = litecast_config::help::help_message(TABLE, true);
    let man = litecast_config::help::man_page("prog", "1.0", "a program", "[options]", "It runs.", TABLE);
    for spec in TABLE[0].options {
        assert!(help.contains(&format!("  -{}{}\n", spec.name, spec.param)), "{}", spec.name);
        assert!(man.contains(&format!("\\fB\\-{}\\fR", spec.name)), "{}", spec.name);
    }
    assert!(help.lines().all(|line| line.len() <= 79));
    assert!(help.contains("Cache. (default: 450)"));
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
