//! libFuzzer on `litecast_fuzz::block_file`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(block_file);
