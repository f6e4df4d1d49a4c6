//! "Node relay options" and "Block creation options".

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::flag("mempoolreplacement", false, "Let a transaction that signals it be replaced by one with a higher fee.")
        .not_negatable(),
    Opt::flag_auto(
        "acceptnonstdtxn",
        "0, testnet: 1",
        "Relay and mine transactions of unusual form. Not on the main network.",
    )
    .debug(),
    Opt::amount(
        "incrementalrelayfee",
        1000,
        "Fee rate in LTC/kB that pays for relaying a replacement, and by which a full mempool raises its minimum.",
    )
    .debug(),
    Opt::amount(
        "dustrelayfee",
        30_000,
        "Fee rate in LTC/kB at which an output that costs more to spend than it is worth is dust.",
    )
    .debug(),
    Opt::int("bytespersigop", 20, "Bytes that one signature operation counts as, for relay and mining."),
    Opt::flag("datacarrier", true, "Relay and mine transactions that carry data."),
    Opt::int("datacarriersize", 83, "Longest output script that carries data, in bytes."),
    Opt::amount("minrelaytxfee", 1000, "Fee rate in LTC/kB below which a transaction counts as free."),
    Opt::flag("whitelistforcerelay", false, "Give 'forcerelay' to whitelisted peers with the default permissions."),
    Opt::flag("whitelistrelay", true, "Give 'relay' to whitelisted peers with the default permissions."),
];

pub(super) static BLOCK_CREATION: &[Opt] = &[
    Opt::int("blockmaxweight", 3_996_000, "Most weight (BIP 141) of a block template."),
    Opt::amount("blockmintxfee", 1000, "Lowest fee rate in LTC/kB that gets into a block template."),
    Opt::int_auto("blockversion", "by deployment", "Version of blocks made here, to test forks. Regtest only.").debug(),
];
