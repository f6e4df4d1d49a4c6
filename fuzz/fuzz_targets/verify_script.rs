//! libFuzzer on `litecast_fuzz::verify_script`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(verify_script);
