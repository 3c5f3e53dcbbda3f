#!/usr/bin/env bash
# Drives the pages in a real browser (chromium): the review's, with a look at what is in the project afterwards, and
# that of a run.
# Usage: tests/browser/run.sh PROGRAM [DIRECTORY]   pictures that documents show are kept in DIRECTORY
set -eu
massgen=$(realpath "$1")
pictures=${2:+$(realpath -m "$2")}
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../../target/browser-venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
failed=0
for page in review run_page; do
    echo "-- $page"
    "$venv/bin/python" "$here/$page.py" "$massgen" ${pictures:+"$pictures"} || failed=1
done
exit $failed
