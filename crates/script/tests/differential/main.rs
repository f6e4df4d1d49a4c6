//! Every script has to be accepted or rejected as libbitcoinconsensus 26 accepts or rejects it.
//!
//! Litecoin's Script is Bitcoin's: v0.21.5.5 src/script/interpreter.cpp knows nothing of the extension block. Witness
//! versions 8 and 9, which mark outputs of the extension block, are unknown versions to the interpreter of both; what is
//! asked of them beyond that is asked elsewhere (v0.21.5.5 src/consensus/tx_verify.cpp, src/mweb/). Between Bitcoin Core
//! 0.21 and 26 no rule of consensus about scripts changed. One difference is known, and left out of what is compared:
//!
//! - An input that spends a negative amount. Bitcoin Core 26 takes that for an unknown amount and refuses signatures of
//!   witness version 0; v0.21.5.5 signs it as it is. No output has a negative amount.
//!
//! What is compared: generated inputs of all kinds with real signatures, mutations of them, of the committed corpus and
//! of the reference's vectors. The flags are those that the library knows: P2SH, DERSIG, NULLDUMMY, CHECKLOCKTIMEVERIFY,
//! CHECKSEQUENCEVERIFY, WITNESS (never without P2SH) and TAPROOT. Each difference is printed as a line that goes into a
//! file `regressions/*.cases`, which is replayed by every run of the tests. The long form:
//!
//! ```sh
//! DIFFERENTIAL_EXECUTIONS=10000000 DIFFERENTIAL_SEED=1 DIFFERENTIAL_THREADS=2 \
//!     cargo test --release -p litecast-script --test differential -- --nocapture --ignored long
//! ```
//!
//! `DIFFERENTIAL_OUT` names the folder for differences.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a failed unwrap is a failed test; runs tell how they go; random numbers are cut to size"
)]

mod case;
mod dice;
mod generate;
mod mutate;
mod oracle;
mod run;
mod seeds;
mod wrap;

use std::{collections::BTreeMap, time::Duration};

use dice::Dice;
use generate::Generator;
use oracle::ask;
use run::{Plan, run};

/// Kinds of which the generator makes valid inputs, and how many of a hundred at least.
const ACCEPTED: &[(&str, u64)] = &[
    ("Bare", 50),
    ("Chunk", 80),
    ("KeyPath", 75),
    ("LeafVersion", 80),
    ("Limits", 40),
    ("OpSuccess", 60),
    ("P2pkh", 75),
    ("P2sh", 50),
    ("P2shP2wpkh", 75),
    ("P2shP2wsh", 55),
    ("P2wpkh", 75),
    ("P2wsh", 60),
    ("Tapscript", 60),
    ("WitnessVersion", 70),
];

#[test]
fn short() {
    let plan = Plan { seed: 1, executions: 20_000, threads: 2, every: None };
    let (figures, differences) = run(&plan, &seeds::folder("corpus"), &[]);
    assert!(differences.is_empty(), "{}", differences.concat());
    for (kind, least) in ACCEPTED {
        let count = figures.kinds[*kind];
        let all = count.accepted + count.rejected;
        assert!(count.accepted * 100 >= all * least, "{kind}: {count:?}");
    }
}

#[test]
fn regressions() {
    for case in seeds::folder("regressions") {
        let opinions = ask(&case, None);
        assert!(opinions.agree(), "{opinions:?}: {}", case.to_line());
    }
}

/// The reference's vectors as they are; then some mutations of them.
#[test]
fn vectors() {
    let cases = seeds::vectors();
    for case in &cases {
        let opinions = ask(case, None);
        assert!(opinions.agree(), "{opinions:?}: {}", case.to_line());
    }
    if !cases.is_empty() {
        assert!(cases.len() > 5000, "{}", cases.len());
        let plan = Plan { seed: 2, executions: 5_000, threads: 2, every: None };
        let (_, differences) = run(&plan, &[], &cases);
        assert!(differences.is_empty(), "{}", differences.concat());
    }
}

/// A line of text is all of a case.
#[test]
fn lines() {
    let generator = Generator::new();
    let mut dice = Dice::new(3);
    for _ in 0..500 {
        let (_, case) = generator.case(&mut dice);
        assert_eq!(case::Case::from_line(&case.to_line()), Some(case));
    }
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
#[ignore = "runs for as long as it is told to"]
fn long() {
    let plan = Plan {
        seed: variable("DIFFERENTIAL_SEED", 1),
        executions: variable("DIFFERENTIAL_EXECUTIONS", 1_000_000),
        threads: variable("DIFFERENTIAL_THREADS", 2),
        every: Some(Duration::from_secs(variable("DIFFERENTIAL_EVERY", 10))),
    };
    let (corpus, vectors) = (seeds::folder("corpus"), seeds::vectors());
    println!("seed {}, {} cases of the corpus, {} of the vectors", plan.seed, corpus.len(), vectors.len());
    let (_, differences) = run(&plan, &corpus, &vectors);
    assert!(differences.is_empty(), "{} differences", differences.len());
}

/// Writes a new corpus: the first cases of each kind and each answer. Prints it.
#[test]
#[ignore = "prints a corpus"]
fn corpus() {
    const EACH: usize = 8;
    let generator = Generator::new();
    let mut dice = Dice::new(variable("DIFFERENTIAL_SEED", 1));
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..variable("DIFFERENTIAL_EXECUTIONS", 20_000) {
        let (kind, case) = generator.case(&mut dice);
        let answer = match ask(&case, None).ours.unwrap() {
            Ok(()) => format!("{kind:?}"),
            Err(error) => format!("{kind:?} {error:?}"),
        };
        let limit = if answer.contains(' ') { 2 } else { EACH };
        let line = case.to_line();
        let count = found.entry(answer.clone()).or_default();
        if *count < limit && line.len() < 2000 {
            *count += 1;
            println!("# {answer}\n{line}");
        }
    }
}
