//! "RPC server options".

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::flag("rest", false, "Answer REST requests, from anyone who may connect."),
    Opt::list("rpcallowip", "=<ip>", "Who may connect besides this host: an address, a network as 10.0.0.0/8 or 10.0.0.0/255.0.0.0. May be given many times."),
    Opt::list("rpcauth", "=<userpw>", "User with hashed password, as <user>:<salt>$<HMAC-SHA-256 in hex>. May be given many times.").sensitive(),
    Opt::list("rpcbind", "=<addr>[:port]", "Address for RPC connections; without -rpcallowip it does not count. Not for open networks. May be given many times.")
        .network_only()
        .sensitive()
        .default_text("127.0.0.1 and ::1"),
    Opt::text("rpccookiefile", "=<loc>", Some(".cookie"), "File with the password that changes at each start. A relative path starts at the network's folder."),
    Opt::text("rpcpassword", "=<pw>", None, "Password, in clear. Better: -rpcauth, or the cookie file.").sensitive(),
    Opt::int_auto("rpcport", "9332, testnet: 19332, regtest: 19443", "Port for RPC connections.").param("=<port>").network_only(),
    Opt::int("rpcserialversion", 2, "What raw blocks and transactions in hex, and on ZeroMQ, contain: 0 no witnesses and no MWEB data, 1 no MWEB data, 2 everything."),
    Opt::int("rpcservertimeout", 30, "How long a request may take to arrive, in seconds.").debug(),
    Opt::int("rpcthreads", 4, "Threads for RPC calls.").range(1, 1024),
    Opt::text("rpcuser", "=<user>", None, "User for -rpcpassword.").sensitive(),
    Opt::list("rpcwhitelist", "=<whitelist>", "The only methods a user may call, as <user>:<rpc 1>,<rpc 2>. Given twice for a user, what both allow counts."),
    Opt::flag_auto("rpcwhitelistdefault", "1 if -rpcwhitelist is used", "Users without -rpcwhitelist may call nothing."),
    Opt::int("rpcworkqueue", 16, "How many RPC calls may wait for a thread.").range(1, 1_000_000).debug(),
    Opt::flag("server", true, "Answer RPC requests."),
];
