#!/usr/bin/env bash
# Runs every fuzzer for the given time. Usage: tests/fuzz.sh [SECONDS PER FUZZER, default 60]
# Every run starts from the same seed, so that a change is tested with the same inputs. FUZZ_SEED=0
# picks a random seed.
# Installs cargo-fuzz and a nightly toolchain. Prints a notice and exits if that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
    echo "tests/fuzz.sh: $seconds is not a number of seconds" >&2
    exit 2
fi

skip() {
    echo "fuzzing SKIPPED: $1; the same bodies ran as property tests"
    exit 0
}
tests/install.sh toolchain nightly || skip 'the nightly toolchain is missing (rustup toolchain install nightly)'
tests/install.sh tool cargo-fuzz || skip 'cargo-fuzz is missing (cargo install cargo-fuzz)'

fuzz() {
    local target=$1 log
    mkdir -p "fuzz/corpus/$target"
    log=$(mktemp)
    # libFuzzer writes new inputs to the first folder, so the seeds don't change.
    if ! cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        echo "fuzzing $target FAILED: the input is in fuzz/artifacts/$target" >&2
        rm -f "$log"
        return 1
    fi
    printf '%-8s %s\n' "$target" "$(grep -E '^Done [0-9]+ runs' "$log" || tail -n 3 "$log")"
    rm -f "$log"
}
export -f fuzz
export seconds

# Builds all of them once; then each has one core.
cargo +nightly fuzz build
printf '%s\n' answer query xml flat typed json decrypt reply | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} bash -c 'fuzz {}'
