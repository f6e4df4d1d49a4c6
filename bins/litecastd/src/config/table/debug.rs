//! "Debugging/Testing options": logging, self-checks, and what only tests need.

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::flag("help-debug", false, "Show this help with the options for developers and exit.").default_text_none(),
    Opt::int("checkblocks", 24, "How many blocks to check again at the start; 0 checks all.").debug(),
    Opt::int("checklevel", 3, "How hard -checkblocks looks, from 0 (blocks can be read) over undo data (2) and disconnecting (3) to connecting again (4).").debug(),
    Opt::flag_auto("checkblockindex", "0, regtest: 1", "Check the block index and the chain state against each other now and then.").debug(),
    Opt::int_auto("checkmempool", "0, regtest: 1", "Check the mempool after every so many transactions.").debug(),
    Opt::flag("checkpoints", true, "Refuse forks from below the last known checkpoint.").debug(),
    Opt::list("deprecatedrpc", "=<method>", "Allow an RPC, or behaviour of one, that is going away.").debug(),
    Opt::int("dropmessagestest", 0, "Drop one of so many messages from peers at random.").default_text_none().debug(),
    Opt::flag("stopafterblockimport", false, "Stop when the blocks on disk have been taken in.").debug(),
    Opt::int("stopatheight", 0, "Stop when the chain has this height.").debug(),
    Opt::int("limitancestorcount", 25, "Refuse transactions with this many unmined ancestors or more.").debug(),
    Opt::int("limitancestorsize", 101, "Refuse transactions that with all unmined ancestors exceed so many kilobytes.").debug(),
    Opt::int("limitdescendantcount", 25, "Refuse transactions by which an unmined ancestor would have this many descendants.").debug(),
    Opt::int("limitdescendantsize", 101, "Refuse transactions by which an unmined ancestor's descendants would exceed so many kilobytes.").debug(),
    Opt::flag("addrmantest", false, "Relay addresses of this host too.").debug(),
    Opt::list("debug", "=<category>", "Log details of a category, or of all with nothing or 1: net, tor, mempool, http, bench, zmq, walletdb, rpc, estimatefee, addrman, selectcoins, reindex, cmpctblock, rand, prune, proxy, mempoolrej, libevent, coindb, qt, leveldb, validation. May be given many times.")
        .default_text("-nodebug"),
    Opt::list("debugexclude", "=<category>", "Leave a category out of -debug=1. May be given many times."),
    Opt::flag("logips", false, "Name addresses of peers in the log."),
    Opt::flag("logtimestamps", true, "Begin log lines with the time."),
    Opt::flag("logthreadnames", false, "Begin log lines with the thread's name."),
    Opt::flag("logtimemicros", false, "Log the time in microseconds.").debug(),
    Opt::int("mocktime", 0, "Take this (seconds since 1970) for the time; 0 takes the clock's.").debug(),
    Opt::int("maxsigcachesize", 32, "Memory for remembering checked signatures and scripts, in MiB.").debug(),
    Opt::int("maxtipage", 86_400, "Age in seconds up to which the tip counts as the present, which ends the initial download.").debug(),
    Opt::flag("printpriority", false, "Log the fee rate of transactions put into block templates.").debug(),
    Opt::flag_auto("printtoconsole", "1 without -daemon", "Log to standard output too; for that alone, add -nodebuglogfile."),
    Opt::flag_auto("shrinkdebugfile", "1 without -debug", "At the start, cut a large log file down to its end."),
    Opt::list("uacomment", "=<cmt>", "Comment for the version string that peers see. May be given many times."),
    Opt::int("segwitheight", 0, "Height at which SegWit starts; -1 for never. Regtest only.").default_text("0").debug(),
];
