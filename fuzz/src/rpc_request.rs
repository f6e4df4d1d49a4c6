//! RPC: a body of JSON, and a call of every method in front of a node that has neither chain nor network yet.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use litecast_rpc::{LogControl, NodeContext, Registry, Rpc, methods};
use serde_json::Value;

struct Node;

impl NodeContext for Node {
    fn uptime_s(&self) -> i64 {
        1
    }

    fn request_shutdown(&self) {}

    fn log(&self) -> &dyn LogControl {
        self
    }
}

impl LogControl for Node {
    fn set(&self, category: &str, _on: bool) -> bool {
        category == "rpc"
    }

    fn categories(&self) -> Vec<(&'static str, bool)> {
        vec![("rpc", false)]
    }

    fn path(&self) -> &Path {
        Path::new("debug.log")
    }
}

fn rpc() -> &'static Rpc {
    static RPC: OnceLock<Arc<Rpc>> = OnceLock::new();
    RPC.get_or_init(|| {
        let mut registry = Registry::new();
        registry.extend(methods::METHODS.iter().chain(methods::NODE_METHODS));
        let rpc = Rpc::new(registry, Arc::new(Node));
        rpc.set_warmup_finished();
        rpc
    })
}

/// A request object, or an array of them.
pub fn rpc_request(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Value>(data) else { return };
    match request {
        Value::Array(requests) => requests.iter().for_each(call),
        request => call(&request),
    }
}

fn call(request: &Value) {
    let Some(method) = request.get("method").and_then(Value::as_str) else { return };
    let none = Value::Array(Vec::new());
    let params = request.get("params").filter(|params| params.is_array() || params.is_object()).unwrap_or(&none);
    match rpc().execute(method, params, "fuzz") {
        Ok(result) => drop(result.to_string()),
        // The server outlives a method that panics; the fuzzer must not.
        Err(error) => assert!(!error.message.starts_with("Internal bug detected"), "{method}: {}", error.message),
    }
}
