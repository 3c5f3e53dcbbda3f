#!/usr/bin/env bash
# Drives the review with real keys in a real terminal (tmux), and looks at what is in the project afterwards.
# Usage: tests/terminal/run.sh PROGRAM [DIRECTORY]   screens that documents show are kept in DIRECTORY
set -eu
massgen=$(realpath "$1")
screens=${2:+$(realpath -m "$2")}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1
here_home=$HOME
unset MASSGEN_STATE_DIR XDG_STATE_HOME NO_COLOR VISUAL EDITOR PAGER || true
export massgen screens work here_home
trap 'rm -rf "$work"' EXIT

failed=0
for case in "$here"/cases/*.sh; do
    started=$(date +%s%N)
    # A terminal of its own for each case, and a shell that ends at the first thing that goes wrong.
    if socket="massgen-$$-$(basename "$case" .sh)" bash -eu -c '. "$1/keys.sh"; trap "tm kill-server 2>/dev/null || true" EXIT; . "$2"' - "$here" "$case"; then
        echo "ok  $(basename "$case" .sh)  $((($(date +%s%N) - started) / 1000000)) ms"
    else
        echo "FAILED  $(basename "$case" .sh)"
        failed=1
    fi
done
exit $failed
