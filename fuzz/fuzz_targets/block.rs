//! libFuzzer on `litecast_fuzz::block`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(block);
