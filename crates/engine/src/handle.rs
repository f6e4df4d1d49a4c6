//! The engine from outside: starting and stopping it, and asking it for something.

use std::{convert::Infallible, path::PathBuf, sync::Arc, thread};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use litecast_consensus::Reject;
use litecast_primitives::{Block, BlockHash, BlockHeader, Txid};
use litecast_store::Store;

use crate::{
    assemble::{AssembleError, AssembleRequest, Template},
    command::{Answer, BlockOutcome, Command, FeedItem, HeadersOutcome, SubmitError, SubmitTx, Submitted},
    error::{EngineError, StartError},
    options::Options,
    proof,
    reader::Reader,
    scripts::ScriptVerifier,
    writer::Writer,
};

/// Commands that may wait for the writer; more make the caller wait.
const COMMAND_QUEUE: usize = 256;
/// Events that may wait for the reader of the feed; more make the engine wait, so that none is lost.
const FEED_QUEUE: usize = 1024;

/// Held by the writer's thread: when it is gone, nobody answers any more.
type Alive = Sender<Infallible>;

/// An answer to come: for callers that go on submitting meanwhile, so that their commands share a sync.
#[derive(Debug)]
#[must_use = "the answer says whether the command was carried out"]
pub struct Pending<T> {
    result: Receiver<Result<T, EngineError>>,
    ended: Receiver<Infallible>,
}

impl<T> Pending<T> {
    /// Waits for the answer, or for the end of the engine.
    pub fn wait(self) -> Result<T, EngineError> {
        // A command that came too late stays in the queue, unread: its end of the answer is no sign of life.
        let answer = select! {
            recv(self.result) -> answer => answer.ok(),
            recv(self.ended) -> _ => self.result.try_recv().ok(),
        };
        answer.unwrap_or(Err(EngineError::Stopped))
    }
}

/// Sends commands to the writer. Cheap to clone; calls block until the writer answers.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: Sender<Command>,
    ended: Receiver<Infallible>,
    reader: Reader,
}

impl Handle {
    /// Reads without waiting for the writer.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    fn begin<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<Pending<T>, EngineError> {
        let (answer, result) = bounded(1);
        self.commands.send(command(answer)).map_err(|_| EngineError::Stopped)?;
        Ok(Pending { result, ended: self.ended.clone() })
    }

    pub(crate) fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, EngineError> {
        self.begin(command)?.wait()
    }

    /// Adds headers, in order, up to the first bad one. Proof of work is hashed here, in parallel, as long as it is good.
    pub fn submit_headers(&self, headers: &[BlockHeader]) -> Result<HeadersOutcome, EngineError> {
        self.begin_submit_headers(headers)?.wait()
    }

    /// As [`Handle::submit_headers`], without waiting for the answer.
    pub fn begin_submit_headers(&self, headers: &[BlockHeader]) -> Result<Pending<HeadersOutcome>, EngineError> {
        let hashed = proof::hash(&self.reader, headers);
        self.begin(|answer| Command::Headers(hashed, answer))
    }

    /// Checks, stores and, where it belongs on the best chain, connects a block. `force` also stores a block that
    /// nobody asked for and that does not lead anywhere yet.
    pub fn submit_block(&self, block: Arc<Block>, force: bool) -> Result<BlockOutcome, EngineError> {
        self.ask(|answer| Command::Block { block, force, answer })
    }

    /// As [`Handle::submit_block`], without waiting for the answer.
    pub fn begin_submit_block(&self, block: Arc<Block>, force: bool) -> Result<Pending<BlockOutcome>, EngineError> {
        self.begin(|answer| Command::Block { block, force, answer })
    }

    /// Gives a transaction to the mempool.
    pub fn submit_tx(&self, request: SubmitTx) -> Result<Result<Submitted, SubmitError>, EngineError> {
        self.begin_submit_tx(request)?.wait()
    }

    /// As [`Handle::submit_tx`], without waiting for the answer.
    pub fn begin_submit_tx(&self, request: SubmitTx) -> Result<Pending<Result<Submitted, SubmitError>>, EngineError> {
        self.begin(|answer| Command::SubmitTx(request, answer))
    }

    /// Adds to what a transaction seems to pay (`prioritisetransaction`).
    pub fn prioritise(&self, txid: Txid, delta: i64) -> Result<(), EngineError> {
        self.ask(|answer| Command::Prioritise(txid, delta, answer))
    }

    /// A peer has asked for a transaction of a user.
    pub fn was_broadcast(&self, txid: Txid) -> Result<(), EngineError> {
        self.commands.send(Command::Broadcast(txid)).map_err(|_| EngineError::Stopped)
    }

    /// Marks a block and all above it as invalid, as if it had broken a rule.
    pub fn invalidate_block(&self, hash: BlockHash) -> Result<(), EngineError> {
        self.ask(|answer| Command::Invalidate(hash, answer))
    }

    /// Takes the mark of invalidity off a block, its ancestors and its descendants.
    pub fn reconsider_block(&self, hash: BlockHash) -> Result<(), EngineError> {
        self.ask(|answer| Command::Reconsider(hash, answer))
    }

    /// Prefers a block over others with the same work.
    pub fn precious_block(&self, hash: BlockHash) -> Result<(), EngineError> {
        self.ask(|answer| Command::Precious(hash, answer))
    }

    /// Makes a block for the current tip, without proof of work.
    pub fn assemble(&self, request: AssembleRequest) -> Result<Result<Template, AssembleError>, EngineError> {
        self.ask(|answer| Command::Assemble(Box::new(request), answer))
    }

    /// Whether a block without proof of work would connect to the tip (TestBlockValidity).
    pub fn check_template(&self, block: Arc<Block>) -> Result<Result<(), Reject>, EngineError> {
        self.ask(|answer| Command::CheckTemplate(block, answer))
    }

    /// Reads every block of a file in the format of block files (`-loadblock`); answers how many were new.
    pub fn import(&self, path: PathBuf) -> Result<u64, EngineError> {
        self.ask(|answer| Command::Import(path, answer))
    }

    /// Writes everything to disk.
    pub fn flush(&self) -> Result<(), EngineError> {
        self.ask(Command::Flush)
    }

    /// Returns when the reader of the feed has seen every event up to now.
    pub fn sync_with_feed(&self) -> Result<(), EngineError> {
        self.ask(Command::Barrier)
    }
}

/// The running engine. Dropping it without [`Engine::stop`] stops it too, but loses the error.
pub struct Engine {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Engine {
    /// Opens the store, loads the index, rolls forward what a crash left behind, and starts the writer. Events come
    /// out of the returned feed, which must be read: the engine waits for it.
    pub fn start(options: Options) -> Result<(Self, Receiver<FeedItem>), StartError> {
        let store = Store::open(&options.store()).map_err(EngineError::from)?;
        Self::start_on(options, store)
    }

    /// As [`Engine::start`], on a store that is open already.
    pub fn start_on(options: Options, store: Store) -> Result<(Self, Receiver<FeedItem>), StartError> {
        let (feed, feed_end) = bounded(FEED_QUEUE);
        let (commands, queue) = bounded(COMMAND_QUEUE);
        let scripts = ScriptVerifier::new(options.script_threads, options.script_cache_bytes)?;
        tracing::info!("Script verification uses {} additional threads", options.script_threads);
        let writer = Writer::load(options, Arc::new(store), scripts, feed)?;
        let reader = writer.reader().clone();
        let (alive, ended): (Alive, _) = bounded(0);
        let thread = thread::Builder::new().name("engine".into()).spawn(move || {
            let _alive = alive;
            writer.run(&queue);
        })?;
        Ok((Self { handle: Handle { commands, ended, reader }, thread: Some(thread) }, feed_end))
    }

    /// For everyone who wants something of the engine.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Flushes and stops.
    pub fn stop(mut self) -> Result<(), EngineError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), EngineError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let result = self.handle.ask(Command::Stop);
        if thread.join().is_err() {
            return Err(EngineError::Inconsistent("the engine's thread panicked".into()));
        }
        result
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!("stopping the engine: {error}");
        }
    }
}
