//! Making a block for the tip, and asking whether one would connect
//! (v0.21.5.5 src/miner.cpp CreateNewBlock, src/validation.cpp TestBlockValidity).

use litecast_consensus::{ConnectError, Reject, State, block, connect_block, header};
use litecast_mempool::mining::RESERVED_WEIGHT;
use litecast_primitives::Block;

use super::Writer;
use crate::{
    assemble::{self, AssembleError, AssembleRequest, Contents, Template},
    error::EngineError,
    index::ChainAt,
    reader::LastTemplate,
};

impl Writer {
    pub(super) fn assemble(&self, request: &AssembleRequest) -> Result<Result<Template, AssembleError>, EngineError> {
        let index = self.shared.index.read();
        let Some(tip) = index.tip() else { return Err(EngineError::Inconsistent("there is no tip".into())) };
        let (inside, pool) = (self.shared.inside.read(), self.shared.pool.read());
        let context = assemble::Context {
            chain: ChainAt::new(&index, tip),
            prev_mweb: index.entry(tip).mweb.as_deref(),
            inside: &inside,
            verifier: &self.shared.mweb,
            params: &self.shared.params,
            versionbits: &self.shared.versionbits,
            now: self.shared.clock.adjusted(),
            block_version: self.options.block_version,
            pool: &pool,
            policy: self.options.mining,
        };
        let made = assemble::assemble(request, &context);
        drop((pool, inside, index));
        let made = match made {
            Ok(template) => template,
            Err(error) => return Ok(Err(error)),
        };
        let mut last = LastTemplate { transactions: 0, weight: RESERVED_WEIGHT, mweb_weight: 0 };
        if let Contents::Pool = request.contents {
            if let Err(reject) = self.test_block_validity(&made.block)? {
                return Ok(Err(AssembleError::Invalid(reject)));
            }
            let visible = made.block.transactions().iter().filter(|tx| !tx.is_coinbase() && !tx.is_hogex()).count();
            tracing::info!(
                "CreateNewBlock(): block weight: {} txs: {} fees: {} sigops: {} MWEB weight: {}",
                made.block.weight(),
                visible,
                made.costs.iter().map(|cost| cost.fee.0).sum::<i64>(),
                made.costs.iter().map(|cost| cost.sigops).sum::<u64>(),
                made.mweb_weight
            );
            last = LastTemplate { transactions: visible as u64, weight: made.weight, mweb_weight: made.mweb_weight };
        }
        // Given transactions come into an empty block, and only the empty one counts.
        *self.shared.last_template.lock() = Some(last);
        Ok(Ok(made))
    }

    /// Everything but the proof of work; the block stands on the tip.
    pub(super) fn test_block_validity(&self, candidate: &Block) -> Result<Result<(), Reject>, EngineError> {
        let index = self.shared.index.read();
        let Some(tip) = index.tip() else { return Err(EngineError::Inconsistent("there is no tip".into())) };
        let chain = ChainAt::new(&index, tip);
        let (params, context) = (&self.shared.params, self.shared.context(&chain));
        let now = self.shared.clock.adjusted();
        let checked = header::contextual_check_block_header(candidate.header(), &chain, params, now, None)
            .and_then(|()| block::check_block(candidate))
            .and_then(|()| block::contextual_check_block(candidate, &context));
        if checked.is_err() {
            return Ok(checked);
        }
        let prev_mweb = index.entry(tip).prev_mweb();
        let coins = self.shared.coins.read();
        let mut sink = self.scripts.sink(true);
        let inside = self.shared.inside.read();
        let state = State { coins: &*coins, mweb: &*inside, prev_mweb };
        match connect_block(candidate, &context, &state, &mut *sink) {
            Ok(_) => Ok(Ok(())),
            Err(ConnectError::Reject(reject)) => Ok(Err(reject)),
            Err(other) => Err(EngineError::Inconsistent(other.to_string())),
        }
    }
}
