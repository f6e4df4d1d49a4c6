//! Between the machine and the engine: headers, blocks and transactions in, verdicts out, in the order in which they came.
//!
//! One thread hands work to the engine, another waits for the answers. So several blocks are under way at a time and
//! share one disk sync, and the machine's task never waits for a disk.

use std::{sync::Arc, thread};

use crossbeam_channel::{Receiver, Sender, bounded};
use litecast_consensus::Category;
use litecast_engine::{BlockOutcome, Handle, HeadersOutcome, Pending, SubmitError, SubmitTx, Submitted, TxSource};
use litecast_mempool::TxCategory;
use litecast_p2p::{
    Archive as _, Input, PeerId, Unserved, Wanted,
    bloom::{Bloom, FilteredBlock},
    codec::frame_header,
    fsm::{BlockVerdict, MAX_SUBMITTED_PER_PEER, Reject, RejectKind, TxReject, TxRejectKind, TxVerdict},
    message::CommandName,
};
use litecast_primitives::{Block, BlockHash, BlockHeader, Transaction, Txid};
use tokio::sync::mpsc;

use super::{Net, chain_view::ChainView, peer::Outgoing};

enum Job {
    Headers(PeerId, Vec<BlockHeader>),
    Block(PeerId, Arc<Block>, bool),
    Transaction(PeerId, Arc<Transaction>),
    Broadcast(Txid),
}

enum Answer {
    Headers(PeerId, Pending<HeadersOutcome>),
    Block(PeerId, BlockHash, Pending<BlockOutcome>),
    Transaction(PeerId, Arc<Transaction>, Pending<Result<Submitted, SubmitError>>),
}

/// A verdict on a block that another peer sent, or nobody.
const NOBODY: PeerId = PeerId::MAX;
/// Answers that are waited for at a time.
const ANSWERS: usize = 64;

/// Takes work for the engine.
pub(super) struct Jobs(Sender<Job>);

impl Jobs {
    pub(super) fn headers(&self, peer: PeerId, headers: Vec<BlockHeader>) {
        self.send(Job::Headers(peer, headers));
    }

    pub(super) fn block(&self, peer: PeerId, block: Arc<Block>, requested: bool) {
        self.send(Job::Block(peer, block, requested));
    }

    pub(super) fn transaction(&self, peer: PeerId, tx: Arc<Transaction>) {
        self.send(Job::Transaction(peer, tx));
    }

    /// A peer has asked for a transaction of a user.
    pub(super) fn broadcast(&self, txid: Txid) {
        if self.0.try_send(Job::Broadcast(txid)).is_err() {
            tracing::debug!("a transaction will be announced once more");
        }
    }

    fn send(&self, job: Job) {
        // The queue holds all that the machine ever has under way, so this never waits.
        if self.0.send(job).is_err() {
            tracing::debug!("the engine has stopped");
        }
    }
}

pub(super) fn start(engine: Handle, net: Net, max_connections: usize) -> std::io::Result<Jobs> {
    let under_way = (max_connections + 16) * (MAX_SUBMITTED_PER_PEER + 2);
    let (jobs, queue) = bounded(under_way);
    let (answers, waiting) = bounded(ANSWERS);
    let reader = engine.clone();
    thread::Builder::new().name("net-submit".into()).spawn(move || hand_over(&engine, &queue, &answers))?;
    thread::Builder::new().name("net-verdicts".into()).spawn(move || wait(&reader, &net, &waiting))?;
    Ok(Jobs(jobs))
}

fn hand_over(engine: &Handle, queue: &Receiver<Job>, answers: &Sender<Answer>) {
    for job in queue {
        let answer = match job {
            Job::Headers(peer, headers) => {
                engine.begin_submit_headers(&headers).map(|pending| Answer::Headers(peer, pending))
            }
            Job::Block(peer, block, requested) => {
                let hash = block.hash();
                engine.begin_submit_block(block, requested).map(|pending| Answer::Block(peer, hash, pending))
            }
            Job::Transaction(peer, tx) => {
                let request = SubmitTx { tx: Arc::clone(&tx), from: TxSource::Peer };
                engine.begin_submit_tx(request).map(|pending| Answer::Transaction(peer, tx, pending))
            }
            Job::Broadcast(txid) => match engine.was_broadcast(txid) {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok(answer) = answer else { return };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

fn wait(engine: &Handle, net: &Net, waiting: &Receiver<Answer>) {
    for answer in waiting {
        let told = match answer {
            Answer::Headers(peer, pending) => pending.wait().map(|outcome| {
                let verdict = outcome.reject.map_or(Ok(()), |reject| Err(translate(&reject)));
                net.input_blocking(Input::HeadersVerdict { peer, verdict })
            }),
            Answer::Block(peer, hash, pending) => {
                pending.wait().map(|outcome| tell_block(engine, net, peer, hash, &outcome))
            }
            Answer::Transaction(peer, tx, pending) => pending.wait().map(|outcome| {
                let verdict = tx_verdict(outcome);
                net.input_blocking(Input::TxVerdict { peer, tx, verdict })
            }),
        };
        // Either the engine or the machine has ended.
        if !told.unwrap_or(false) {
            return;
        }
    }
}

fn tell_block(engine: &Handle, net: &Net, peer: PeerId, hash: BlockHash, outcome: &BlockOutcome) -> bool {
    let own = outcome.checked.iter().find(|(checked, _)| *checked == hash).and_then(|(_, reject)| reject.as_ref());
    let verdict = match (&outcome.accepted, own) {
        (Err(reject), _) | (Ok(()), Some(reject)) => BlockVerdict::Invalid(translate(reject)),
        _ if outcome.new => BlockVerdict::New,
        _ if engine.reader().entry(&hash).is_some_and(|entry| entry.have_data()) => BlockVerdict::Duplicate,
        _ => BlockVerdict::Ignored,
    };
    let others = outcome.checked.iter().filter(|(checked, _)| *checked != hash).filter_map(|(checked, reject)| {
        let verdict = BlockVerdict::Invalid(translate(reject.as_ref()?));
        Some(Input::BlockVerdict { peer: NOBODY, hash: *checked, verdict })
    });
    std::iter::once(Input::BlockVerdict { peer, hash, verdict }).chain(others).all(|input| net.input_blocking(input))
}

fn tx_verdict(outcome: Result<Submitted, SubmitError>) -> TxVerdict {
    let reject = match outcome {
        Ok(Submitted::New(accepted)) => return TxVerdict::Accepted { replaced: accepted.replaced },
        Ok(Submitted::Known) => return TxVerdict::Accepted { replaced: Vec::new() },
        Err(SubmitError::Reject(reject)) => reject,
        // Only users are told so.
        Err(error @ (SubmitError::AlreadyInChain | SubmitError::MaxFeeExceeded)) => {
            let reject = TxReject { kind: TxRejectKind::Conflict, reason: error.to_string().into() };
            return TxVerdict::Rejected(reject);
        }
    };
    let kind = match reject.category() {
        TxCategory::MissingInputs => return TxVerdict::MissingInputs,
        TxCategory::Consensus => TxRejectKind::Consensus,
        TxCategory::RecentConsensusChange => TxRejectKind::RecentConsensusChange,
        TxCategory::InputsNotStandard => TxRejectKind::InputsNotStandard,
        TxCategory::NotStandard => TxRejectKind::NotStandard,
        TxCategory::PrematureSpend => TxRejectKind::PrematureSpend,
        TxCategory::WitnessMutated => TxRejectKind::WitnessMutated,
        TxCategory::WitnessStripped => TxRejectKind::WitnessStripped,
        TxCategory::Conflict => TxRejectKind::Conflict,
        TxCategory::MempoolPolicy => TxRejectKind::MempoolPolicy,
    };
    TxVerdict::Rejected(TxReject { kind, reason: reject.to_string().into() })
}

fn translate(reject: &litecast_consensus::Reject) -> Reject {
    let kind = match reject.category() {
        Category::Consensus => RejectKind::Consensus,
        Category::CachedInvalid => RejectKind::CachedInvalid,
        Category::InvalidHeader => RejectKind::InvalidHeader,
        Category::Mutated => RejectKind::Mutated,
        Category::MissingPrev => RejectKind::MissingPrev,
        Category::InvalidPrev => RejectKind::InvalidPrev,
        Category::TimeFuture => RejectKind::TimeFuture,
        Category::Checkpoint => RejectKind::Checkpoint,
    };
    Reject { kind, reason: reject.reason() }
}

/// Looks at a block through a peer's filter.
pub(super) fn filter(peer: PeerId, hash: BlockHash, filter: Box<Bloom>, view: &ChainView, net: &Net) {
    let found = view.block(&hash).map(|block| FilteredBlock::new(&block, filter));
    net.input_blocking(Input::Filtered { peer, hash, found });
}

/// An answer to be made from what is on disk.
pub(super) struct Serve {
    pub(super) peer: PeerId,
    pub(super) wanted: Wanted,
    pub(super) magic: [u8; 4],
    /// `None`: the peer is gone.
    pub(super) link: Option<mpsc::Sender<Outgoing>>,
}

impl Serve {
    pub(super) fn run(self, view: &ChainView, net: &Net) {
        let sent = self.send(view);
        net.input_blocking(Input::Served { peer: self.peer, hash: self.wanted.block(), sent });
    }

    fn send(&self, view: &ChainView) -> Result<(CommandName, usize), Unserved> {
        let link = self.link.as_ref().ok_or(Unserved::Nothing)?;
        let (command, body) = self.wanted.answer(view)?;
        let head = bytes::Bytes::copy_from_slice(&frame_header(self.magic, command, &body));
        let size = head.len() + body.len();
        // Header and body apart: the body is not copied.
        // A peer whose queue is full does not read: nobody waits for it here.
        link.try_send(Outgoing { head, body }).map_err(|_| Unserved::Nothing)?;
        Ok((command, size))
    }
}
