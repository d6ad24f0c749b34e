#!/usr/bin/env bash
# Installs missing tools and runs every check and test. Usage: tests/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; "$@"; }
have() { command -v "$1" >/dev/null 2>&1; }

if ! have cargo; then
    echo 'Rust is missing: install it from https://rustup.rs' >&2
    exit 1
fi
if ! have curl; then
    step apt-get install -y curl
fi
if ! have chromium && ! have google-chrome && have apt-get; then
    # The tests of the examples' pages run in it. Without it they print that they are skipped.
    { step apt-get update && step apt-get install -y --no-install-recommends chromium; } ||
        echo 'could not install chromium: the tests of pages are skipped' >&2
fi
for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        step rustup component add "$component"
    fi
done

export CARGO_TERM_COLOR=never

step cargo fmt --all -- --check
step cargo clippy --locked --all-targets --all-features -- -D warnings

# Each feature alone: a feature must not depend on another that it doesn't enable.
for feature in '' tokio reqwest metrics redis sandbox; do
    step cargo clippy --locked --no-default-features --features "$feature" -- -D warnings
done

RUSTDOCFLAGS='-D warnings' step cargo doc --locked --no-deps --all-features

# The minimum Rust version in Cargo.toml.
oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if have rustup && timeout 300 rustup toolchain install "$oldest" --profile minimal >/dev/null 2>&1; then
    CARGO_TARGET_DIR=target/oldest step cargo "+$oldest" check --locked --all-features
else
    echo "could not install Rust $oldest: the build with it is SKIPPED" >&2
fi

# Without features the crate contains no server, TLS or HTTP client.
printf '\n== dependencies without features\n'
tree=$(cargo tree --locked -e normal --no-default-features --prefix none)
if grep -E '^(axum|hyper|reqwest|rustls|native-tls|openssl|tower-http) ' <<<"$tree"; then
    echo 'without features, the crate depends on a server, TLS or HTTP client' >&2
    exit 1
fi

# Unit, integration and example tests. The examples run as processes.
step cargo test --locked --all-features

# The instruction counts; skipped without valgrind.
step tests/instructions.sh

# The fuzzers of untrusted input; skipped without a nightly toolchain and cargo-fuzz.
step tests/fuzz.sh "${FUZZ_SECONDS:-20}"
