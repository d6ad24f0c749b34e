#!/usr/bin/env bash
# Packages the crate and checks all targets of the unpacked package, as crates.io would serve it.
# Usage: tests/package.sh
set -euo pipefail
cd "$(dirname "$0")/.."

cargo package --locked --allow-dirty --no-verify
crate=$(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)-$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)

unpacked=target/unpacked
rm -rf "$unpacked"
mkdir -p "$unpacked"
tar -xzf "target/package/$crate.crate" -C "$unpacked"

# The package has every file that the tests and examples include or open.
missing=$(find src tests examples -type f | while read -r file; do
    [[ -e $unpacked/$crate/$file ]] || echo "$file"
done)
if [[ -n $missing ]]; then
    printf 'missing in the package:\n%s\n' "$missing" >&2
    exit 1
fi
# It names no folder of the machine that it was made on.
if grep -rnF -e "$PWD" -e "$HOME/" "$unpacked/$crate"; then
    echo 'the package names a folder of this machine' >&2
    exit 1
fi

# In the folder of the other checks, so that dependencies are compiled once. Cargo takes packages at
# the root of a workspace for the same: as a member, this one isn't taken for the checkout.
printf '[workspace]\nresolver = "3"\nmembers = ["%s"]\n' "$crate" >"$unpacked/Cargo.toml"
mv "$unpacked/$crate/Cargo.lock" "$unpacked"
cargo check --locked --all-targets --all-features --manifest-path "$unpacked/Cargo.toml" --target-dir target
