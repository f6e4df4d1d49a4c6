//! JSON-RPC: request objects, batches and replies.
//!
//! Without `"jsonrpc":"2.0"` a request gets the reference's 1.0 mixture: a reply with `result`, `error` and `id`, and an
//! error sets the HTTP status. With it, the reply has either `result` or `error`, the status is 200, and a request without
//! `id` is a notification that gets no reply (204 when nothing else is in the body).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::code::{self, RpcError};
use crate::rpc::Rpc;

/// The answer to one HTTP request.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// JSON, or empty.
    pub(crate) body: String,
}

impl Answer {
    fn forbidden() -> Self {
        Self { status: 403, body: String::new() }
    }
}

/// Answers a body. `allowed`: the only methods this user may call; `None` for no limit.
pub(crate) fn answer(rpc: &Rpc, body: &[u8], user: &str, allowed: Option<&BTreeSet<String>>) -> Answer {
    let permits = |request: &Value| match (allowed, request.get("method").and_then(Value::as_str)) {
        (Some(allowed), Some(method)) => {
            let permitted = allowed.contains(method);
            if !permitted {
                tracing::info!("RPC User {user} not allowed to call method {method}");
            }
            permitted
        }
        _ => true,
    };
    match serde_json::from_slice::<Value>(body) {
        Err(_) => legacy_error(&RpcError::new(code::PARSE_ERROR, "Parse error"), &Value::Null),
        Ok(request @ Value::Object(_)) => {
            if permits(&request) {
                single(rpc, request, user)
            } else {
                Answer::forbidden()
            }
        }
        Ok(Value::Array(requests)) => {
            if allowed.is_some() && requests.iter().any(|request| !request.is_object()) {
                return legacy_error(&invalid("Invalid Request object"), &Value::Null);
            }
            if requests.iter().all(permits) { batch(rpc, requests, user) } else { Answer::forbidden() }
        }
        Ok(_) => legacy_error(&RpcError::new(code::PARSE_ERROR, "Top-level object parse error"), &Value::Null),
    }
}

fn single(rpc: &Rpc, request: Value, user: &str) -> Answer {
    let outcome = run(rpc, request, user);
    match (outcome.version_2, &outcome.id, &outcome.result) {
        (true, None, _) => Answer { status: 204, body: String::new() },
        (false, id, Err(error)) => legacy_error(error, id.as_ref().unwrap_or(&Value::Null)),
        _ => Answer { status: 200, body: format!("{}\n", outcome.into_json()) },
    }
}

fn batch(rpc: &Rpc, requests: Vec<Value>, user: &str) -> Answer {
    let some = !requests.is_empty();
    let outcomes = requests.into_iter().map(|request| run(rpc, request, user));
    let replies: Vec<Value> =
        outcomes.filter(|outcome| !(outcome.version_2 && outcome.id.is_none())).map(Outcome::into_json).collect();
    if some && replies.is_empty() {
        return Answer { status: 204, body: String::new() };
    }
    Answer { status: 200, body: format!("{}\n", Value::Array(replies)) }
}

fn legacy_error(error: &RpcError, id: &Value) -> Answer {
    let status = match error.code {
        code::INVALID_REQUEST => 400,
        code::METHOD_NOT_FOUND => 404,
        _ => 500,
    };
    let body = json!({"result": null, "error": error.to_json(), "id": id});
    Answer { status, body: format!("{body}\n") }
}

/// One request's outcome, with what shapes its reply.
struct Outcome {
    version_2: bool,
    /// `None`: the request had none.
    id: Option<Value>,
    result: Result<Value, RpcError>,
}

impl Outcome {
    fn into_json(self) -> Value {
        let id = self.id.unwrap_or(Value::Null);
        match (self.version_2, self.result) {
            (true, Ok(result)) => json!({"jsonrpc": "2.0", "result": result, "id": id}),
            (true, Err(error)) => json!({"jsonrpc": "2.0", "error": error.to_json(), "id": id}),
            (false, Ok(result)) => json!({"result": result, "error": null, "id": id}),
            (false, Err(error)) => json!({"result": null, "error": error.to_json(), "id": id}),
        }
    }
}

fn invalid(message: &str) -> RpcError {
    RpcError::new(code::INVALID_REQUEST, message)
}

fn run(rpc: &Rpc, request: Value, user: &str) -> Outcome {
    let Value::Object(mut request) = request else {
        return Outcome { version_2: false, id: None, result: Err(invalid("Invalid Request object")) };
    };
    let version_2 = request.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let id = request.remove("id");
    Outcome { version_2, id, result: execute(rpc, request, user) }
}

fn execute(rpc: &Rpc, mut request: Map<String, Value>, user: &str) -> Result<Value, RpcError> {
    let method = match request.remove("method") {
        None | Some(Value::Null) => return Err(invalid("Missing method")),
        Some(Value::String(method)) => method,
        Some(_) => return Err(invalid("Method must be a string")),
    };
    tracing::debug!(target: "rpc", "ThreadRPCServer method={} user={user}", sanitize(&method));
    let params = match request.remove("params") {
        None | Some(Value::Null) => Value::Array(Vec::new()),
        Some(params @ (Value::Array(_) | Value::Object(_))) => params,
        Some(_) => return Err(invalid("Params must be an array or object")),
    };
    rpc.execute(&method, &params, user)
}

fn sanitize(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || " .,;-_/:?@()".contains(*c)).take(100).collect()
}
