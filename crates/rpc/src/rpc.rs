//! The server's side of a call: is the node up, which method, how long has it been running.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::context::NodeContext;
use crate::method::{Call, Registry};
use crate::template::TemplateCache;

/// Method table, node and state.
pub struct Rpc {
    registry: Registry,
    node: Arc<dyn NodeContext>,
    /// What the node is busy with while it starts; `None` when it is up.
    warmup: Mutex<Option<String>>,
    running: AtomicBool,
    active: Mutex<BTreeMap<u64, (String, Instant)>>,
    next: AtomicU64,
    templates: TemplateCache,
}

impl Rpc {
    /// A table in front of a node that is starting.
    #[must_use]
    pub fn new(registry: Registry, node: Arc<dyn NodeContext>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            node,
            warmup: Mutex::new(Some("RPC server started".to_owned())),
            running: AtomicBool::new(true),
            active: Mutex::new(BTreeMap::new()),
            next: AtomicU64::new(0),
            templates: TemplateCache::default(),
        })
    }

    /// What callers are told until the node is up (code -28), such as "Loading block index...".
    pub fn set_warmup_status(&self, status: &str) {
        if let Some(text) = self.warmup.lock().as_mut() {
            status.clone_into(text);
        }
    }

    /// The node is up.
    pub fn set_warmup_finished(&self) {
        *self.warmup.lock() = None;
    }

    /// Calls that wait for something should give up: see [`Rpc::check_running`].
    pub fn interrupt(&self) {
        self.running.store(false, Ordering::Relaxed);
    }

    /// For handlers that wait: an error once the node shuts down.
    ///
    /// # Errors
    /// The node is shutting down.
    pub fn check_running(&self) -> Result<(), RpcError> {
        if self.running.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(RpcError::new(code::CLIENT_NOT_CONNECTED, "Shutting down"))
    }

    /// The method table.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The block that miners work on.
    pub(crate) fn templates(&self) -> &TemplateCache {
        &self.templates
    }

    /// The calls that are running, oldest first, and for how long.
    #[must_use]
    pub fn active_commands(&self) -> Vec<(String, Duration)> {
        self.active.lock().values().map(|(method, start)| (method.clone(), start.elapsed())).collect()
    }

    /// Makes a call. `params` is an array, or an object of named parameters.
    ///
    /// # Errors
    /// The node is starting, there is no such method, or the method says so.
    pub fn execute(&self, method: &str, params: &Value, user: &str) -> Result<Value, RpcError> {
        if let Some(status) = self.warmup.lock().as_ref() {
            return Err(RpcError::new(code::IN_WARMUP, status.clone()));
        }
        let found = self.registry.find(method)?;
        let _active = Active::new(self, method);
        let call = Call { params, node: self.node.as_ref(), rpc: self, user };
        // A bug in one method must not take a worker thread, and with it the server, down.
        catch_unwind(AssertUnwindSafe(|| found.call(&call))).unwrap_or_else(|_| {
            tracing::error!(method, "an RPC handler panicked");
            Err(RpcError::misc(format!("Internal bug detected: the handler of {method} panicked")))
        })
    }
}

/// An entry among the running calls, for as long as it lives.
struct Active<'a> {
    rpc: &'a Rpc,
    id: u64,
}

impl<'a> Active<'a> {
    fn new(rpc: &'a Rpc, method: &str) -> Self {
        let id = rpc.next.fetch_add(1, Ordering::Relaxed);
        rpc.active.lock().insert(id, (method.to_owned(), Instant::now()));
        Self { rpc, id }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.rpc.active.lock().remove(&self.id);
    }
}
