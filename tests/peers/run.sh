#!/usr/bin/env bash
# Servers that others wrote, against the built program: aimock (npm) for breadth, llmock (PyPI) for resilience.
#
#     tests/peers/run.sh MASSGEN
set -eu
binary=$(realpath "$1")
cd "$(dirname "$0")"
kept=$(realpath ../../target)/peers
mkdir -p "$kept"

[ -x "$kept/venv/bin/llmock" ] || { python3 -m venv "$kept/venv" && "$kept/venv/bin/pip" install --quiet --disable-pip-version-check llmock==0.2.2; }
python3 resilience.py "$kept/venv/bin/llmock" "$binary" ../fixtures/runs

if command -v npm >/dev/null; then
    cli=$kept/node_modules/@copilotkit/aimock/dist/cli.js
    [ -f "$cli" ] || npm install --silent --ignore-scripts --no-fund --no-audit --prefix "$kept" @copilotkit/aimock@1.43.0
    python3 breadth.py "$cli" "$binary" ../fixtures/runs
else
    echo "breadth: there is no npm, left out"
fi
