#!/usr/bin/env bash
# Installs what the checks need and this machine lacks. Fails if it could not.
# Usage: tests/install.sh apt PACKAGE… | toolchain VERSION | tool CRATE
set -euo pipefail

case $1 in
    apt)
        shift
        command -v apt-get >/dev/null 2>&1
        apt-get update
        # One by one: a package that is not to be had must not keep the others out.
        failed=0
        for package; do
            apt-get install -y --no-install-recommends "$package" || failed=1
        done
        exit "$failed"
        ;;
    toolchain)
        command -v rustup >/dev/null 2>&1
        rustup run "$2" rustc --version >/dev/null 2>&1 ||
            timeout 300 rustup toolchain install "$2" --profile minimal
        ;;
    tool)
        # Unoptimized: the tool runs for seconds, and would compile for minutes.
        command -v "$2" >/dev/null 2>&1 ||
            CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
                CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 cargo install --locked "$2"
        ;;
    *)
        echo "tests/install.sh: cannot install a $1" >&2
        exit 2
        ;;
esac
