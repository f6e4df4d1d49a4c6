//! "ZeroMQ notification options": one option per topic, and its high water mark.

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::list(
        "zmqpubhashblock",
        "=<address>",
        "Publish the hash of each new tip at this address. May be given many times.",
    ),
    Opt::int(
        "zmqpubhashblockhwm",
        1000,
        "How many hashblock messages may wait for one slow subscriber; 0 is no limit.",
    ),
    Opt::list(
        "zmqpubhashtx",
        "=<address>",
        "Publish the hash of each transaction at this address. May be given many times.",
    ),
    Opt::int("zmqpubhashtxhwm", 1000, "How many hashtx messages may wait for one slow subscriber; 0 is no limit."),
    Opt::list(
        "zmqpubrawblock",
        "=<address>",
        "Publish each new tip as a whole block at this address. May be given many times.",
    ),
    Opt::int("zmqpubrawblockhwm", 1000, "How many rawblock messages may wait for one slow subscriber; 0 is no limit."),
    Opt::list(
        "zmqpubrawtx",
        "=<address>",
        "Publish each transaction as a whole at this address. May be given many times.",
    ),
    Opt::int("zmqpubrawtxhwm", 1000, "How many rawtx messages may wait for one slow subscriber; 0 is no limit."),
    Opt::list(
        "zmqpubsequence",
        "=<address>",
        "Publish what enters and leaves chain and mempool, in order at this address. May be given many times.",
    ),
    Opt::int("zmqpubsequencehwm", 1000, "How many sequence messages may wait for one slow subscriber; 0 is no limit."),
];
