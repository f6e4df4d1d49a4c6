//! libFuzzer on `litecast_fuzz::config`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(config);
