//! libFuzzer on `litecast_fuzz::p2p_message`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(p2p_message);
