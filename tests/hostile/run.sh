#!/bin/sh
# The hostile agent as the one who runs this, and, if that is root, as nobody, too: first against the kernel,
# then against the audit. With a descriptor of the user's left open for it, and with python3, if there is one,
# for what a shell can't try. Needs git and setpriv (util-linux).
#
#     tests/hostile/run.sh path/to/massgen
set -eu
massgen=$(realpath "$1")
scripts=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
cp "$scripts"/*.sh "$place/" && ln "$massgen" "$place/massgen" 2>/dev/null || cp "$massgen" "$place/massgen"
chmod -R a+rX "$place"

# state DIR…: every path with permissions and bytes, without our own state and the session's pin.
state() {
    find "$@" \( -path '*/.local' -o -path '*/.cache' -o -path '*/refs/massgen' \) -prune -o \
        -printf '%p %m %y %l\n' | sort
    find "$@" \( -path '*/.local' -o -path '*/.cache' -o -path '*/refs/massgen' \) -prune -o \
        -type f -print0 | sort -z | xargs -0 sha256sum
}

# play WHO PROTECT: a fresh project, the agent, and what is left.
play() {
    who=$1 protect=$2 base=$place/$1-$2
    mkdir -p "$base/home" "$base/project"
    printf '[user]\n\tname = T\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n' >"$base/home/.gitconfig"
    run=
    if [ "$who" = nobody ]; then
        chown -R 65534:65534 "$base"
        run='setpriv --reuid=65534 --regid=65534 --clear-groups'
    fi
    cd "$base/project"
    export HOME="$base/home" OUTSIDE="$base/outside"
    $run sh "$place/project.sh" >"$base/setup.log" 2>&1 || { cat "$base/setup.log"; exit 1; }
    state "$base/home" "$base/project" "$base/outside" >"$base/before"
    $run sh -c 'exec 9>>inherited; exec "$@"' sh "$place/massgen" isolate run --json --protect "$protect" -- \
        sh "$place/agent.sh" >"$base/said.json" 2>"$base/tried" || { cat "$base/tried"; exit 1; }
    state "$base/home" "$base/project" "$base/outside" >"$base/after"
    grep -q "\"achieved\": \"$3\"" "$base/said.json" || { cat "$base/said.json"; echo "$who: not $3"; exit 1; }
    tab=$(printf '\t')
    tried=$(grep -c "$tab" "$base/tried")
    [ "$tried" -gt 50 ] || { cat "$base/tried"; echo "only $tried attempts"; exit 1; }
}

for who in $([ "$(id -u)" = 0 ] && echo root nobody || echo me); do
    play "$who" require landlock
    got_out=$(grep "${tab}done\$" "$base/tried" | cut -f1 | grep -vxE 'mode|tracked-link|gitdir-pointer' || true)
    [ -z "$got_out" ] || { echo "$who got out: $got_out"; exit 1; }
    changed=$(diff "$base/before" "$base/after" | grep '^[<>]' | grep -v "project/mode " || true)
    [ -z "$changed" ] || { echo "$who changed: $changed"; exit 1; }
    grep -q '"path": "mode"' "$base/said.json" || { echo "$who: changed permissions are not told"; exit 1; }
    echo "$who, confined: $tried attempts, nothing changed but permissions, which are told"

    play "$who" audit audit
    told=0
    grep "${tab}done\$" "$base/tried" | cut -f1,2 >"$base/done"
    while IFS="$tab" read -r name path; do
        case $name:$path in *:-|outside:*|temp:*) continue ;; esac
        told=$((told + 1))
        grep -qE "\"path\": \"$path(/[^\"]*)?\"" "$base/said.json" && continue
        case $path in .git/refs/*) grep -q '"path": ".git/packed-refs"' "$base/said.json" && continue ;; esac
        echo "$who: $name ($path) is not told"
        exit 1
    done <"$base/done"
    echo "$who, audited: $told escapes, each told"
done
