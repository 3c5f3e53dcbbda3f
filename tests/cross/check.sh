#!/usr/bin/env bash
# Checks for macOS what talks to the system. Nothing is linked, so that parts in C need no compiler of Apple's: one that
# makes empty files will do.
#
#     tests/cross/check.sh [-p CRATE]...
set -eu
cd "$(dirname "$0")/../.."
target=aarch64-apple-darwin
if ! timeout 120 rustup target add "$target" >/dev/null 2>&1; then
    echo "there is no $target here, left out"
    exit 0
fi
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

cat >"$tools/cc" <<'CC'
#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        -E) exec cc -E -x c /dev/null ;;
        -o) : >"$2" ;;
    esac
    shift
done
CC
cat >"$tools/ar" <<'AR'
#!/bin/sh
for word in "$@"; do
    case "$word" in *.a) : >"$word" ;; esac
done
AR
chmod +x "$tools/cc" "$tools/ar"
export CC_aarch64_apple_darwin="$tools/cc" AR_aarch64_apple_darwin="$tools/ar" RANLIB_aarch64_apple_darwin=true SDKROOT="$tools"
[ $# -gt 0 ] || set -- -p massgen-isolation -p massgen-logs
cargo check --target "$target" --locked "$@"
echo "$target: compiles"
