//! The block that `getblocktemplate` hands out, kept between calls: it is made anew when the tip changes, and when the
//! mempool has changed and it is older than five seconds (v0.21.5.5 src/rpc/mining.cpp, getblocktemplate).

use std::sync::Arc;

use bytes::Bytes;
use litecast_engine::{AssembleRequest, Contents, DeploymentInfo, Handle, Template};
use parking_lot::Mutex;

use crate::code::RpcError;

/// Seconds that a template stays although the mempool changes.
const MAX_AGE_S: i64 = 5;
/// Output script of a coinbase that the miner replaces: OP_TRUE.
const ANYONE: &[u8] = &[0x51];

/// A block without proof of work, and what was known when it was made.
pub(crate) struct Kept {
    /// The block.
    pub(crate) template: Template,
    /// Where the deployments stand for it.
    pub(crate) deployments: Vec<DeploymentInfo>,
    /// How often the mempool had changed.
    pub(crate) updates: u64,
    made_at: i64,
}

/// Room for one template.
#[derive(Default)]
pub(crate) struct TemplateCache(Mutex<Option<Arc<Kept>>>);

impl TemplateCache {
    /// How often the mempool had changed when the last template was made; 0 without one.
    pub(crate) fn last_updates(&self) -> u64 {
        self.0.lock().as_ref().map_or(0, |kept| kept.updates)
    }

    /// A template for the tip. Callers that come at the same time share it.
    pub(crate) fn current(&self, chain: &Handle) -> Result<Arc<Kept>, RpcError> {
        let mut cache = self.0.lock();
        let reader = chain.reader();
        let (tip, updates) = (reader.tip().hash, reader.mempool().updates());
        let age = |kept: &Kept| reader.clock().now() - kept.made_at;
        let fresh = cache.take().filter(|kept| {
            kept.template.block.header().prev == tip && (kept.updates == updates || age(kept) <= MAX_AGE_S)
        });
        let kept = match fresh {
            Some(kept) => kept,
            None => Arc::new(make(chain)?),
        };
        Ok(Arc::clone(cache.insert(kept)))
    }
}

fn make(chain: &Handle) -> Result<Kept, RpcError> {
    let reader = chain.reader();
    loop {
        // Read before: whatever changes meanwhile makes the template old.
        let (tip, updates) = (reader.tip().hash, reader.mempool().updates());
        let (deployments, made_at) = (reader.deployments(), reader.clock().now());
        let template = assemble(chain, ANYONE, Contents::Pool, 0)?;
        if template.block.header().prev == tip {
            return Ok(Kept { template, deployments, updates, made_at });
        }
    }
}

/// Makes a block for the tip.
pub(crate) fn assemble(
    chain: &Handle,
    script_pubkey: &[u8],
    contents: Contents,
    extra_nonce: i64,
) -> Result<Template, RpcError> {
    let script_pubkey = Bytes::copy_from_slice(script_pubkey);
    let request = AssembleRequest { script_pubkey, contents, extra_nonce };
    chain.assemble(request)?.map_err(|error| RpcError::misc(format!("CreateNewBlock: {error}")))
}
