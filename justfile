# Shortcuts. `./test` is everything, from a clean machine; `just check` is what every commit passes.

tests := if `command -v cargo-nextest || true` == "" { "cargo test" } else { "cargo nextest run" }

# What there is.
default:
    @just --list

# Before every commit: format, lints, licences, architecture, all tests but those against litecoind's network.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    @if command -v cargo-deny >/dev/null; then cargo deny --locked check; else echo "SKIPPED: licences and advisories: cargo-deny is not installed"; fi
    cargo xtask arch
    {{ tests }} --workspace --exclude litecast-interop --locked

# Everything, and the tools it needs installed where that is allowed.
test:
    ./test

# litecastd against a real litecoind and a real libzmq subscriber.
interop:
    cargo build --workspace --bins --locked
    {{ tests }} --package litecast-interop --locked

# A regtest chain with a block every three seconds, and what its subscribers see.
demo:
    cargo run --release --locked --bin litecastd -- -demo

# The proof-of-work hash; the worst blocks that scripts allow; a full extension block beside litecoind.
bench:
    cargo bench --package litecast-scrypt --package litecast-consensus --locked
    cargo build --release --locked --bin litecastd
    cargo bench --package litecast-interop --bench extension_block --locked

# One fuzz target with libFuzzer, until it is stopped; needs cargo-fuzz and a nightly toolchain.
fuzz target:
    cargo +nightly fuzz run {{ target }} -- -rss_limit_mb=1024
