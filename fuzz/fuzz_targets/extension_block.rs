//! libFuzzer on `litecast_fuzz::extension_block`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(extension_block);
