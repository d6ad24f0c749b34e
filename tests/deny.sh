#!/usr/bin/env bash
# Checks the bans, licenses and sources of the dependencies against .deny.toml, and their advisories
# where the advisory database is on the machine (`cargo deny fetch db` fetches it). Usage: tests/deny.sh
# Installs cargo-deny. Prints a notice and exits if that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! tests/install.sh tool cargo-deny; then
    echo 'the check of dependencies is SKIPPED: cargo-deny is missing (cargo install --locked cargo-deny)'
    exit 0
fi
cargo deny --locked check --hide-inclusion-graph bans licenses sources

if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*/" >/dev/null; then
    cargo deny --locked --offline check --hide-inclusion-graph advisories
else
    echo 'the check of advisories is SKIPPED: the database is missing (cargo deny fetch db)'
fi
