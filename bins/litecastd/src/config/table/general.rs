//! "Options": files, storage, the memory pool, notifications by command.

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::flag("?", false, "Show this help and exit.").default_text_none(),
    Opt::flag("version", false, "Show the version and exit.").default_text_none(),
    Opt::text("alertnotify", "=<cmd>", None, "Shell command to run when the node has a warning for its operator; %s in it becomes the warning's text."),
    Opt::text("assumevalid", "=<hex>", None, "Skip the script checks of this block and of all before it, once it is found to be in the chain; 0 checks every script.")
        .default_text("80cdb35c080484df5bf384b311fde3c4694d3405765bc0f596e9eb369ff286e5, testnet: 4a280c0e150e3b74ebe19618e6394548c8a39d5549fd9941b9c431c73822fbd5"),
    Opt::text("blocksdir", "=<dir>", None, "Existing directory for the block files, which go to a folder blocks below it.").default_text("the data directory"),
    Opt::text("blocknotify", "=<cmd>", None, "Shell command to run at each new chain tip; %s in it becomes the block's hash."),
    Opt::int("blockreconstructionextratxn", 100, "How many transactions that left or never entered the mempool are kept for rebuilding compact blocks."),
    Opt::flag("blocksonly", false, "Take no transactions from peers, but those with the permission 'forcerelay'. Transactions sent in over RPC are still announced."),
    Opt::text("conf", "=<file>", Some("litecoin.conf"), "Configuration file, read only. A relative path starts at the data directory."),
    Opt::flag("daemon", false, "Go to the background once the options are known to be good."),
    Opt::flag("daemonwait", false, "As -daemon, and the command returns only when the node is up or has failed."),
    Opt::text("datadir", "=<dir>", None, "Existing directory for everything the node stores.").default_text("~/.litecast"),
    Opt::int("dbbatchsize", 16 << 20, "Largest batch of one database write, in bytes.").debug(),
    Opt::int("dbcache", 450, "Memory for the database and the set of unspent outputs, in MiB, from 4 to 16384. What the mempool leaves unused is added.").range(4, 16384),
    Opt::text("debuglogfile", "=<file>", Some("debug.log"), "Log file. A relative path starts at the network's folder; -nodebuglogfile writes none."),
    Opt::flag("demo", false, "Try the node without a network: a regtest chain that makes its own blocks and transactions, to watch the event stream with."),
    Opt::flag("feefilter", true, "Ask peers not to announce what the mempool would refuse for its fee.").debug(),
    Opt::list("includeconf", "=<file>", "Another configuration file to read after this one. A relative path starts at the data directory. Only for use in a configuration file."),
    Opt::list("loadblock", "=<file>", "File of blocks (format of blk*.dat) to take in at the start. May be given many times."),
    Opt::int("maxmempool", 300, "Most memory the mempool takes, in megabytes."),
    Opt::int("maxorphantx", 100, "How many transactions with unknown inputs are kept."),
    Opt::int("mempoolexpiry", 336, "Hours after which an unmined transaction is dropped."),
    Opt::text("minimumchainwork", "=<hex>", None, "Work, in hex, below which a chain is not believed to be the best one.")
        .default_text("0x146878abee06fa883e0a, testnet: 0x4260a1758f04aa")
        .debug(),
    Opt::int("par", 0, "Threads for script checks, up to 15; 0 takes one per core, a negative number leaves that many cores alone."),
    Opt::flag("persistmempool", true, "Save the mempool at shutdown and load it at the start."),
    Opt::text("pid", "=<file>", Some("litecoind.pid"), "File for the process id. A relative path starts at the network's folder."),
    Opt::int("prune", 0, "Delete old block files: 0 never, 1 on request over RPC, from 550 on keep them below that many MiB. Excludes -txindex. Going back to 0 means downloading everything again."),
    Opt::flag("reindex", false, "Build the block index and the chain state anew from the blk*.dat files."),
    Opt::flag("reindex-chainstate", false, "Build the chain state anew from the blocks that the index knows."),
    Opt::text("settings", "=<file>", Some("settings.json"), "File for settings the node changes itself; not for editing by hand. A relative path starts at the network's folder; -nosettings uses none."),
    Opt::text("startupnotify", "=<cmd>", None, "Shell command to run when the node is up."),
    Opt::flag("sysperms", false, "Leave the permissions of new files to the system instead of keeping other users out (umask 077)."),
    Opt::flag("txindex", false, "Keep an index of all transactions, for getrawtransaction."),
    Opt::text("blockfilterindex", "=<type>", Some("1"), "Keep an index of compact block filters; the one type there is is basic. 1 or nothing means all types, 0 none."),
];
