//! Sets of flags as vectors name them, and which sets are well defined.

use litecast_script::Flags;

/// Names between commas; nothing and `NONE` are no flag.
pub(crate) fn parse(names: &str) -> Flags {
    names
        .split(',')
        .filter(|name| !name.is_empty() && *name != "NONE")
        .fold(Flags::NONE, |flags, name| flags | Flags::by_name(name).unwrap_or_else(|| panic!("no flag {name}")))
}

/// Every flag but these.
pub(crate) fn complement(flags: Flags) -> Flags {
    Flags::from_bits(!flags.bits())
}

/// With the flags that these need.
pub(crate) fn fill(mut flags: Flags) -> Flags {
    if flags.contains(Flags::CLEANSTACK) {
        flags |= Flags::WITNESS;
    }
    if flags.contains(Flags::WITNESS) {
        flags |= Flags::P2SH;
    }
    flags
}

/// Without the flags that need others.
pub(crate) fn trim(mut flags: Flags) -> Flags {
    if !flags.contains(Flags::P2SH) {
        flags = flags.without(Flags::WITNESS);
    }
    if !flags.contains(Flags::WITNESS) {
        flags = flags.without(Flags::CLEANSTACK);
    }
    flags
}

/// The sets with one flag less.
pub(crate) fn excluding_one(flags: Flags) -> Vec<Flags> {
    let smaller = Flags::ALL.iter().map(|(_, one)| trim(flags.without(*one)));
    smaller.filter(|fewer| *fewer != flags).collect()
}

/// All well-defined sets of those flags that blocks have been held to.
pub(crate) fn consensus() -> Vec<Flags> {
    let used = [
        Flags::P2SH,
        Flags::DERSIG,
        Flags::NULLDUMMY,
        Flags::CHECKLOCKTIMEVERIFY,
        Flags::CHECKSEQUENCEVERIFY,
        Flags::WITNESS,
        Flags::TAPROOT,
    ];
    let sets = (0_u32..1 << used.len()).map(|bits| {
        let chosen = used.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        chosen.fold(Flags::NONE, |flags, (_, flag)| flags | *flag)
    });
    sets.filter(|flags| {
        (flags.contains(Flags::P2SH) || !flags.contains(Flags::WITNESS))
            && (flags.contains(Flags::WITNESS) || !flags.contains(Flags::TAPROOT))
    })
    .collect()
}
