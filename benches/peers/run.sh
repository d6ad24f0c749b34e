#!/usr/bin/env bash
# Installs and builds the peers below target/peers, and measures them and this crate.
# Usage: benches/peers/run.sh [all|load|herd] [OPTIONS of the load example or of the herd]
# Without arguments it runs both.
set -euo pipefail
cd "$(dirname "$0")/../.."

what=${1:-all}
[ $# -eq 0 ] || shift
case $what in
all | load | herd) ;;
*)
    sed -n '3,4s/^# //p' "$0" >&2
    exit 2
    ;;
esac

target=$PWD/target/peers
mkdir -p "$target"
servers=() clients=()
have() { command -v "$1" >/dev/null 2>&1; }
server() { servers+=(--peer "$1=$2"); }
client() { clients+=(--client "$1=$2"); }
skip() { echo "peers: $1 SKIPPED: $2" >&2; }

install_python() {
    have python3 || { skip wechatpy 'python3 is missing'; return; }
    [ -x "$target/python/bin/python" ] || python3 -m venv "$target/python" ||
        { skip wechatpy 'python3 has no venv'; return; }
    "$target/python/bin/pip" install --quiet --disable-pip-version-check \
        -r benches/peers/python/requirements.txt ||
        { skip wechatpy 'could not install its packages'; return; }
    server wechatpy "exec '$target/python/bin/python' benches/peers/python/server.py"
    client wechatpy "exec '$target/python/bin/python' benches/peers/python/herd.py"
}

install_node() {
    local peers='co-wechat, co-wechat-api and wechat-api'
    have npm || { skip "$peers" 'npm is missing'; return; }
    mkdir -p "$target/node"
    cp benches/peers/node/*.js* "$target/node/"
    (cd "$target/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        { skip "$peers" 'could not install their packages'; return; }
    server co-wechat "exec node '$target/node/co_wechat.js'"
    client co-wechat-api "exec node '$target/node/herd_co_wechat_api.js'"
    client wechat-api "exec node '$target/node/herd_wechat_api.js'"
}

install_go() {
    local peer=silenceper/wechat
    have go || { skip "$peer" 'go is missing'; return; }
    mkdir -p "$target/go"
    cp benches/peers/go/* "$target/go/"
    (cd "$target/go" && go build -mod=mod -o silenceper .) ||
        { skip "$peer" 'could not fetch its module'; return; }
    server silenceper "exec '$target/go/silenceper'"
}

build_rust() {
    CARGO_TARGET_DIR="$target/rust" cargo build --quiet --release --locked \
        --manifest-path benches/peers/rust/Cargo.toml
    local release=$target/rust/release
    server wx-sdk "exec '$release/wx_sdk'"
    server wecom-crypto "exec '$release/wecom_crypto'"
    server wechat-crypto "exec '$release/wechat_crypto'"
    client tower-wechat "exec '$release/herd_tower_wechat'"
}

build_rust
install_python
install_node
install_go

if [ "$what" != herd ]; then
    cargo run --quiet --release --example load -- "${servers[@]}" "$@"
fi
if [ "$what" != load ]; then
    # Each caller needs a socket at both ends.
    [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 4096 ] || ulimit -n 4096
    "$target/rust/release/herd" "${clients[@]}" "$@"
fi
