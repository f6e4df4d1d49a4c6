//! libFuzzer on `litecast_fuzz::script`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(script);
