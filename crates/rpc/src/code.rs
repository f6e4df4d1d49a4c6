//! What a call can fail with. The numbers are the reference's (v0.21.5.5 `src/rpc/protocol.h`).

use serde_json::{Value, json};

/// The request is no valid request object.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// Invalid parameters (unused by the reference's own methods).
pub const INVALID_PARAMS: i32 = -32602;
/// A fault of the server.
pub const INTERNAL_ERROR: i32 = -32603;
/// The body is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// Anything without a number of its own; usage errors carry the help page.
pub const MISC_ERROR: i32 = -1;
/// A parameter has the wrong type.
pub const TYPE_ERROR: i32 = -3;
/// No such address, key or transaction.
pub const INVALID_ADDRESS_OR_KEY: i32 = -5;
/// Out of memory during the operation.
pub const OUT_OF_MEMORY: i32 = -7;
/// A parameter is invalid, missing or duplicate.
pub const INVALID_PARAMETER: i32 = -8;
/// The database failed.
pub const DATABASE_ERROR: i32 = -20;
/// A parameter cannot be decoded.
pub const DESERIALIZATION_ERROR: i32 = -22;
/// A transaction or block could not be submitted.
pub const VERIFY_ERROR: i32 = -25;
/// A transaction or block was refused by the rules.
pub const VERIFY_REJECTED: i32 = -26;
/// The transaction is in the chain already.
pub const VERIFY_ALREADY_IN_CHAIN: i32 = -27;
/// The node is starting.
pub const IN_WARMUP: i32 = -28;
/// The method is deprecated and not allowed by `-deprecatedrpc`.
pub const METHOD_DEPRECATED: i32 = -32;
/// Not connected to peers, or shutting down.
pub const CLIENT_NOT_CONNECTED: i32 = -9;
/// Still downloading the chain.
pub const CLIENT_IN_INITIAL_DOWNLOAD: i32 = -10;
/// The node has been added already.
pub const CLIENT_NODE_ALREADY_ADDED: i32 = -23;
/// The node has not been added.
pub const CLIENT_NODE_NOT_ADDED: i32 = -24;
/// The node is not connected.
pub const CLIENT_NODE_NOT_CONNECTED: i32 = -29;
/// Not an address or subnet.
pub const CLIENT_INVALID_IP_OR_SUBNET: i32 = -30;
/// All outbound connections of this type are there.
pub const CLIENT_NODE_CAPACITY_REACHED: i32 = -34;
/// Peer-to-peer is switched off.
pub const CLIENT_P2P_DISABLED: i32 = -31;

/// A failed call: number and text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct RpcError {
    /// One of this module's numbers.
    pub code: i32,
    /// For people; clients match on some of them, so they are the reference's.
    pub message: String,
}

impl RpcError {
    /// Any error.
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// [`MISC_ERROR`].
    #[must_use]
    pub fn misc(message: impl Into<String>) -> Self {
        Self::new(MISC_ERROR, message)
    }

    /// [`INVALID_PARAMETER`].
    #[must_use]
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMETER, message)
    }

    /// [`TYPE_ERROR`].
    #[must_use]
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(TYPE_ERROR, message)
    }

    /// The error object of a reply.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"code": self.code, "message": self.message})
    }
}
