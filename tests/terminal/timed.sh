#!/usr/bin/env bash
# How long a person waits: reviews of ten thousand files and of fifty megabytes, on a real
# terminal (tmux). Figures, no test: they depend on the machine and on what else it does.
# Usage: tests/terminal/timed.sh PROGRAM        a release build
set -eu
massgen=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
socket=massgen-timed-$$
export massgen work LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1
unset MASSGEN_STATE_DIR XDG_STATE_HOME NO_COLOR || true
. "$here/keys.sh"
trap 'tm kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

now() { date +%s%N; }
ms() { echo $((($(now) - $1) / 1000000)); }

# Waits for a text on the screen without a pause: a look takes some 2 ms.
until_shown() {
    local end=$((SECONDS + 30))
    while [ $SECONDS -lt $end ]; do
        if tm capture-pane -p -t "$name" 2>/dev/null | grep -qF -- "$1"; then return 0; fi
    done
    echo "never shown: $1"
    exit 1
}

# A key, and the milliseconds until the screen shows what it is for. Starting tmux to press it is part of them.
timed() {
    local started
    started=$(now)
    press "$1"
    until_shown "$2"
    echo "  $3: $(ms "$started") ms"
}

# Opens a review five times; says when the first screen was there, and what the program had used by then.
opened() {
    # Starting the server is not what is timed.
    serve
    for _ in 1 2 3 4 5; do
        tm kill-session -t "$name" 2>/dev/null || true
        tm new-session -d -s "$name" -x 80 -y 24 "exec sh"
        tm set-option -t "$name" -q status off
        until_shown '#'
        local started pid
        tm send-keys -t "$name" -l "clear; exec env TERM=tmux-256color $massgen isolate review $1"
        started=$(now)
        press Enter
        until_shown 'hunk 1 of'
        local took
        took=$(ms "$started")
        pid=$(pgrep -f "^$massgen isolate review $1$")
        awk -v took="$took" -v tick="$(getconf CLK_TCK)" \
            '{ printf "  first screen: %d ms (processor time %d ms)\n", took, ($14 + $15) * 1000 / tick }' "/proc/$pid/stat"
    done
}

memory() { awk '/VmHWM/ { printf "  memory at most: %d MiB\n", $2 / 1024 }' "/proc/$(pgrep -f "^$massgen isolate review $1$")/status"; }

echo "10,000 files"
project many
python3 - <<'P'
import pathlib
for d in range(100, 200):
    folder = pathlib.Path(f"src/m{d}")
    folder.mkdir(parents=True)
    for f in range(100, 200):
        lines = (f"pub fn f{d}_{f}_{n}() -> u32 {{ {n} }}\n" for n in range(1, 41))
        (folder / f"f{f}.rs").write_text("".join(lines))
P
agent many <<'A'
find src -name '*.rs' -exec sed -i 's/_7() -> u32 { 7 }/_7() -> u32 { 77 }/' {} +
A
opened many
timed Down 'src/m100/f101.rs  changed' 'the next file'
timed Space '✓   M f101.rs' 'take a file'
timed a 'Everything in scope is taken' 'take everything'
timed r 'Everything is left' 'leave everything'
timed h '▶✓ hunk 1 of 1' 'take a hunk, with 10,000 decisions kept'
timed Enter 'Apply writes 1 path' 'what would happen'
memory many

# Opens a review of one file, and goes and decides in it. Each has a terminal of its own: one keeps the home
# directory that it was started with.
large() {
    opened "$1"
    timed ']' '▶○ hunk 2 of' 'the next hunk'
    timed h '▶✓ hunk 2 of' 'take a hunk'
    memory "$1"
}

tm kill-server
echo "a diff of 50 MB: nine lines in ten of 27 MB are others"
project every
seq 600000 | sed 's/.*/line number & of a text that is rather long/' > large.txt
agent every <<'A'
sed -i '/0[0-9] of/!s/rather/very/' large.txt
A
large every

tm kill-server
echo "a file of 50 MB: a line in a hundred is another one"
project some
seq 1150000 | sed 's/.*/line number & of a text that is rather long/' > large.txt
agent some <<'A'
sed -i '1~100s/rather/very/' large.txt
A
large some
