//! Where the scripts of a block are executed: on this thread, or on a pool of threads while the writer goes on; and where
//! extension blocks are verified, while the writer waits.
//!
//! Jobs own what they check, so a later writer may go on to the next block before they are done.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use litecast_consensus::{
    Reject, Rule,
    scripts::{InOrder, ScriptCaches, ScriptSink, TxScripts},
};
use parking_lot::{Condvar, Mutex};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Inputs that make a job: fewer would be handed over at a higher price than they are checked for.
const INPUTS_PER_JOB: usize = 16;

/// Executes scripts for the writer.
#[derive(Debug)]
pub(crate) struct ScriptVerifier {
    caches: Arc<ScriptCaches>,
    pool: Arc<ThreadPool>,
    /// `-par=1`: scripts on the writer's thread, and reject strings that name the script's error.
    in_order: bool,
}

impl ScriptVerifier {
    /// With `threads` threads beside the writer's and `cache_bytes` for what was verified before.
    pub(crate) fn new(threads: usize, cache_bytes: usize) -> std::io::Result<Self> {
        let name = |n| format!("scriptch.{n}");
        // The writer waits while they work, so there is one for its core too.
        let pool = ThreadPoolBuilder::new().num_threads(threads + 1).thread_name(name).build();
        let caches = Arc::new(ScriptCaches::new(cache_bytes));
        Ok(Self { caches, pool: Arc::new(pool.map_err(std::io::Error::other)?), in_order: threads == 0 })
    }

    /// What was verified before.
    pub(crate) fn caches(&self) -> Arc<ScriptCaches> {
        Arc::clone(&self.caches)
    }

    /// The threads.
    pub(crate) fn pool(&self) -> Arc<ThreadPool> {
        Arc::clone(&self.pool)
    }

    /// Takes the scripts of one block. Without `caches` nothing is looked up or remembered: an old block's transactions
    /// were never seen before and will not be again.
    pub(crate) fn sink(&self, caches: bool) -> Box<dyn ScriptSink + '_> {
        let caches = Some(&self.caches).filter(|_| caches);
        if self.in_order {
            return Box::new(InOrder(caches.map(|caches| &**caches)));
        }
        Box::new(Pooled { pool: &self.pool, caches, progress: Arc::default(), waiting: Vec::new(), inputs: 0 })
    }
}

/// How far the jobs of one block are.
#[derive(Debug, Default)]
struct Progress {
    failed: AtomicBool,
    left: Mutex<usize>,
    done: Condvar,
}

/// Inputs of one transaction.
struct Part {
    scripts: Arc<TxScripts>,
    inputs: std::ops::Range<usize>,
}

/// Hands scripts to the pool while more are coming.
struct Pooled<'a> {
    pool: &'a ThreadPool,
    caches: Option<&'a Arc<ScriptCaches>>,
    progress: Arc<Progress>,
    waiting: Vec<Part>,
    /// Inputs in `waiting`.
    inputs: usize,
}

impl Pooled<'_> {
    fn start_job(&mut self) {
        let parts = std::mem::take(&mut self.waiting);
        self.inputs = 0;
        if parts.is_empty() {
            return;
        }
        *self.progress.left.lock() += 1;
        let (progress, caches) = (Arc::clone(&self.progress), self.caches.map(Arc::clone));
        // A panic in a job ends the process: the block must not count as checked, nor as invalid.
        self.pool.spawn(move || {
            let cache = caches.as_ref().map(|caches| &caches.signatures);
            let failed = || progress.failed.load(Ordering::Relaxed);
            let ok = parts
                .iter()
                .all(|part| part.inputs.clone().all(|n| failed() || part.scripts.check_input(n, cache).is_ok()));
            if !ok {
                progress.failed.store(true, Ordering::Relaxed);
            }
            let mut left = progress.left.lock();
            *left -= 1;
            if *left == 0 {
                progress.done.notify_all();
            }
        });
    }

    fn wait(&self) {
        let mut left = self.progress.left.lock();
        while *left > 0 {
            self.progress.done.wait(&mut left);
        }
    }
}

impl ScriptSink for Pooled<'_> {
    fn add(&mut self, scripts: TxScripts) -> Result<(), Reject> {
        if self.caches.is_some_and(|caches| scripts.is_known(&caches.scripts)) {
            return Ok(());
        }
        let scripts = Arc::new(scripts);
        let mut next = 0;
        while next < scripts.inputs() {
            let end = scripts.inputs().min(next + INPUTS_PER_JOB - self.inputs);
            self.waiting.push(Part { scripts: Arc::clone(&scripts), inputs: next..end });
            self.inputs += end - next;
            next = end;
            if self.inputs >= INPUTS_PER_JOB {
                self.start_job();
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Reject> {
        self.start_job();
        self.wait();
        if self.progress.failed.load(Ordering::Relaxed) { Err(Rule::ScriptsFailed.into()) } else { Ok(()) }
    }
}

impl Drop for Pooled<'_> {
    /// A block that failed otherwise has no more use for its scripts.
    fn drop(&mut self) {
        self.progress.failed.store(true, Ordering::Relaxed);
    }
}
