//! The debug categories, under litecoind's names (v0.21.5.5 `src/logging.cpp`).

/// Name, and the crates whose debug events belong to it.
const TABLE: [(&str, &[&str]); 22] = [
    ("net", &["litecast_p2p"]),
    ("tor", &[]),
    ("mempool", &["litecast_mempool"]),
    ("http", &["hyper"]),
    ("bench", &[]),
    ("zmq", &["litecast_notify"]),
    ("walletdb", &[]),
    ("rpc", &["litecast_rpc"]),
    ("estimatefee", &[]),
    ("addrman", &[]),
    ("selectcoins", &[]),
    ("reindex", &[]),
    ("cmpctblock", &[]),
    ("rand", &[]),
    ("prune", &[]),
    ("proxy", &[]),
    ("mempoolrej", &[]),
    ("libevent", &[]),
    ("coindb", &["litecast_store"]),
    ("qt", &[]),
    ("leveldb", &["fjall", "lsm_tree"]),
    ("validation", &["litecast_engine", "litecast_consensus", "litecastd"]),
];

/// The set of debug categories; a category is a bit.
pub(crate) struct Categories;

impl Categories {
    /// Every category and its bit, in the reference's order.
    pub(crate) fn all() -> impl Iterator<Item = (&'static str, u32)> {
        TABLE.iter().enumerate().map(|(index, (name, _))| (*name, 1 << index))
    }

    /// The bits that a category name of the user stands for; `None` for an unknown one.
    pub(crate) fn mask(name: &str) -> Option<u32> {
        match name {
            "" | "1" | "all" => Some(u32::MAX),
            "0" | "none" => Some(0),
            _ => Self::all().find(|(known, _)| *known == name).map(|(_, bit)| bit),
        }
    }

    /// The bit of an event's target: a category's name, or a module path. Targets of no category are all in one, which
    /// only "all" switches on.
    pub(crate) fn of_target(target: &str) -> u32 {
        let crate_name = target.split("::").next().unwrap_or(target);
        TABLE
            .iter()
            .position(|(name, crates)| *name == target || crates.contains(&crate_name))
            .map_or(1 << 31, |index| 1 << index)
    }
}
