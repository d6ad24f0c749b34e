#!/usr/bin/env bash
# Checks the library with the oldest versions of its direct dependencies that Cargo.toml allows.
# Usage: tests/minimal.sh
# Resolves them with a nightly toolchain, which it installs. Prints a notice and exits if that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! tests/install.sh toolchain nightly; then
    echo 'minimal versions SKIPPED: the nightly toolchain is missing (rustup toolchain install nightly)'
    exit 0
fi

# A second manifest over the same sources has its own Cargo.lock. Dev-dependencies would raise
# versions that a dependent doesn't raise.
folder=target/minimal
mkdir -p "$folder"
awk '/^\[/ { keep = !/dev-dependencies\]$|^\[\[(test|bench)\]\]$/ } keep' Cargo.toml >"$folder/Cargo.toml"
ln -sfn ../../src "$folder/src"
ln -sf ../../README.md "$folder/README.md"
rm -f "$folder/Cargo.lock"
cargo +nightly generate-lockfile -Z direct-minimal-versions --manifest-path "$folder/Cargo.toml"

# In the folder of the other checks, so that dependencies of the same version are compiled once.
cargo check --locked --all-features --manifest-path "$folder/Cargo.toml" --target-dir target
