#!/bin/sh
# Five projects of different kinds, made by their own tools: what builds and passes outside builds and
# passes inside a session, and the project is as it was. Needs cargo, npm, python3 and git; npm and pip use
# their registries.
#
#     tests/real/run.sh path/to/massgen
set -eu
massgen=$(realpath "$1")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cargo_home=${CARGO_HOME:-$HOME/.cargo}
rustup_home=${RUSTUP_HOME:-$HOME/.rustup}
export CARGO_HOME="$cargo_home" RUSTUP_HOME="$rustup_home" HOME="$place/home"
mkdir -p "$HOME"
git config --global user.name Tester
git config --global user.email tester@example.com
git config --global init.defaultBranch main
git config --global protocol.file.allow always

# check NAME CHECK [RUN ARGUMENTS…]: CHECK passes outside and inside.
check() {
    name=$1 script=$2
    shift 2
    sh -euc "$script" >"$place/outside.log" 2>&1 || { cat "$place/outside.log"; echo "$name: fails outside"; exit 1; }
    before=$(git ls-files -s | sha256sum; git for-each-ref | sha256sum; git status --porcelain --ignored | sha256sum)
    "$massgen" isolate run --name "$name" "$@" -- sh -euc "$script" >"$place/inside.log" 2>&1 ||
        { cat "$place/inside.log"; echo "$name: fails inside"; exit 1; }
    after=$(git ls-files -s | sha256sum; git for-each-ref | grep -v refs/massgen | sha256sum; git status --porcelain --ignored | sha256sum)
    [ "$before" = "$after" ] || { echo "$name: the project changed"; exit 1; }
    "$massgen" isolate discard "$name" >/dev/null 2>&1
    echo "$name: passes outside and inside"
}

mkdir "$place/cargo" && cd "$place/cargo"
git init -q .
cargo new -q --vcs none --lib one && cargo new -q --vcs none two
printf '[workspace]\nresolver = "3"\nmembers = ["one", "two"]\n' >Cargo.toml
printf 'one = { path = "../one" }\n' >>two/Cargo.toml
printf 'fn main() { println!("{}", one::add(1, 2)); }\n' >two/src/main.rs
echo /target >.gitignore
cargo generate-lockfile -q --offline 2>/dev/null
git add . && git commit -qm "a workspace"
check cargo-workspace 'cargo test -q --offline; cargo run -q --offline -p two | grep -qx 3' --carry-ignored none

mkdir "$place/npm" && cd "$place/npm"
git init -q .
npm init -y >/dev/null
npm install --silent --no-audit --no-fund is-odd@3 >/dev/null 2>&1
printf 'const test = require("node:test"); const assert = require("node:assert");\ntest("odd", () => assert.ok(require("is-odd")(3)));\n' >odd.test.js
echo node_modules >.gitignore
git add . && git commit -qm "a package"
check npm-with-node-modules 'node --test 2>&1 | grep -q "pass 1"; ls node_modules/.bin >/dev/null 2>&1 || true' --carry-ignored all

mkdir "$place/python" && cd "$place/python"
git init -q .
python3 -m venv .venv
.venv/bin/pip install -q six==1.16.0 2>/dev/null
printf 'import unittest, six\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(six.ensure_str(b"a"), "a")\n' >test_it.py
printf '.venv/\n__pycache__/\n' >.gitignore
git add . && git commit -qm "a module"
check python-with-venv '.venv/bin/python -B -m unittest -q' --carry-ignored all

git init -q "$place/library" && cd "$place/library"
printf 'all:\n\tgrep -q library file\n' >Makefile && echo library >file && git add . && git commit -qm library
mkdir "$place/submodules" && cd "$place/submodules"
git init -q .
git submodule --quiet add ../library lib
printf '*.bin filter=lfs diff=lfs merge=lfs -text\n' >.gitattributes
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12\n' 0 >asset.bin
git add . && git commit -qm "submodule and pointer"
check submodules-and-lfs 'make -s -C lib; grep -q git-lfs asset.bin; git submodule status | grep -q lib; test -z "$(git status --porcelain)"'

mkdir "$place/links" && cd "$place/links"
git init -q .
git config core.autocrlf false
printf '*.bat text eol=crlf\n' >.gitattributes
printf '@echo off\r\necho hi\r\n' >run.bat
mkdir -p src/deep && echo shared >src/shared.txt && ln -s ../shared.txt src/deep/link && ln -s src current && ln -s nowhere dangling
printf 'test:\n\tgrep -q shared current/deep/link\n\ttest -L dangling\n\ttest "$$(od -An -c run.bat | grep -c "\\\\r")" -gt 0\n' >Makefile
git add . && git commit -qm "links and line ends"
check links-and-crlf 'make -s; test -z "$(git status --porcelain)"'
