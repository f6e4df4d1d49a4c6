//! Every option of litecast-cli. Names, types and defaults are litecoin-cli's; `-rpcwaittimeout` is of later versions of
//! Bitcoin Core.

use litecast_config::{Category, Group, OptionSpec as Opt};

/// All options, by heading.
pub(crate) static TABLE: &[Group] = &[
    Group {
        category: Category::Options,
        options: &[
            Opt::flag("?", false, "Show this help and exit.").default_text_none(),
            Opt::flag("version", false, "Show the version and exit.").default_text_none(),
            Opt::text("conf", "=<file>", Some("litecoin.conf"), "Configuration file. A relative path starts at the data directory."),
            Opt::text("datadir", "=<dir>", None, "The node's data directory.").default_text("~/.litecast"),
            Opt::flag("generate", false, "Make blocks at once, for a new address of the node's wallet. Two numbers may follow: how many blocks (1), and how often to try.").default_text_none(),
            Opt::flag("getinfo", false, "Show the state of the node at a glance. It is asked several times for that, so the parts may be of different moments.").default_text_none(),
            Opt::flag("netinfo", false, "Show the connections to peers. A number from 0 to 4 may follow, for more detail.").default_text_none(),
            Opt::flag("named", false, "Parameters are name=value."),
            Opt::int("rpcclienttimeout", 900, "How long to wait for an answer, in seconds; 0 for ever."),
            Opt::text("rpcconnect", "=<ip>", Some("127.0.0.1"), "Host of the node."),
            Opt::text("rpccookiefile", "=<loc>", None, "The node's cookie file. A relative path starts at the network's folder.").default_text(".cookie"),
            Opt::text("rpcpassword", "=<pw>", None, "Password.").sensitive(),
            Opt::int_auto("rpcport", "9332, testnet: 19332, regtest: 19443", "Port of the node.").param("=<port>").network_only(),
            Opt::text("rpcuser", "=<user>", None, "User.").sensitive(),
            Opt::flag("rpcwait", false, "Wait until the node answers."),
            Opt::int("rpcwaittimeout", 0, "How long -rpcwait waits, in seconds; 0 for ever."),
            Opt::text("rpcwallet", "=<walletname>", None, "Wallet of the node to ask, where the node has wallets."),
            Opt::flag("stdin", false, "Read more parameters from standard input, one a line, which keeps them out of the list of processes."),
            Opt::flag("stdinrpcpass", false, "Read the password from the first line of standard input."),
            Opt::flag("stdinwalletpassphrase", false, "Read the wallet's passphrase from a line of standard input."),
        ],
    },
    Group {
        category: Category::ChainParams,
        options: &[
            Opt::text("chain", "=<chain>", Some("main"), "Network of the node: main, test, signet or regtest."),
            Opt::flag("testnet", false, "As -chain=test."),
            Opt::flag("signet", false, "As -chain=signet."),
            Opt::flag("regtest", false, "As -chain=regtest.").debug(),
        ],
    },
    Group {
        category: Category::Hidden,
        options: &[
            Opt::flag("h", false, ""),
            Opt::flag("help", false, ""),
            Opt::text("segwitheight", "", None, ""),
            Opt::text("vbparams", "", None, ""),
            Opt::text("signetchallenge", "", None, "").not_negatable(),
            Opt::text("signetseednode", "", None, "").not_negatable(),
        ],
    },
];
