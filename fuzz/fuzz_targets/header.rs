//! libFuzzer on `litecast_fuzz::header`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(header);
