#!/usr/bin/env bash
# Drives the review's page in a real browser (chromium), and looks at what is in the project afterwards.
# Usage: tests/browser/run.sh PROGRAM [DIRECTORY]   pictures that documents show are kept in DIRECTORY
set -eu
massgen=$(realpath "$1")
pictures=${2:+$(realpath -m "$2")}
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../../target/browser-venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
exec "$venv/bin/python" "$here/review.py" "$massgen" ${pictures:+"$pictures"}
