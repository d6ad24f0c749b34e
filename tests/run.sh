#!/usr/bin/env bash
# Installs missing tools and runs every check and test. Usage: tests/run.sh [--quick]
# --quick leaves out the slow group at the end: instruction counts, the minimum Rust version, the
# documentation of docs.rs, dependencies, the package and the fuzzers. CI runs everything.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
    '') quick= ;;
    --quick) quick=1 ;;
    *)
        echo 'usage: tests/run.sh [--quick]' >&2
        exit 2
        ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

# Prints a command, runs it and prints how long it took.
took=$(mktemp)
step() {
    local start=$SECONDS failed=0
    printf '\n== %s\n' "$*"
    "$@" || failed=$?
    printf -- '-- %s s\n' "$((SECONDS - start))"
    printf '%4s s  %s\n' "$((SECONDS - start))" "$*" >>"$took"
    return "$failed"
}
# A step beside others: prints everything at its end.
aside() {
    local log failed=0
    log=$(mktemp)
    step "$@" >"$log" 2>&1 || failed=$?
    cat "$log"
    rm -f "$log"
    return "$failed"
}
export -f step aside
export took

# After a failure, too.
slowest() {
    printf '\n== %s s in all, the slowest steps:\n' "$SECONDS"
    sort -rn "$took" | head -n 10
    rm -f "$took"
}
trap slowest EXIT

if ! have cargo; then
    echo 'Rust is missing: install it from https://rustup.rs' >&2
    exit 1
fi

packages=()
have curl || packages+=(curl)
# The tests of the examples' pages run in it. Without it they print that they are skipped.
have chromium || have google-chrome || packages+=(chromium)
# The tests of shared state start their own servers on free ports, and print that they are skipped
# without the program. The server of the package, if it starts, is not used.
have redis-server || packages+=(redis-server)
have valgrind || [[ $quick ]] || packages+=(valgrind)
if ((${#packages[@]})); then
    step tests/install.sh apt "${packages[@]}" ||
        echo "could not install ${packages[*]}: the tests that need what is missing are SKIPPED" >&2
fi
for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        step rustup component add "$component"
    fi
done

export CARGO_TERM_COLOR=never
if [[ ${CI:-} ]]; then
    # CI compiles everything once: what makes the next build or a debugger faster only takes time.
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
fi

step cargo fmt --all -- --check
step cargo clippy --locked --all-targets --all-features -- -D warnings

# Each feature alone: a feature must not depend on another that it doesn't enable.
for feature in '' tokio reqwest metrics redis inbox sandbox test-util; do
    step cargo clippy --locked --no-default-features --features "$feature" -- -D warnings
done

RUSTDOCFLAGS='-D warnings' step cargo doc --locked --no-deps --all-features

# Without features the crate contains no server, TLS or HTTP client.
printf '\n== dependencies without features\n'
tree=$(cargo tree --locked -e normal --no-default-features --prefix none)
if grep -E '^(axum|hyper|reqwest|rustls|native-tls|openssl) ' <<<"$tree"; then
    echo 'without features, the crate depends on a server, TLS or HTTP client' >&2
    exit 1
fi

# Unit, integration and example tests. Builds the examples, too, which run as processes.
step cargo test --locked --all-features --no-run
others=()
for main in tests/*/main.rs; do
    name=$(basename "$(dirname "$main")")
    [[ $name == shared ]] || others+=(--test "$name")
done
step cargo test --locked --all-features --lib "${others[@]}"
step cargo test --locked --all-features --doc
# These wait for real time more than they compute, so more of them run at once than there are cores.
threads=$(nproc)
step env RUST_TEST_THREADS="$((threads < 6 ? 6 : threads))" \
    cargo test --locked --all-features --test shared

if [[ $quick ]]; then
    printf '\nthe slow group is SKIPPED: --quick\n'
    exit 0
fi

# Each of these prints that it is skipped where a toolchain or tool can't be had. Two at a time: the
# longest, instructions.sh, compiles on one core for most of its time.
printf '\n== the slow group, two at a time\n'
printf 'tests/%s.sh\n' instructions oldest docs deny minimal package | xargs -P 2 -I{} bash -c 'aside {}'

# The fuzzers of untrusted input, which take all cores.
step tests/fuzz.sh "${FUZZ_SECONDS:-20}"
