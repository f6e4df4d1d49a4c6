//! `litecoin.conf`, `settings.json` and the command line.

use std::{fs, hint::black_box, path::Path, sync::OnceLock};

use litecast_config::{
    Args, atoi64, interpret_bool,
    option::{Category, Group, OptionSpec},
    split_host_port,
};
use tempfile::TempDir;

use crate::input::Input;

static TABLE: &[Group] = &[Group {
    category: Category::Options,
    options: &[
        OptionSpec::text("conf", "=<file>", Some("litecoin.conf"), "Configuration file."),
        OptionSpec::text("datadir", "=<dir>", None, "Data directory."),
        OptionSpec::text("settings", "=<file>", Some("settings.json"), "Settings file."),
        OptionSpec::list("includeconf", "=<file>", "Another configuration file."),
        OptionSpec::text("chain", "=<chain>", Some("main"), "Network."),
        OptionSpec::flag("regtest", false, "Private network."),
        OptionSpec::flag("testnet", false, "Test network."),
        OptionSpec::flag("signet", false, "Signed test network."),
        OptionSpec::flag("listen", true, "Listen."),
        OptionSpec::int("dbcache", 450, "Cache.").range(4, 16384),
        OptionSpec::int_auto("port", "9333", "Port.").network_only(),
        OptionSpec::list("connect", "=<ip>", "Peer.").network_only(),
        OptionSpec::text("rpcpassword", "=<pw>", None, "Password.").sensitive(),
        OptionSpec::int("strict", 0, "Cannot be negated.").not_negatable(),
    ],
}];

/// One folder for all runs: in memory where the system has such a place.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let memory = Path::new("/dev/shm");
    FOLDER
        .get_or_init(|| {
            let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
            made.expect("a folder for the configuration")
        })
        .path()
}

/// First byte: what the rest is. 0: litecoin.conf, 1: settings.json, 2: words of the command line, a line each.
pub fn config(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.u8() % 3;
    let text = input.rest();
    let folder = folder();
    let mut args = Args::new(TABLE, folder.to_owned());
    // Included files are the operator's own; where they lie is not for a fuzzer to say.
    let mut words = vec!["-noincludeconf".to_owned()];
    if kind == 2 {
        let lines = String::from_utf8_lossy(text);
        words.extend(lines.lines().filter(|line| !leaves_the_folder(line)).map(str::to_owned));
    }
    let accepted = args.parse_command_line(words).is_ok();
    match kind {
        0 => {
            if text.windows(7).any(|window| window == b"datadir") {
                return;
            }
            fs::write(folder.join("litecoin.conf"), text).expect("write litecoin.conf");
            if args.read_conf_files().is_ok() {
                query(&mut args);
            }
        }
        1 => {
            fs::write(folder.join("settings.json"), text).expect("write settings.json");
            let _ = args.init_settings();
            fs::remove_file(folder.join("settings.json")).expect("remove settings.json");
            query(&mut args);
        }
        _ if accepted => query(&mut args),
        _ => {}
    }
    let words = String::from_utf8_lossy(text);
    black_box((atoi64(&words), interpret_bool(&words)));
    let (host, _) = split_host_port(&words);
    assert!(host.len() <= words.len());
}

/// Options that name files anywhere.
fn leaves_the_folder(word: &str) -> bool {
    ["conf", "datadir", "settings"].iter().any(|name| word.contains(name))
}

fn query(args: &mut Args) {
    let _ = args.select_chain();
    for spec in TABLE.iter().flat_map(|group| group.options) {
        black_box((args.is_set(spec.name), args.is_negated(spec.name), args.given(spec.name)));
        black_box((args.get_all(spec.name), args.given_int(spec.name), args.given_bool(spec.name)));
    }
    let cache = args.get_int("dbcache");
    assert!((4..=16384).contains(&cache), "dbcache {cache}");
    black_box((args.unsuitable_section_only(), args.unrecognized_sections(), args.log_lines()));
    black_box((args.take_notes(), args.take_warnings()));
}
