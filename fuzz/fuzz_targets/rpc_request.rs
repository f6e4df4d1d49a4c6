//! libFuzzer on `litecast_fuzz::rpc_request`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(rpc_request);
