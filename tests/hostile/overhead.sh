#!/bin/sh
# What confinement adds to a command that does nothing: the same `isolate exec` confined, watched and free, in a
# home with next to nothing in it and in a full one, where every neighbour of a hidden place needs a rule of its
# own. Prints medians in milliseconds. Needs git, jq and hyperfine.
#
#     tests/hostile/overhead.sh path/to/massgen [RUNS]
set -eu
massgen=$(realpath "$1")
runs=${2:-100}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

for home in empty full; do
    export HOME="$place/$home" GIT_CONFIG_NOSYSTEM=1
    unset XDG_STATE_HOME MASSGEN_STATE_DIR || true
    mkdir -p "$HOME/project" "$HOME/.ssh" "$HOME/.aws" "$HOME/.config/gcloud"
    if [ "$home" = full ]; then
        for number in $(seq 350); do mkdir "$HOME/.tool$number"; done
        for number in $(seq 50); do mkdir "$HOME/.config/tool$number" "$HOME/.aws/part$number"; done
    fi
    cd "$HOME/project"
    git init -q .
    git -c user.name=b -c user.email=b@example.com commit -q --allow-empty -m base
    for protect in off audit require; do
        "$massgen" isolate create --name "$protect" --protect "$protect" >/dev/null 2>&1
    done
    hyperfine -N --warmup 5 --runs "$runs" --export-json "$place/$home.json" \
        -n off "$massgen isolate exec off -- true" \
        -n audit "$massgen isolate exec audit -- true" \
        -n require "$massgen isolate exec require -- true" >/dev/null 2>&1
    jq -r --arg home "$home" '.results | map({(.command): (.median * 1000)}) | add
        | "\($home) home: free \(.off * 10 | round / 10) ms, watched +\((.audit - .off) * 10 | round / 10) ms, confined and watched +\((.require - .off) * 10 | round / 10) ms"' "$place/$home.json"
done
