//! libFuzzer on `litecast_fuzz::tx`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(tx);
