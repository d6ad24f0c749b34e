#!/usr/bin/env bash
# Installs what is missing and runs every check and test. Usage: tests/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; "$@"; }
have() { command -v "$1" >/dev/null 2>&1; }

if ! have cargo; then
    echo 'Rust is missing: install it from https://rustup.rs' >&2
    exit 1
fi
for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        step rustup component add "$component"
    fi
done

export CARGO_TERM_COLOR=never

# What leaves a machine must not speak of it.
step cargo fmt --all -- --check
step cargo clippy --locked --all-targets --all-features -- -D warnings

# Each feature alone: a feature may not lean on another that it does not name.
for feature in '' tokio reqwest metrics sandbox; do
    step cargo clippy --locked --no-default-features --features "$feature" -- -D warnings
done

RUSTDOCFLAGS='-D warnings' step cargo doc --locked --no-deps --all-features

# Without features the crate holds no server, no TLS and no HTTP client.
printf '\n== the bare crate is small\n'
tree=$(cargo tree --locked -e normal --no-default-features --prefix none)
if grep -E '^(axum|hyper|reqwest|rustls|native-tls|openssl|tower-http) ' <<<"$tree"; then
    echo 'the bare crate depends on a server, TLS or HTTP client' >&2
    exit 1
fi

# Unit, integration and example tests; the examples are built and run as processes.
step cargo test --locked --all-features
