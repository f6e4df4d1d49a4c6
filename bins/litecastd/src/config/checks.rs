//! Combinations and values that keep the node from starting, in the order in which the reference finds them (v0.21.5.5
//! `src/init.cpp` AppInitParameterInteraction and AppInitMain).

use litecast_config::{Args, Chain};

use super::{InitError, USER_AGENT_NAME};
use crate::logging::Categories;

/// Smallest `-prune` target, MiB (v0.21.5.5 `src/validation.h` MIN_DISK_SPACE_FOR_BLOCK_FILES).
const MIN_PRUNE_MIB: i64 = 550;
/// Longest version string, bytes (v0.21.5.5 `src/net.h` MAX_SUBVERSION_LENGTH).
const MAX_SUBVERSION_LENGTH: usize = 256;

fn fail<T>(message: impl Into<String>) -> Result<T, InitError> {
    Err(InitError(message.into()))
}

/// Runs all checks; what is merely odd goes to `warnings`.
pub(super) fn check(args: &Args, warnings: &mut Vec<String>) -> Result<(), InitError> {
    if args.chain() == Chain::Signet {
        return fail("The signet network is not supported.");
    }
    check_sections(args, warnings)?;
    if args.blocks_dir().is_none() {
        return fail(format!("Specified blocks directory \"{}\" does not exist.", args.get_str("blocksdir")));
    }
    check_indexes(args)?;
    let binds = args.get_all("bind").len() + args.get_all("whitebind").len();
    if binds != 0 && !args.given_bool("listen").unwrap_or(true) {
        return fail("Cannot set -bind or -whitebind together with -listen=0");
    }
    check_categories(args, warnings);
    check_limits(args)?;
    check_user_agent(args)?;
    for network in args.get_all("onlynet") {
        if !["ipv4", "ipv6", "onion", "tor"].contains(&network.to_lowercase().as_str()) {
            return fail(format!("Unknown network specified in -onlynet: '{network}'"));
        }
    }
    Ok(())
}

/// Options whose part of the node does not exist yet, and that are accepted and do nothing.
const IDLE_YET: &[&str] = &["addrmantest", "asmap", "prune", "rest", "txindex"];

/// Notes what does not work yet.
pub(super) fn not_yet(args: &Args) -> Vec<String> {
    let asked = |name: &&&str| args.is_set(name) && !args.is_negated(name) && args.get_str(name) != "0";
    IDLE_YET
        .iter()
        .filter(asked)
        .map(|name| format!("Warning: -{name} is not supported yet and does nothing."))
        .collect()
}

fn check_sections(args: &Args, warnings: &mut Vec<String>) -> Result<(), InitError> {
    let chain = args.chain();
    let unsuitable: Vec<String> = args
        .unsuitable_section_only()
        .iter()
        .map(|name| format!("Config setting for -{name} only applied on {chain} network when in [{chain}] section."))
        .collect();
    if !unsuitable.is_empty() {
        return fail(unsuitable.join("\n"));
    }
    let unknown: Vec<String> = args
        .unrecognized_sections()
        .iter()
        .map(|section| format!("{}:{} Section [{}] is not recognized.", section.file, section.line, section.name))
        .collect();
    if !unknown.is_empty() {
        warnings.push(unknown.join("\n"));
    }
    Ok(())
}

fn check_indexes(args: &Args) -> Result<(), InitError> {
    let prune = args.get_int("prune");
    let filters = filter_types(args);
    if !["", "0", "1"].contains(&filters.as_str())
        && let Some(name) = args.get_all("blockfilterindex").iter().find(|name| *name != "basic")
    {
        return fail(format!("Unknown -blockfilterindex value {name}."));
    }
    if serves_filters(args) && filters == "0" {
        return fail("Cannot set -peerblockfilters without -blockfilterindex.");
    }
    if prune != 0 {
        if args.get_bool("txindex") {
            return fail("Prune mode is incompatible with -txindex.");
        }
        if filters != "0" {
            return fail("Prune mode is incompatible with -blockfilterindex.");
        }
    }
    Ok(())
}

/// Types of filters that are kept: none where the chain is read again or cut off, unless asked for.
fn filter_types(args: &Args) -> String {
    let default = if is_partial(args) && !args.is_set("blockfilterindex") { Some("0".to_owned()) } else { None };
    default.unwrap_or_else(|| args.get_str("blockfilterindex"))
}

/// Whether filters of blocks are kept.
pub(super) fn keeps_filters(args: &Args) -> bool {
    filter_types(args) != "0"
}

/// Whether they are served.
pub(super) fn serves_filters(args: &Args) -> bool {
    args.get_bool("peerblockfilters") && (!is_partial(args) || args.is_set("peerblockfilters"))
}

fn is_partial(args: &Args) -> bool {
    args.get_bool("reindex-chainstate") || args.get_int("prune") != 0
}

fn check_categories(args: &Args, warnings: &mut Vec<String>) {
    let debug = args.get_all("debug");
    let enabled = if debug.iter().any(|name| name == "0" || name == "none") { Vec::new() } else { debug };
    for (option, names) in [("-debug", enabled), ("-debugexclude", args.get_all("debugexclude"))] {
        for name in names.iter().filter(|name| Categories::mask(name).is_none()) {
            warnings.push(format!("Unsupported logging category {option}={name}."));
        }
    }
}

fn check_limits(args: &Args) -> Result<(), InitError> {
    if let Some(work) = args.given("minimumchainwork") {
        let digits = if work.len() > 2 { work.strip_prefix("0x").unwrap_or(&work) } else { &work };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return fail(format!("Invalid non-hex ({work}) minimum chain work value specified"));
        }
    }
    let least_bytes = args.get_int("limitdescendantsize").saturating_mul(40_000);
    let most_bytes = args.get_int("maxmempool").saturating_mul(1_000_000);
    if most_bytes < 0 || most_bytes < least_bytes {
        let least = least_bytes.saturating_add(999_999).div_euclid(1_000_000);
        return fail(format!("-maxmempool must be at least {least} MB"));
    }
    check_amount(args, "incrementalrelayfee")?;
    let prune = args.get_int("prune");
    if prune < 0 {
        return fail("Prune cannot be configured with a negative value.");
    }
    if prune > 1 && prune < MIN_PRUNE_MIB {
        return fail(format!(
            "Prune configured below the minimum of {MIN_PRUNE_MIB} MiB.  Please use a higher number."
        ));
    }
    if args.get_int("peertimeout") <= 0 {
        return fail("peertimeout cannot be configured with a negative value.");
    }
    for name in ["minrelaytxfee", "blockmintxfee", "dustrelayfee"] {
        check_amount(args, name)?;
    }
    if args.chain() == Chain::Main && args.get_bool("acceptnonstdtxn") {
        return fail("acceptnonstdtxn is not currently supported for main chain");
    }
    match args.get_int("rpcserialversion") {
        ..0 => return fail("rpcserialversion must be non-negative."),
        3.. => return fail("Unknown rpcserialversion requested."),
        _ => {}
    }
    if args.given("proxy").is_some_and(|proxy| proxy.is_empty()) {
        return fail("No proxy server specified. Use -proxy=<ip> or -proxy=<ip:port>.");
    }
    Ok(())
}

fn check_amount(args: &Args, name: &str) -> Result<(), InitError> {
    match args.given(name) {
        Some(text) if parse_money(&text).is_none() => fail(format!("Invalid amount for -{name}=<amount>: '{text}'")),
        _ => Ok(()),
    }
}

/// A decimal amount of LTC as litoshis (v0.21.5.5 `src/util/moneystr.cpp` ParseMoney): at most ten digits before the point
/// and eight after it.
pub(super) fn parse_money(text: &str) -> Option<i64> {
    let text = text.trim_matches([' ', '\x0c', '\n', '\r', '\t', '\x0b']);
    if text.is_empty() {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() > 10 || fraction.len() > 8 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i64 = format!("{fraction:0<8}").parse().ok()?;
    whole.checked_mul(100_000_000)?.checked_add(fraction)
}

fn check_user_agent(args: &Args) -> Result<(), InitError> {
    let comments = args.get_all("uacomment");
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b" .,;-_?@".contains(&byte);
    if let Some(comment) = comments.iter().find(|comment| !comment.bytes().all(safe)) {
        return fail(format!("User Agent comment ({comment}) contains unsafe characters."));
    }
    let length = user_agent(&comments).len();
    if length > MAX_SUBVERSION_LENGTH {
        return fail(format!(
            "Total length of network version string ({length}) exceeds maximum length ({MAX_SUBVERSION_LENGTH}). Reduce the \
             number or size of uacomments."
        ));
    }
    Ok(())
}

/// The version string that peers see (BIP 14).
pub(super) fn user_agent(comments: &[String]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    if comments.is_empty() {
        format!("/{USER_AGENT_NAME}:{version}/")
    } else {
        format!("/{USER_AGENT_NAME}:{version}({})/", comments.join("; "))
    }
}

/// Log lines about the files in use.
pub(super) fn file_notes(args: &Args, warnings: &mut Vec<String>) -> Vec<String> {
    let mut notes = vec![format!("Using data directory {}", args.data_dir(true).display())];
    let conf = args.conf_path();
    if conf.exists() {
        notes.push(format!("Config file: {}", conf.display()));
    } else if args.is_set("conf") {
        warnings.push(format!("The specified config file {} does not exist", conf.display()));
    } else {
        notes.push(format!("Config file: {} (not found, skipping)", conf.display()));
    }
    if let Some(dir) = args.given("datadir").filter(|dir| !dir.is_empty() && !dir.starts_with('/')) {
        notes.push(format!(
            "Warning: relative datadir option '{dir}' specified: started from another directory, the node will not find its data."
        ));
    }
    notes
}
