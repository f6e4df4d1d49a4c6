//! `-netinfo`: the connections to peers as a table.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use litecast_config::{Args, Chain};
use serde_json::Value;

use crate::Failure;
use crate::connection::Connection;
use crate::output::Printed;

/// Columns of the summary.
const NETWORKS: [&str; 3] = ["ipv4", "ipv6", "onion"];

/// What one peer's line needs.
struct Peer<'a> {
    info: &'a Value,
    outbound: bool,
    block_relay: bool,
    min_ping: f64,
}

/// Asks and prints; the first word is the level of detail, 0 to 4.
pub(crate) fn run(args: &Args, connection: &Connection, words: &[String]) -> Result<Printed, Failure> {
    let level: u8 = words.first().and_then(|word| word.parse().ok()).unwrap_or(0);
    let replies = connection.batch(&["getpeerinfo", "getnetworkinfo"])?;
    if let Some(failed) = replies.iter().find(|reply| !reply["error"].is_null()) {
        return Ok(Printed::reply(failed));
    }
    let (peers, network) = (&replies[0]["result"], &replies[1]["result"]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let mut text = format!(
        "{}{} - {}{}\n\n",
        crate::VERSION_LINE,
        match args.chain() {
            Chain::Main => String::new(),
            Chain::Test => " testnet".to_owned(),
            other => format!(" {other}"),
        },
        network["protocolversion"],
        network["subversion"].as_str().unwrap_or("")
    );
    let mut peers: Vec<Peer<'_>> = peers
        .as_array()
        .into_iter()
        .flatten()
        .filter(|info| NETWORKS.contains(&info["network"].as_str().unwrap_or("")))
        .map(|info| Peer {
            info,
            outbound: info["inbound"] == Value::Bool(false),
            block_relay: info["relaytxes"] == Value::Bool(false),
            min_ping: info["minping"].as_f64().unwrap_or(-1.0),
        })
        .collect();
    peers.sort_by(|a, b| a.outbound.cmp(&b.outbound).then(a.min_ping.total_cmp(&b.min_ping)));
    if (1..=4).contains(&level) && !peers.is_empty() {
        text.push_str(&peer_table(&peers, level, now));
    }
    text.push_str(&summary(&peers));
    text.push_str(&local_addresses(&network["localaddresses"]));
    Ok(Printed::result(&Value::String(text)))
}

fn peer_table(peers: &[Peer<'_>], level: u8, now: u64) -> String {
    let show_address = level == 2 || level == 4;
    let show_version = level == 3 || level == 4;
    let width = |text: fn(&Value) -> String, least: usize| {
        peers.iter().map(|peer| text(peer.info).len()).max().unwrap_or(0).max(least)
    };
    let id_width = width(|info| info["id"].to_string(), 2);
    let address_width = width(|info| info["addr"].as_str().unwrap_or("").to_owned(), 7) + 1;
    let mut text = format!(
        "Peer connections sorted by direction and min ping\n<-> relay   net  mping   ping send recv  txn  blk  age {:>id_width$} ",
        "id"
    );
    if show_address {
        let _ = write!(text, "{:<address_width$}", "address");
    }
    text.push_str(if show_version { "version\n" } else { "\n" });
    for peer in peers {
        let info = peer.info;
        let since = |name: &str, unit: u64| match info[name].as_u64() {
            None | Some(0) => String::new(),
            Some(time) => (now.saturating_sub(time) / unit).to_string(),
        };
        let _ = write!(
            text,
            "{:>3} {:>5} {:>5}{:>7}{:>7}{:>5}{:>5}{:>5}{:>5} {:>4} {:>id_width$} ",
            if peer.outbound { "out" } else { "in" },
            if peer.block_relay { "block" } else { "full" },
            info["network"].as_str().unwrap_or(""),
            milliseconds(peer.min_ping),
            milliseconds(info["pingtime"].as_f64().unwrap_or(-1.0)),
            since("lastsend", 1),
            since("lastrecv", 1),
            since("last_transaction", 60),
            since("last_block", 60),
            since("conntime", 60),
            info["id"].to_string(),
        );
        if show_address {
            let _ = write!(text, "{:<address_width$}", info["addr"].as_str().unwrap_or(""));
        }
        if show_version && info["version"].as_u64() != Some(0) {
            let _ = write!(text, "{}{}", info["version"], info["subver"].as_str().unwrap_or(""));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text.push_str("                    ms     ms  sec  sec  min  min  min\n\n");
    text
}

fn milliseconds(seconds: f64) -> String {
    if seconds < 0.0 {
        return String::new();
    }
    let value = (seconds * 1000.0).round();
    if value > 999_999.0 { "-".to_owned() } else { format!("{value:.0}") }
}

/// Counts by direction and network.
fn summary(peers: &[Peer<'_>]) -> String {
    let mut text = String::from("        ipv4    ipv6   onion   total  block-relay\n");
    for (name, outbound) in [("in", Some(false)), ("out", Some(true)), ("total", None)] {
        let belongs = |peer: &&Peer<'_>| outbound.is_none_or(|outbound| peer.outbound == outbound);
        let count = |matches: &dyn Fn(&Peer<'_>) -> bool| peers.iter().filter(belongs).filter(|p| matches(p)).count();
        let [v4, v6, onion] = NETWORKS.map(|network| count(&|peer| peer.info["network"] == network));
        let (all, blocks) = (count(&|_| true), count(&|peer| peer.block_relay));
        let _ = writeln!(text, "{name:<5}  {v4:>5}   {v6:>5}   {onion:>5}   {all:>5}   {blocks:>5}");
    }
    text
}

fn local_addresses(addresses: &Value) -> String {
    let addresses = addresses.as_array().map_or(&[][..], Vec::as_slice);
    if addresses.is_empty() {
        return "\nLocal addresses: n/a\n".to_owned();
    }
    let name = |address: &Value| address["address"].as_str().unwrap_or("").to_owned();
    let width = addresses.iter().map(|address| name(address).len() + 1).max().unwrap_or(0);
    let mut text = String::from("\nLocal addresses");
    for address in addresses {
        let (port, score) = (address["port"].to_string(), address["score"].to_string());
        let _ = write!(text, "\n{:<width$}    port {port:>6}    score {score:>6}", name(address));
    }
    text
}
