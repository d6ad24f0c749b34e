#!/usr/bin/env bash
# Builds the documentation as docs.rs does, with a nightly toolchain. Usage: tests/docs.sh
# Installs that toolchain. Prints a notice and exits if that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! tests/install.sh toolchain nightly; then
    echo 'the documentation of docs.rs is SKIPPED: the nightly toolchain is missing (rustup toolchain install nightly)'
    exit 0
fi
RUSTDOCFLAGS='-D warnings --cfg docsrs' \
    cargo +nightly doc --locked --no-deps --all-features --target-dir target/docsrs
