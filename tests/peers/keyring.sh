#!/usr/bin/env bash
# A key in a real keyring: GNOME's daemon on a bus of its own, unlocked, in a home of its own.
#
#     tests/peers/keyring.sh MASSGEN
#
# Needs dbus-run-session, gnome-keyring-daemon and, to look from outside, secret-tool.
set -eu
massgen=$(realpath "$1")
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir -m 700 "$home/run"
export massgen home

cat >"$home/steps" <<'STEPS'
set -eu
fail() { echo "FAILED $1"; exit 1; }
ours() { "$massgen" auth "$@" 2>&1; }
printf password | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
daemon=$!
trap 'kill $daemon' EXIT
for _ in $(seq 50); do
    [ -S "$HOME/run/keyring/control" ] && break
    sleep 0.1
done
key=sentinel-$$-in-a-keyring
said=$(printf '%s\n' "$key" | ours set groq)
case "$said" in *"system's keyring"*) ;; *) fail "set says: $said" ;; esac
ours status | grep -q "^groq .*the system's keyring" || fail "status does not show where the key is"
[ "$(secret-tool lookup service massgen username groq)" = "$key" ] || fail "the keyring does not hold the key"
# No file of ours or of anybody's holds it as it is.
if grep -rqF "$key" "$HOME" 2>/dev/null; then fail "the key is in a file"; fi
ours remove groq >/dev/null
if secret-tool lookup service massgen username groq | grep -q .; then fail "remove leaves the key"; fi
if ours status | grep -q "^groq .*keyring"; then fail "status shows a key that is gone"; fi
echo "keyring: set, found, never in a file, removed"
STEPS
env -i PATH="$PATH" HOME="$home" XDG_RUNTIME_DIR="$home/run" massgen="$massgen" \
    dbus-run-session -- bash "$home/steps" 2>&1 | grep -v 'Failed to set fd limit'
[ "${PIPESTATUS[0]}" -eq 0 ]
