//! "Chain selection options".

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::text("chain", "=<chain>", Some("main"), "Network: main, test or regtest."),
    Opt::flag("regtest", false, "As -chain=regtest: a private chain on which blocks cost nothing, for tests.").debug(),
    Opt::flag("testnet", false, "As -chain=test: the public test network."),
    Opt::list(
        "vbparams",
        "=deployment:start:end[:start_height:end_height]",
        "Times, and perhaps heights, between which a deployment can be voted in. Regtest only.",
    )
    .debug(),
    Opt::flag("signet", false, "As -chain=signet. The option is known, the network is not supported.").debug(),
    Opt::text("signetchallenge", "", None, "Script of a signet. Not supported.").not_negatable().debug(),
    Opt::list("signetseednode", "", "Seed of a signet. Not supported.").not_negatable().debug(),
];
