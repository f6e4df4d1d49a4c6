//! libFuzzer on `litecast_fuzz::address`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(address);
