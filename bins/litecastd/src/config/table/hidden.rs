//! Options that are accepted and never listed: other names for help, leftovers, the graphical wallet's, and the wallet's,
//! so that a litecoin.conf written for litecoind works here.

use litecast_config::OptionSpec as Opt;

pub(super) static OPTIONS: &[Opt] = &[
    Opt::flag("h", false, ""),
    Opt::flag("help", false, ""),
    Opt::flag("man", false, ""),
    Opt::text("dbcrashratio", "", None, ""),
    Opt::text("forcecompactdb", "", None, ""),
    Opt::text("choosedatadir", "", None, ""),
    Opt::text("lang", "", None, ""),
    Opt::text("min", "", None, ""),
    Opt::text("resetguisettings", "", None, ""),
    Opt::text("splash", "", None, ""),
    Opt::text("uiplatform", "", None, ""),
    Opt::flag("upnp", false, ""),
];

/// Accepted without effect, as by a litecoind built without wallet.
pub(super) static WALLET: &[Opt] = &[
    Opt::text("addresstype", "", None, ""),
    Opt::text("avoidpartialspends", "", None, ""),
    Opt::text("changetype", "", None, ""),
    Opt::text("disablewallet", "", None, ""),
    Opt::text("discardfee", "", None, ""),
    Opt::text("fallbackfee", "", None, ""),
    Opt::text("keypool", "", None, ""),
    Opt::text("maxapsfee", "", None, ""),
    Opt::text("maxtxfee", "", None, ""),
    Opt::text("mintxfee", "", None, ""),
    Opt::text("paytxfee", "", None, ""),
    Opt::text("rescan", "", None, ""),
    Opt::text("salvagewallet", "", None, ""),
    Opt::text("spendzeroconfchange", "", None, ""),
    Opt::text("txconfirmtarget", "", None, ""),
    Opt::text("wallet", "", None, ""),
    Opt::text("walletbroadcast", "", None, ""),
    Opt::text("walletdir", "", None, ""),
    Opt::text("walletnotify", "", None, ""),
    Opt::text("walletrbf", "", None, ""),
    Opt::text("dblogsize", "", None, ""),
    Opt::text("flushwallet", "", None, ""),
    Opt::text("privdb", "", None, ""),
    Opt::text("walletrejectlongchains", "", None, ""),
];
