//! The daemon's options as a whole. Expected texts are litecoind's (v0.21.5.5 `test/functional/feature_config_args.py` and
//! `src/init.cpp`); the list of options is checked against an installed litecoind.

use std::collections::BTreeSet;
use std::process::Command;

use litecast_config::{Category, Chain};
use tempfile::TempDir;

use super::*;

fn load_in(dir: &TempDir, words: &[&str]) -> Result<Box<Config>, String> {
    let datadir = format!("-datadir={}", dir.path().display());
    let words = std::iter::once(datadir).chain(words.iter().map(|word| (*word).to_owned()));
    match load(words) {
        Ok(Request::Run(config)) => Ok(config),
        Ok(Request::Print(text)) => panic!("printed {text}"),
        Err(error) => Err(error.to_string()),
    }
}

fn config(words: &[&str]) -> Result<Box<Config>, String> {
    load_in(&tempfile::tempdir().expect("a temporary directory"), words)
}

fn settings(words: &[&str]) -> Settings {
    config(words).expect("valid options").settings
}

#[test]
fn refused_options() {
    for (words, message) in [
        (&["-fakearg"][..], "Error parsing command line arguments: Invalid parameter -fakearg"),
        (
            &["-zmqpubrawblok=x"],
            "Error parsing command line arguments: Invalid parameter -zmqpubrawblok=x (did you mean -zmqpubrawblock?)",
        ),
        (
            &["-nomempoolreplacement"],
            "Error parsing command line arguments: Negating of -mempoolreplacement is meaningless and therefore forbidden",
        ),
        (&["token"], "Command line contains unexpected token 'token', see litecastd -h for a list of options."),
        (&["-proxy"], "No proxy server specified. Use -proxy=<ip> or -proxy=<ip:port>."),
        (&["-acceptnonstdtxn=1"], "acceptnonstdtxn is not currently supported for main chain"),
        (&["-bind=127.0.0.1", "-nolisten"], "Cannot set -bind or -whitebind together with -listen=0"),
        (&["-prune=1", "-txindex"], "Prune mode is incompatible with -txindex."),
        (&["-prune=100"], "Prune configured below the minimum of 550 MiB.  Please use a higher number."),
        (&["-maxmempool=3"], "-maxmempool must be at least 5 MB"),
        (&["-minrelaytxfee=x"], "Invalid amount for -minrelaytxfee=<amount>: 'x'"),
        (&["-minimumchainwork=xyz"], "Invalid non-hex (xyz) minimum chain work value specified"),
        (&["-rpcserialversion=3"], "Unknown rpcserialversion requested."),
        (&["-blockfilterindex=fancy"], "Unknown -blockfilterindex value fancy."),
        (&["-uacomment=a/b"], "User Agent comment (a/b) contains unsafe characters."),
        (&["-signet"], "The signet network is not supported."),
        (&["-blocksdir=/does/not/exist"], "Specified blocks directory \"/does/not/exist\" does not exist."),
    ] {
        assert_eq!(config(words).err().as_deref(), Some(message), "{words:?}");
    }
    let missing = load(["-datadir=/does/not/exist".to_owned()]).err().expect("an error").to_string();
    assert_eq!(missing, "Specified data directory \"/does/not/exist\" does not exist.");
    let long = config(&[&format!("-uacomment={}", "a".repeat(256))]).err().expect("an error");
    assert!(
        long.starts_with("Total length of network version string (") && long.contains("maximum length (256)"),
        "{long}"
    );
}

#[test]
fn network_only_options_in_the_default_section_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("litecoin.conf"), "regtest=1\nport=1\n[nonet]\n").unwrap();
    let message = "Config setting for -port only applied on regtest network when in [regtest] section.";
    assert_eq!(load_in(&dir, &[]).err().as_deref(), Some(message));
    let config = load_in(&dir, &["-port=2"]).unwrap();
    assert_eq!(config.warnings, ["litecoin.conf:3 Section [nonet] is not recognized."]);
    assert_eq!(config.settings.net.port, 2);
}

#[test]
fn defaults_by_network() {
    for (words, chain, folder, rpc, p2p) in [
        (&[][..], Chain::Main, "", 9332, 9333),
        (&["-testnet"], Chain::Test, "testnet4", 19332, 19335),
        (&["-chain=regtest"], Chain::Regtest, "regtest", 19443, 19444),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let settings = load_in(&dir, words).unwrap().settings;
        assert_eq!(settings.chain, chain);
        assert_eq!(
            settings.data_dir.components().collect::<Vec<_>>(),
            dir.path().join(folder).components().collect::<Vec<_>>()
        );
        assert_eq!(settings.blocks_dir, dir.path().join(folder).join("blocks"));
        assert_eq!(settings.rpc.expect("a server").port, rpc);
        assert_eq!(settings.net.port, p2p);
        assert!(settings.data_dir.join("settings.json").exists());
    }
}

#[test]
fn options_set_others() {
    let net = settings(&["-connect=a", "-connect=b"]).net;
    assert_eq!((net.connect, net.listen), (Some(vec!["a".to_owned(), "b".to_owned()]), false));
    assert_eq!(settings(&["-noconnect"]).net.connect, Some(Vec::new()));
    assert_eq!(settings(&["-connect=0"]).net.connect, Some(Vec::new()));
    assert!(settings(&["-noconnect", "-bind=127.0.0.1"]).net.listen);
    let config = config(&["-nolisten"]).unwrap();
    let note = "InitParameterInteraction: parameter interaction: -listen=0 -> setting -discover=0";
    assert!(config.notes.iter().any(|line| line == note), "{:?}", config.notes);
}

#[test]
fn zmq_notifiers_keep_the_references_order() {
    let zmq = settings(&[
        "-zmqpubsequence=tcp://a",
        "-zmqpubrawtx=tcp://b,mweb=strip",
        "-zmqpubrawtx=tcp://a",
        "-zmqpubrawtxhwm=0",
        "-zmqpubhashblock=tcp://a",
        "-zmqpubhashtx=tcp://gone",
        "-nozmqpubhashtx",
    ])
    .zmq;
    let shown: Vec<_> = zmq.iter().map(|n| (n.topic, n.address.as_str(), n.hwm)).collect();
    assert_eq!(
        shown,
        [
            ("hashblock", "tcp://a", 1000),
            ("rawtx", "tcp://b,mweb=strip", 0),
            ("rawtx", "tcp://a", 0),
            ("sequence", "tcp://a", 1000)
        ]
    );
}

#[test]
fn logging_and_rpc() {
    let log = settings(&["-debug=net", "-debugexclude=zmq", "-daemon"]).log;
    assert!(!log.to_console && !log.shrink && log.file.is_some());
    assert_eq!((log.enable, log.disable), (vec!["net".to_owned()], vec!["zmq".to_owned()]));
    assert!(settings(&["-nodebuglogfile"]).log.file.is_none());
    assert!(settings(&["-debug=net", "-debug=0"]).log.enable.is_empty());
    let warned = config(&["-debug=nonsense"]).unwrap().warnings;
    assert_eq!(warned, ["Unsupported logging category -debug=nonsense."]);
    assert!(settings(&["-noserver"]).rpc.is_none());
    let rpc = settings(&["-rpcuser=u", "-rpcpassword=p", "-rpcwhitelist=u:x", "-rpcthreads=0"]).rpc.expect("a server");
    assert_eq!(rpc.user_password, Some(("u".to_owned(), "p".to_owned())));
    assert!(rpc.whitelist_default);
    assert_eq!(rpc.threads, 1);
    let fees = settings(&["-incrementalrelayfee=0.00005"]).policy;
    let fees = [fees.mempool.incremental_relay_fee, fees.mempool.min_relay_fee];
    assert_eq!(fees.map(litecast_mempool::FeeRate::per_k), [5000, 5000]);
    let vbparams = settings(&["-regtest", "-vbparams=mweb:-2:9:3:4"]).test.vbparams;
    assert_eq!(vbparams, ["mweb:-2:9:3:4"]);
    assert!(settings(&["-vbparams=mweb:-2:9"]).test.vbparams.is_empty());
}

#[test]
fn wallet_options_are_accepted() {
    config(&["-disablewallet", "-wallet=x", "-fallbackfee=0.1", "-nowallet", "-keypool=1"]).unwrap();
}

#[test]
fn help_and_version() {
    for (word, part) in [
        ("-h", "Options:"),
        ("-help", "-datadir=<dir>"),
        ("-?", "-rpcport"),
        ("-version", "version v"),
        ("-help-debug", "-vbparams"),
    ] {
        match load([word.to_owned(), "-datadir=/does/not/matter".to_owned()]) {
            Ok(Request::Print(text)) => assert!(text.starts_with("Litecast") && text.contains(part), "{word}: {text}"),
            _ => panic!("{word} prints"),
        }
    }
    assert!(man_page().contains(".SH RPC SERVER OPTIONS"));
}

#[test]
fn no_option_is_twice_in_the_table_and_each_listed_one_is_explained() {
    let mut names = BTreeSet::new();
    for group in table::TABLE {
        for spec in group.options {
            assert!(names.insert(spec.name), "-{} is twice in the table", spec.name);
            assert!(group.category == Category::Hidden || spec.help.ends_with('.'), "-{}", spec.name);
        }
    }
}

/// Every option an installed litecoind lists outside of its wallet is in the table, under the same heading.
#[test]
fn every_option_of_litecoind_is_known() {
    let Ok(output) = Command::new("litecoind").arg("-help-debug").output() else {
        eprintln!("skipped: litecoind is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut heading = "";
    let mut seen = 0;
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            heading = name;
        }
        let Some(option) = line.strip_prefix("  -").filter(|_| !heading.starts_with("Wallet")) else { continue };
        let name = option.split(['=', ' ']).next().unwrap_or(option);
        // Automatic port mapping is a build option there, and -maxtxfee the wallet's: accepted here, not listed.
        if ["upnp", "maxtxfee"].contains(&name) {
            continue;
        }
        let group = table::TABLE.iter().find(|group| group.options.iter().any(|spec| spec.name == name));
        let ours = group.and_then(|group| group.category.heading());
        assert_eq!(ours, Some(heading), "-{name}");
        seen += 1;
    }
    assert!(seen > 100, "litecoind lists {seen} options");
}

#[test]
fn what_is_not_built_yet_is_said() {
    let noted = config(&["-txindex"]).unwrap().notes;
    assert!(noted.iter().any(|note| note == "Warning: -txindex is not supported yet and does nothing."), "{noted:?}");
}

/// `-proxy`, `-onion` and what cannot be reached, as text.
fn ways(words: &[&str]) -> (String, String, String) {
    let proxy = config(words).expect("options that are good").settings.net.proxy;
    let shown = |addr: Option<std::net::SocketAddr>| addr.map_or_else(String::new, |addr| addr.to_string());
    let names: Vec<&str> = proxy.unreachable.iter().map(|network| network.name()).collect();
    (shown(proxy.all), shown(proxy.onion), names.join(" "))
}

// v0.21.5.5 src/init.cpp, AppInitMain: the order in which -onlynet, -proxy and -onion decide.
#[test]
fn proxies_and_what_they_reach() {
    for (words, all, onion, unreachable) in [
        (&[][..], "", "", "onion"),
        (&["-proxy=127.0.0.1"], "127.0.0.1:9050", "127.0.0.1:9050", ""),
        (&["-proxy=[::1]:9"], "[::1]:9", "[::1]:9", ""),
        (&["-proxy=0"], "", "", "onion"),
        (&["-noproxy"], "", "", "onion"),
        (&["-proxy=127.0.0.1:9", "-noonion"], "127.0.0.1:9", "127.0.0.1:9", "onion"),
        (&["-proxy=127.0.0.1:9", "-onion=0"], "127.0.0.1:9", "127.0.0.1:9", "onion"),
        (&["-proxy=127.0.0.1:9", "-onion=127.0.0.1:8"], "127.0.0.1:9", "127.0.0.1:8", ""),
        (&["-onion=127.0.0.1"], "", "127.0.0.1:9050", ""),
        (&["-onion=localhost:7", "-onlynet=onion"], "", "127.0.0.1:7", "ipv4 ipv6 i2p cjdns"),
        (&["-onlynet=IPv4"], "", "", "ipv6 onion i2p cjdns"),
        (&["-onlynet=ipv6", "-proxy=127.0.0.1:9"], "127.0.0.1:9", "127.0.0.1:9", "ipv4 i2p cjdns"),
    ] {
        let mut found = ways(words);
        // A name may have an address of either family.
        found.1 = found.1.replace("[::1]:7", "127.0.0.1:7");
        assert_eq!(found, (all.into(), onion.into(), unreachable.into()), "{words:?}");
    }
    for (words, error) in [
        (&["-proxy=name.invalid", "-dns=0"][..], "Invalid -proxy address or hostname: 'name.invalid'"),
        (&["-proxy=0.0.0.0:9050"], "Invalid -proxy address or hostname: '0.0.0.0:9050'"),
        (&["-onion=no such host", "-dns=0"], "Invalid -onion address or hostname: 'no such host'"),
        (&["-onlynet=i2p"], "Unknown network specified in -onlynet: 'i2p'"),
    ] {
        assert_eq!(config(words).err().expect("an error"), error, "{words:?}");
    }
}

#[test]
fn a_proxy_keeps_the_node_from_listening() {
    let settings = |words: &[&str]| config(words).expect("options that are good").settings.net;
    assert!(!settings(&["-proxy=127.0.0.1:9"]).listen);
    assert!(settings(&["-proxy=127.0.0.1:9"]).proxy.control.is_none());
    assert!(settings(&["-proxy=127.0.0.1:9", "-listen"]).listen);
    let control =
        settings(&["-torpassword=a b", "-torcontrol=[::1]:5"]).proxy.control.expect("-listenonion is the default");
    assert_eq!((control.address.as_str(), control.password.as_deref()), ("[::1]:5", Some("a b")));
    assert!(control.use_as_proxy);
    assert!(!settings(&["-onion=127.0.0.1:9"]).proxy.control.expect("a port").use_as_proxy);
    assert!(settings(&["-listenonion=0"]).proxy.control.is_none());
}
