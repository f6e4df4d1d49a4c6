//! The worker threads that run handlers, and the bounded queue in front of them.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, TrySendError, bounded};

type Job = Box<dyn FnOnce() + Send>;

/// Threads named `httpworker.N`. Dropping it waits for the calls that run; those still queued are run too.
pub(crate) struct Pool {
    queue: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// The queue is full.
pub(crate) struct Full;

impl Pool {
    pub(crate) fn new(threads: usize, depth: usize) -> std::io::Result<Self> {
        let (queue, jobs) = bounded::<Job>(depth.max(1));
        let threads = (0..threads.max(1))
            .map(|n| {
                let jobs = jobs.clone();
                thread::Builder::new().name(format!("httpworker.{n}")).spawn(move || jobs.iter().for_each(|job| job()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Queues a job, or refuses it at once.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let Some(queue) = &self.queue else { return Err(Full) };
        queue.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Full,
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A job does not unwind: handlers are caught one level up.
            let _ = thread.join();
        }
    }
}
