#!/bin/sh
# A confined agent that uses the terminal: an editor, stopped and continued with Ctrl-Z and fg, interrupted
# with Ctrl-C, and one that types answers for the user. In a real tmux, as a person would see it. Needs tmux,
# git, bash and vi.
#
#     tests/terminal/confined.sh path/to/massgen
set -eu
massgen=$(realpath "$1")
place=$(mktemp -d)
socket=$place/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null || true; rm -rf "$place"' EXIT
mkdir -p "$place/home" "$place/project" "$place/bin"
ln -s "$massgen" "$place/bin/massgen"
cd "$place/project"
git init -q . && printf 'one\n' >file && git add . && git -c user.name=T -c user.email=t@e commit -qm one

fail() { tmux -S "$socket" capture-pane -p; echo "failed: $1"; exit 1; }
# shows TEXT: the screen comes to show it.
shows() {
    for _ in $(seq 100); do
        tmux -S "$socket" capture-pane -p | grep -qF -- "$1" && return
        sleep 0.1
    done
    fail "the screen never showed: $1"
}
keys() { tmux -S "$socket" send-keys "$@"; }
fresh() { keys C-l; keys -l "clear"; keys Enter; sleep 0.2; }
last() { HOME="$place/home" "$massgen" isolate show @last --json; }
workspace() { last | sed -n 's/.*"workspace": "\(.*\)",/\1/p'; }

env -i HOME="$place/home" PATH="$place/bin:/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8 TERM=xterm-256color \
    tmux -S "$socket" -f /dev/null new-session -d -x 100 -y 30 "exec bash --norc --noprofile"
keys -l "PS1='READY\$ '" && keys Enter
shows 'READY$'

# An editor: types, saves, leaves. Stopped in between, the shell has the terminal; continued, the editor has.
keys -l 'massgen isolate run --protect require -- vi file' && keys Enter
shows '"file"'
keys -l 'otwo' && keys Escape && sleep 0.2 && shows 'two'
keys C-z
shows 'Stopped'
keys -l 'echo shell-$((40+2))' && keys Enter
shows 'shell-42'
keys -l 'fg' && keys Enter
sleep 0.5
keys -l 'othree' && keys Escape && keys -l ':wq' && keys Enter
shows 'Review them now'
keys -l 'n' && keys Enter
shows '1 modified'
[ "$(cat "$(workspace)/file")" = "$(printf 'one\ntwo\nthree')" ] || fail 'the editor did not save'
[ "$(cat file)" = one ] || fail 'the project was written'
last | grep -q '"achieved": "landlock"' || fail 'not confined'
fresh

# Ctrl-C is the agent's: a shell in it goes on, a program ends.
keys -l 'massgen isolate run -- bash --norc --noprofile' && keys Enter
sleep 1
keys -l 'PS1="INSIDE> "' && keys Enter
shows 'INSIDE>'
keys -l 'sleep 100' && keys Enter && sleep 0.3 && keys C-c
keys -l 'echo on-$((6*7)); exit' && keys Enter
shows 'on-42'
shows 'nothing changed'
fresh
keys -l 'massgen isolate run -- sleep 100; echo code-$?' && keys Enter
sleep 1 && keys C-c
shows 'code-130'
fresh

# What the agent types itself is no answer of the user's, and no command for the shell. (The terminal's own
# switch may forbid it to type; then there is nothing to drop.)
keys -l "massgen isolate run -- sh -c 'echo x >typed; stty -echo; sleep 1.5; exit 0'" && keys Enter
sleep 1 && keys -l 'y' && keys Enter
shows 'Review them now'
sleep 0.5
tmux -S "$socket" capture-pane -p | grep -q 'Review them now? \[y/N] y' && fail 'what was typed before the question answered it'
keys Enter
shows '1 added'
[ ! -e typed ] || fail 'the project was written'
fresh

# An agent that breaks the terminal leaves it as it was.
keys -l "massgen isolate run -- sh -c 'stty raw -echo; kill -9 \$\$'; echo code-\$?" && keys Enter
shows 'code-137'
keys -l 'echo sane-$((1+1))' && keys Enter
shows 'sane-2'
echo "terminal: editor, stop and continue, interrupt, typed-ahead answers, broken modes"
