//! "Connection options": who to talk to, where to listen, within which limits.

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::list("addnode", "=<ip>", "Peer to stay connected to, besides those the node finds itself. May be given many times.").network_only(),
    Opt::text("asmap", "=<file>", Some("ip_asn.map"), "Map of address ranges to networks, which spreads the peers over networks. A relative path starts at the network's folder."),
    Opt::int("bantime", 86_400, "Length of a ban set by hand, in seconds, where none is said."),
    Opt::list("bind", "=<addr>[:<port>][=onion]", "Address to listen on for peers; [host]:port for IPv6; =onion marks what comes in there as Tor.")
        .network_only()
        .default_text("0.0.0.0 and ::; 127.0.0.1:9333=onion, testnet: 19335, regtest: 19444"),
    Opt::list("connect", "=<ip>", "Peer to connect to, and to no others; -noconnect connects to none. May be given many times.").network_only(),
    Opt::flag_auto("discover", "1 when listening without -externalip and -proxy", "Find out the node's own addresses."),
    Opt::flag("dns", true, "Look up names given to -addnode, -seednode and -connect."),
    Opt::flag_auto("dnsseed", "1 unless -connect is used", "Ask DNS seeds for peers when few addresses are known."),
    Opt::list("externalip", "=<ip>", "An address under which the node is reachable."),
    Opt::flag("forcednsseed", false, "Ask DNS seeds even when enough addresses are known."),
    Opt::flag_auto("listen", "1 without -proxy and -connect", "Let peers connect to this node."),
    Opt::flag("listenonion", true, "Make a Tor onion service for the listening port."),
    Opt::int("maxconnections", 125, "Most connections to peers.").range(0, 1_000_000),
    Opt::int("maxreceivebuffer", 5000, "Most bytes that wait unread from one peer, in thousands."),
    Opt::int("maxsendbuffer", 1000, "Most bytes that wait unsent for one peer, in thousands."),
    Opt::int("maxtimeadjustment", 2100, "How far, in seconds, the peers' clocks may move this node's view of the time."),
    Opt::int("maxuploadtarget", 0, "Upload to aim for within 24 hours, in MiB; peers with the permission 'download' do not count; 0 is no limit."),
    Opt::text("onion", "=<ip:port>", None, "SOCKS5 proxy for onion addresses; -noonion for none.").default_text("that of -proxy"),
    Opt::list("onlynet", "=<net>", "Network of outgoing connections: ipv4, ipv6 or onion. May be given many times."),
    Opt::flag("peerbloomfilters", false, "Serve peers that filter by Bloom filter (BIP 37)."),
    Opt::flag("peerblockfilters", true, "Serve compact block filters (BIP 157)."),
    Opt::flag("permitbaremultisig", true, "Relay multisig outputs that are not behind a script hash."),
    Opt::int_auto("port", "9333, testnet: 19335, regtest: 19444", "Port to listen on for peers.").param("=<port>").network_only(),
    Opt::text("proxy", "=<ip:port>", None, "SOCKS5 proxy for connections to peers; -noproxy for none."),
    Opt::flag("proxyrandomize", true, "Use new credentials for each connection through the proxy, so that Tor keeps them apart."),
    Opt::list("seednode", "=<ip>", "Peer to ask for addresses and then leave. May be given many times."),
    Opt::flag("networkactive", true, "Have connections at all; the RPC setnetworkactive changes it."),
    Opt::int("timeout", 5000, "How long a connection attempt may take, in milliseconds."),
    Opt::int("peertimeout", 60, "How long a new peer may be silent, in seconds, at least 1.").debug(),
    Opt::text("torcontrol", "=<ip>:<port>", Some("127.0.0.1:9051"), "Tor's control port, for -listenonion."),
    Opt::text("torpassword", "=<pass>", None, "Password of Tor's control port.").sensitive(),
    Opt::flag_auto("v2transport", "1, regtest: 0", "Encrypt connections to peers that can do so (BIP 324)."),
    Opt::list("whitebind", "=<[permissions@]addr>", "As -bind; peers that connect there get the permissions named, separated by commas: bloomfilter, noban, forcerelay, relay, mempool, download, addr, all.")
        .default_text("download,noban,mempool,relay"),
    Opt::list("whitelist", "=<[permissions@]IP address or network>", "Permissions, as for -whitebind, for peers that connect from this address or network such as 10.0.0.0/8. May be given many times."),
];
