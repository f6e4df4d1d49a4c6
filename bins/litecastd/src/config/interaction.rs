//! Options that set others, where those are not given (v0.21.5.5 `src/init.cpp` InitParameterInteraction).

use litecast_config::Args;

/// Applies the rules in the reference's order; each change is noted for the log.
pub(super) fn apply(args: &mut Args, notes: &mut Vec<String>) {
    let mut set = |args: &mut Args, cause: &str, name: &str, on: bool| {
        if args.soft_set_bool(name, on) {
            let on = i32::from(on);
            notes.push(format!("InitParameterInteraction: parameter interaction: {cause} -> setting -{name}={on}"));
        }
    };
    if args.is_set("bind") {
        set(args, "-bind set", "listen", true);
    }
    if args.is_set("whitebind") {
        set(args, "-whitebind set", "listen", true);
    }
    if args.is_set("connect") {
        set(args, "-connect set", "dnsseed", false);
        set(args, "-connect set", "listen", false);
    }
    if args.is_set("proxy") {
        set(args, "-proxy set", "listen", false);
        set(args, "-proxy set", "upnp", false);
        set(args, "-proxy set", "discover", false);
    }
    if !args.given_bool("listen").unwrap_or(true) {
        set(args, "-listen=0", "upnp", false);
        set(args, "-listen=0", "discover", false);
        set(args, "-listen=0", "listenonion", false);
    }
    if args.is_set("externalip") {
        set(args, "-externalip set", "discover", false);
    }
    if args.get_bool("blocksonly") {
        set(args, "-blocksonly=1", "whitelistrelay", false);
    }
    if args.get_bool("whitelistforcerelay") {
        set(args, "-whitelistforcerelay=1", "whitelistrelay", true);
    }
}
