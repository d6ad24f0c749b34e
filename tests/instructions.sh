#!/usr/bin/env bash
# Counts the instructions of what every request runs through, and compares them with
# benches/instructions/baseline.txt. Usage: tests/instructions.sh [--update]
# With --update the counts become the baseline. Without valgrind it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

if ! have valgrind && have apt-get; then
    { apt-get update && apt-get install -y --no-install-recommends valgrind; } || true
fi
if ! have valgrind; then
    echo 'counting instructions SKIPPED: valgrind is missing, and cannot be installed here'
    exit 0
fi
exec cargo bench --locked --bench instructions -- "$@"
