//! Runs of many cases on many threads, and their figures.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use litecast_script::{ScriptError, cache::SignatureCache};

use crate::{case::Case, dice::Dice, generate::Generator, mutate::mutate, oracle::ask};

/// Generated cases are mutated so often before the next is generated.
const OFFSPRING: usize = 6;
/// One case in so many is asked again, with the cache of valid signatures.
const CACHED_EVERY: u64 = 8;
/// A run with so many differences has shown enough.
const MAX_DIFFERENCES: usize = 20;

/// What to run.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) executions: u64,
    pub(crate) threads: u64,
    /// How often to tell how it goes.
    pub(crate) every: Option<Duration>,
}

/// Accepted and rejected by both.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) kinds: BTreeMap<String, Count>,
    pub(crate) errors: BTreeMap<String, u64>,
}

impl Figures {
    fn add(&mut self, kind: &str, ours: Result<(), ScriptError>) {
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), Count::default());
        }
        let count = self.kinds.get_mut(kind).expect("because it was inserted");
        match ours {
            Ok(()) => count.accepted += 1,
            Err(error) => {
                count.rejected += 1;
                *self.errors.entry(format!("{error:?}")).or_default() += 1;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (kind, count) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.accepted += count.accepted;
            sum.rejected += count.rejected;
        }
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::from("kind: both accepted / both rejected\n");
        for (kind, count) in &self.kinds {
            let _ = writeln!(out, "  {kind}: {} / {}", count.accepted, count.rejected);
        }
        out.push_str("rejected for:");
        for (error, count) in &self.errors {
            let _ = write!(out, " {error} {count}");
        }
        out
    }
}

/// What all threads of a run share.
struct Shared<'a> {
    seeds: [(&'static str, &'a [Case]); 2],
    cache: SignatureCache,
    executions: AtomicU64,
    differences: AtomicUsize,
    lines: Mutex<Vec<String>>,
}

/// Runs and gives the figures and the differences, which are written to a file, too.
pub(crate) fn run(plan: &Plan, corpus: &[Case], vectors: &[Case]) -> (Figures, Vec<String>) {
    let shared = Shared {
        seeds: [("corpus", corpus), ("vectors", vectors)],
        cache: SignatureCache::new(1 << 20),
        executions: AtomicU64::new(0),
        differences: AtomicUsize::new(0),
        lines: Mutex::new(Vec::new()),
    };
    let mut figures = Figures::default();
    let start = Instant::now();
    thread::scope(|scope| {
        let (done, wait) = mpsc::channel::<()>();
        let workers: Vec<_> = (0..plan.threads)
            .map(|thread| {
                let (shared, done) = (&shared, done.clone());
                let share = plan.executions / plan.threads;
                scope.spawn(move || {
                    let figures = work(Dice::new(plan.seed << 16 | thread), share, shared);
                    drop(done);
                    figures
                })
            })
            .collect();
        drop(done);
        while let Err(mpsc::RecvTimeoutError::Timeout) =
            wait.recv_timeout(plan.every.unwrap_or(Duration::from_secs(3600)))
        {
            println!("{}", progress(&shared, start));
        }
        workers.into_iter().for_each(|worker| figures.merge(worker.join().unwrap()));
    });
    if plan.every.is_some() {
        println!("{}\n{}", progress(&shared, start), figures.text());
    }
    (figures, shared.lines.into_inner().unwrap())
}

fn progress(shared: &Shared<'_>, start: Instant) -> String {
    let executions = shared.executions.load(Ordering::Relaxed);
    let seconds = start.elapsed().as_secs_f64();
    let differences = shared.differences.load(Ordering::Relaxed);
    format!(
        "{seconds:.0} s: {executions} executions, {:.0} a second, {differences} differences",
        executions as f64 / seconds
    )
}

fn work(mut dice: Dice, share: u64, shared: &Shared<'_>) -> Figures {
    let generator = Generator::new();
    let mut figures = Figures::default();
    let mut left = share;
    let (_, mut last) = generator.case(&mut dice);
    while left > 0 && shared.differences.load(Ordering::Relaxed) < MAX_DIFFERENCES {
        let (label, case) = match dice.below(10) {
            0..=5 => {
                let (kind, case) = generator.case(&mut dice);
                (format!("{kind:?}"), case)
            }
            n => {
                let (label, seeds) = shared.seeds[n % 2];
                if seeds.is_empty() {
                    continue;
                }
                (label.to_owned(), dice.pick(seeds).clone())
            }
        };
        let mutated = format!("{label} mutated");
        left = left.saturating_sub(1);
        compare(&label, &case, &mut dice, &mut figures, shared);
        for _ in 0..OFFSPRING {
            let mut child = case.clone();
            for _ in 0..dice.weighted(&[(6, 1), (3, 2), (1, 4)]) {
                mutate(&mut dice, &mut child, &last);
            }
            if child != case && child.is_sound() && left > 0 {
                left -= 1;
                compare(&mutated, &child, &mut dice, &mut figures, shared);
                if dice.percent(3) {
                    last = child;
                }
            }
        }
        last = if dice.percent(50) { case } else { last };
    }
    figures
}

fn compare(label: &str, case: &Case, dice: &mut Dice, figures: &mut Figures, shared: &Shared<'_>) {
    shared.executions.fetch_add(1, Ordering::Relaxed);
    let opinions = ask(case, None);
    let agreed = opinions.ours.filter(|_| opinions.agree());
    let Some(ours) = agreed else {
        return differ(label, case, &format!("{opinions:?}"), shared);
    };
    figures.add(label, ours);
    if dice.next().is_multiple_of(CACHED_EVERY) {
        for _ in 0..2 {
            let again = ask(case, Some(&shared.cache));
            if again != opinions {
                return differ(label, case, &format!("with the cache {again:?}, without {opinions:?}"), shared);
            }
        }
    }
}

fn differ(label: &str, case: &Case, opinions: &str, shared: &Shared<'_>) {
    shared.differences.fetch_add(1, Ordering::Relaxed);
    let text = format!("# {label}: {opinions}\n{}\n", case.to_line());
    println!("difference, to be put into regressions/:\n{text}");
    let mut lines = shared.lines.lock().unwrap();
    lines.push(text);
    let folder =
        std::env::var_os("DIFFERENTIAL_OUT").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let file = folder.join("differences.cases");
    if let Err(error) = std::fs::write(&file, lines.concat()) {
        println!("not written to {}: {error}", file.display());
    }
}
