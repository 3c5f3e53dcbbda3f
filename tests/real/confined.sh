#!/bin/sh
# Tools in their usual configuration inside of a session that the kernel confines: git, cargo, npm, python
# and pip, make. Package caches are in the home directory, where they usually are, and are filled outside
# first; inside, nothing is fetched. Needs cargo, npm, python3 and git; npm and pip use their registries once.
#
#     tests/real/confined.sh path/to/massgen
set -eu
massgen=$(realpath "$1")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
rustup_home=${RUSTUP_HOME:-$HOME/.rustup}
export RUSTUP_HOME="$rustup_home" HOME="$place/home" CARGO_HOME="$place/home/.cargo"
mkdir -p "$HOME" "$CARGO_HOME"
git config --global user.name Tester
git config --global user.email tester@example.com
git config --global init.defaultBranch main
# Signing is configured, as many have it; the key is out of an agent's reach.
git config --global commit.gpgsign true
git config --global gpg.program /bin/false

# confined NAME SCRIPT: SCRIPT passes inside, under the kernel, and nothing outside changes.
confined() {
    name=$1 script=$2
    before=$(git ls-files -s | sha256sum; git for-each-ref | grep -v refs/massgen | sha256sum; git status --porcelain | sha256sum)
    "$massgen" isolate run --protect require --json --name "$name" -- sh -euc "$script" \
        >"$place/said.json" 2>"$place/inside.log" || { cat "$place/inside.log"; echo "$name: fails confined"; exit 1; }
    after=$(git ls-files -s | sha256sum; git for-each-ref | grep -v refs/massgen | sha256sum; git status --porcelain | sha256sum)
    [ "$before" = "$after" ] || { echo "$name: the project changed"; exit 1; }
    grep -q '"achieved": "landlock"' "$place/said.json" || { echo "$name: not confined"; exit 1; }
    grep -q '"escapes": \[\]' "$place/said.json" || { cat "$place/said.json"; echo "$name: escapes"; exit 1; }
    "$massgen" isolate discard "$name" >/dev/null 2>&1
    echo "$name: works confined"
}
commit() { git add -A && git -c commit.gpgsign=false commit -qm "$1"; }

mkdir "$place/git" && cd "$place/git"
git init -q . && for n in 1 2 3; do echo "$n" >"f$n" && commit "$n"; done
git branch other HEAD~1
confined git '
    echo more >>f1; git commit -qam more
    git checkout -q -b topic; echo topic >t; git add t; git commit -qm topic
    git checkout -q main; echo main >>f2; git commit -qam main; git rebase -q main topic
    echo wip >>f3; git stash -q; git stash pop -q; git stash -q; git stash drop -q
    git tag -a -m tagged v1; git branch -d other
    git worktree add -q -b second ../second main && echo s >../second/s && git -C ../second add s && git -C ../second commit -qm second
    git worktree remove ../second; git gc -q --prune=now; git reflog expire --expire=now --all; git fsck
    git clone -q . "$TMPDIR/clone"; git config user.name Other; git cherry-pick topic >/dev/null 2>&1 || git cherry-pick --abort || true
    git log --oneline | grep -q topic'

mkdir "$place/cargo" && cd "$place/cargo"
git init -q . && cargo new -q --vcs none --lib one && cd one && echo 'itoa = "1"' >>Cargo.toml
echo /target >.gitignore && cargo build -q 2>/dev/null && cd .. && commit "a crate"
confined cargo 'cd one; cargo build -q --offline; cargo test -q --offline; test -d target'

mkdir "$place/npm" && cd "$place/npm"
git init -q . && npm init -y >/dev/null
npm install --silent --no-audit --no-fund is-odd@3 >/dev/null 2>&1 && rm -rf node_modules
echo node_modules >.gitignore && commit "a package"
confined npm 'npm install --offline --no-audit --no-fund; node -e "process.exit(require(\"is-odd\")(3) ? 0 : 1)"; npm ci --offline --no-audit --no-fund'

mkdir "$place/python" && cd "$place/python"
git init -q . && mkdir wheels && python3 -m pip download -q --no-deps -d wheels six==1.16.0 2>/dev/null
printf '.venv/\n' >.gitignore && commit "a wheel"
confined python '
    python3 -m venv .venv
    .venv/bin/pip install -q --no-index --find-links wheels six
    .venv/bin/python -c "
import multiprocessing, six, tempfile
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
tempfile.NamedTemporaryFile().write(b\"x\")"'

mkdir "$place/make" && cd "$place/make"
git init -q .
printf 'all: program\n\t./program >/dev/null\nprogram: program.c\n\tcc -o $@ $<\nclean:\n\trm -f program\n' >Makefile
printf '#include <stdio.h>\nint main(void) { puts("made"); return 0; }\n' >program.c
commit "a program"
if command -v cc >/dev/null; then confined make 'make -s -j4; make -s clean; make -s'; fi
