//! libFuzzer on `litecast_fuzz::records`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(records);
