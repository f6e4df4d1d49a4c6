//! libFuzzer on `litecast_fuzz::mweb_tx`.
#![cfg_attr(fuzzing, no_main)]

litecast_fuzz::target!(mweb_tx);
