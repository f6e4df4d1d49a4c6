//! The writer thread: takes commands, changes the state, and lets nothing out before it is on disk.

mod activate;
mod blocks;
mod filters;
mod headers;
mod import;
mod load;
mod mark;
mod pool;
mod template;
mod warnings;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use litecast_consensus::{Reject, versionbits::unknown::UnknownRulesCache};
use litecast_primitives::{
    Block, BlockHash, Height, U256,
    event::{ChainBlock, Event},
};
use litecast_store::{Batch, CoinsSummary, FilePos, Store, Wipe};

use self::filters::Filters;
use crate::{
    command::{Answer, Command, FeedItem},
    error::EngineError,
    fee_file,
    index::Id,
    options::Options,
    reader::{Reader, Shared},
    scripts::ScriptVerifier,
};

/// Commands that share one sync.
const GROUP_COMMANDS: usize = 64;
/// A group does not grow longer than this.
const GROUP_TIME: Duration = Duration::from_millis(200);
/// Cached coins are written after this time, however few they are.
const FLUSH_INTERVAL: Duration = Duration::from_secs(15 * 60);
/// Changes in one atomic batch; measured: larger ones only cost memory.
const FLUSH_COINS: usize = 500_000;

/// Orders candidates for the tip: more work, then earlier (lower sequence), then lower id.
type CandidateKey = (U256, std::cmp::Reverse<i32>, std::cmp::Reverse<Id>);

/// A block from a file, with its place if the file is one of ours.
type Imported = (Arc<Block>, Option<FilePos>);

/// Callers who are answered after the next sync.
type Pending = Box<dyn FnOnce(Result<(), EngineError>) + Send>;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    reader: Reader,
    options: Options,
    feed: Sender<FeedItem>,
    /// Entries that may become the tip: valid so far, all data here, at least as good as the tip.
    candidates: BTreeSet<CandidateKey>,
    /// Blocks that are here while an ancestor's data is missing, by parent.
    unlinked: HashMap<Id, Vec<Id>>,
    /// Blocks that broke a rule themselves.
    failed: HashSet<Id>,
    /// Imported blocks whose parent has not been met yet, by parent.
    orphans: HashMap<BlockHash, Vec<Imported>>,
    /// Entries that differ from the store.
    dirty: HashSet<Id>,
    /// Next number for a block that becomes connectable.
    next_sequence: i32,
    /// Next number for a precious block.
    precious_sequence: i32,
    precious_work: U256,
    /// The block that was connected last: it is announced without reading it again.
    last_connected: Option<Arc<Block>>,
    scripts: ScriptVerifier,
    unknown_rules: UnknownRulesCache,
    /// The operator has been alerted of unknown rules.
    warned: bool,
    /// Verdicts of the command at hand.
    checked: Vec<(BlockHash, Option<Reject>)>,
    /// Blocks connected in this step to a better chain: they are announced after what happened to the mempool.
    step: Vec<ChainBlock>,
    /// Events that wait for the sync.
    events: Vec<Event>,
    /// Events are not sent while the engine catches up with what it announced before a crash.
    replaying: bool,
    pending: Vec<Pending>,
    /// The index of filters, if it is kept.
    filters: Option<Filters>,
    announced: Option<BlockHash>,
    last_flush: Instant,
}

impl Writer {
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Works until told to stop or until the machine fails.
    pub(crate) fn run(mut self, queue: &Receiver<Command>) {
        if let Err(error) = self.begin() {
            return self.give_up(&error);
        }
        loop {
            let lag = self.filters_lag();
            let first = match queue.recv_timeout(if lag { Duration::ZERO } else { Duration::from_secs(1) }) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) if lag => {
                    if let Err(error) = self.catch_up_filters() {
                        return self.give_up(&error);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.last_flush.elapsed() < FLUSH_INTERVAL {
                        continue;
                    }
                    if let Err(error) = self.flush() {
                        return self.give_up(&error);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match self.group(first, queue) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.give_up(&error),
            }
        }
        if let Err(error) = self.flush() {
            self.give_up(&error);
        }
    }

    /// What loading left to do: it may send events, which need their reader.
    fn begin(&mut self) -> Result<(), EngineError> {
        if self.options.wipe == Wipe::Everything {
            self.reindex()?;
        }
        self.activate_best_chain(None)?;
        self.commit()
    }

    /// Handles one group of commands and commits it; `false` after a stop.
    fn group(&mut self, first: Command, queue: &Receiver<Command>) -> Result<bool, EngineError> {
        let began = Instant::now();
        let mut next = Some(first);
        let mut count = 0;
        while let Some(command) = next.take() {
            count += 1;
            let stop = match command {
                Command::Stop(answer) => Some(answer),
                Command::Barrier(done) => {
                    self.commit()?;
                    self.send(FeedItem::Barrier(done));
                    None
                }
                other => {
                    self.handle(other)?;
                    None
                }
            };
            if let Some(answer) = stop {
                self.flush()?;
                fee_file::write(&self.options.fee_estimates, &mut self.shared.pool.write());
                drop(answer.send(Ok(())));
                return Ok(false);
            }
            if count < GROUP_COMMANDS && began.elapsed() < GROUP_TIME {
                next = queue.try_recv().ok();
            }
        }
        self.commit()?;
        Ok(true)
    }

    fn handle(&mut self, command: Command) -> Result<(), EngineError> {
        match command {
            Command::Headers(headers, answer) => {
                let outcome = self.accept_headers(&headers);
                self.answer_later(answer, outcome);
            }
            Command::Block { block, force, answer } => {
                let outcome = self.process_new_block(&block, force)?;
                self.answer_later(answer, outcome);
            }
            Command::Invalidate(hash, answer) => {
                self.invalidate_block(&hash)?;
                self.answer_later(answer, ());
            }
            Command::Reconsider(hash, answer) => {
                self.reconsider_block(&hash)?;
                self.answer_later(answer, ());
            }
            Command::Precious(hash, answer) => {
                self.precious_block(&hash)?;
                self.answer_later(answer, ());
            }
            Command::SubmitTx(request, answer) => {
                let outcome = self.submit_tx(&request)?;
                self.answer_later(answer, outcome);
            }
            Command::LoadPool(saved, answer) => {
                let loaded = self.load_pool(&saved)?;
                self.answer_later(answer, loaded);
            }
            Command::Prioritise(txid, delta, answer) => {
                self.shared.pool.write().prioritise(txid, delta);
                self.answer_later(answer, ());
            }
            Command::Broadcast(txid) => self.shared.pool.write().remove_unbroadcast(&txid),
            Command::Assemble(request, answer) => {
                let template = self.assemble(&request)?;
                self.answer_later(answer, template);
            }
            Command::CheckTemplate(block, answer) => {
                let verdict = self.test_block_validity(&block)?;
                self.answer_later(answer, verdict);
            }
            Command::Import(path, answer) => {
                let imported = self.import_file(&path)?;
                self.answer_later(answer, imported);
            }
            Command::Flush(answer) => {
                self.flush()?;
                self.answer_later(answer, ());
            }
            // Both are taken by the loop, which owns the order of commits.
            Command::Barrier(_) | Command::Stop(_) => {}
        }
        Ok(())
    }

    fn answer_later<T: Send + 'static>(&mut self, answer: Answer<T>, value: T) {
        // A caller who does not wait any more is no concern of ours.
        self.pending.push(Box::new(move |committed| drop(answer.send(committed.map(|()| value)))));
    }

    fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Makes the group durable, then lets its events and answers out.
    fn commit(&mut self) -> Result<(), EngineError> {
        let mut batch = Batch::new();
        self.fill_index(&mut batch);
        self.write(batch)?;
        if self.cached().0 > self.options.cache_bytes {
            self.flush_coins()?;
        }
        self.release();
        Ok(())
    }

    fn fill_index(&mut self, batch: &mut Batch) {
        self.fill_filters(batch);
        let index = self.shared.index.read();
        for id in self.dirty.drain() {
            let entry = index.entry(id);
            batch.put_index(&entry.hash, &entry.record());
        }
        let tip = index.tip().map(|id| index.entry(id).hash);
        if tip != self.announced
            && let Some(hash) = tip
        {
            batch.set_announced_tip(&hash);
            self.announced = tip;
        }
    }

    fn write(&self, batch: Batch) -> Result<(), EngineError> {
        // The store syncs what was appended before it commits.
        if !batch.is_empty() {
            self.store().commit(batch)?;
        }
        Ok(())
    }

    /// Writes coins too, so that a restart has nothing to do again.
    fn flush(&mut self) -> Result<(), EngineError> {
        let mut batch = Batch::new();
        self.fill_index(&mut batch);
        self.write(batch)?;
        self.flush_coins()?;
        self.release();
        Ok(())
    }

    fn flush_coins(&mut self) -> Result<(), EngineError> {
        self.last_flush = Instant::now();
        let mut batch = Batch::new();
        {
            let (index, coins) = (self.shared.index.read(), self.shared.coins.read());
            let Some(tip) = index.tip().map(|id| index.entry(id).hash) else { return Ok(()) };
            coins.fill(&mut batch);
            self.shared.inside.read().fill(&mut batch);
            batch.set_coins_best(&tip, CoinsSummary { count: coins.count() });
        }
        self.store().commit(batch)?;
        self.shared.coins.write().clear();
        self.shared.inside.write().clear();
        Ok(())
    }

    /// Flushes in the middle of a long run of blocks, before the batch outgrows what one commit should hold.
    fn flush_if_large(&mut self) -> Result<(), EngineError> {
        let (memory, changes) = self.cached();
        if memory > self.options.cache_bytes || changes > FLUSH_COINS { self.flush() } else { Ok(()) }
    }

    /// Bytes and number of the changes that wait for a flush.
    fn cached(&self) -> (usize, usize) {
        let (coins, inside) = (self.shared.coins.read(), self.shared.inside.read());
        (coins.memory() + inside.memory(), coins.len() + inside.len())
    }

    fn release(&mut self) {
        for event in std::mem::take(&mut self.events) {
            self.send(FeedItem::Event(event));
        }
        for answer in std::mem::take(&mut self.pending) {
            answer(Ok(()));
        }
    }

    fn send(&self, item: FeedItem) {
        if self.feed.send(item).is_err() {
            tracing::debug!("nobody reads the feed any more");
        }
    }

    fn emit(&mut self, event: Event) {
        if !self.replaying {
            self.events.push(event);
        }
    }

    fn give_up(mut self, error: &EngineError) {
        tracing::error!("*** {error}");
        *self.shared.failure.lock() = Some(error.clone());
        for answer in std::mem::take(&mut self.pending) {
            answer(Err(error.clone()));
        }
    }

    fn has_reached_stop(&self, height: Height) -> bool {
        self.options.stop_at_height.is_some_and(|stop| height >= stop)
    }

    fn importing(&self, on: bool) {
        self.shared.importing.store(on, Ordering::Relaxed);
    }
}
