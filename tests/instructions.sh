#!/usr/bin/env bash
# Counts the instructions of the code that every request runs, and compares them with
# benches/instructions/baseline.txt. Usage: tests/instructions.sh [--update]
# With --update the counts become the baseline. Prints a notice and exits if valgrind is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null 2>&1 && ! tests/install.sh apt valgrind; then
    echo 'instruction counts SKIPPED: valgrind is missing, and could not be installed'
    exit 0
fi
exec cargo bench --locked --bench instructions -- "$@"
