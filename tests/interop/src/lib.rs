//! litecastd against a real litecoind and a real libzmq subscriber.
//!
//! There is nothing here but the tests, in `tests/interop`: one binary, one module per scenario. They need `litecoind`,
//! `litecoin-cli`, `python3` with pyzmq, and a built litecastd; what is missing is said aloud and skipped, except
//! litecastd itself.
