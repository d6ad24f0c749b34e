#!/usr/bin/env bash
# Checks the library with the minimum Rust version of Cargo.toml. Usage: tests/oldest.sh
# Installs that toolchain. Prints a notice and exits if that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if ! tests/install.sh toolchain "$oldest"; then
    echo "the build with Rust $oldest is SKIPPED: the toolchain is missing (rustup toolchain install $oldest)"
    exit 0
fi
cargo "+$oldest" check --locked --all-features --target-dir target/oldest
