#!/usr/bin/env bash
# Agents that people use, in sessions that the kernel confines: each is told by aimock to append to a file with its shell, outside
# and twice in one session; the session has both lines, the project none, and the user's settings stay as they are. MassGen runs
# to its end. Installs 1.4 GB from npm and 1 GB from PyPI, which is why `.ci/run` leaves it out.
#
#     tests/real/agents.sh path/to/massgen
set -eu
massgen=$(realpath "$1")
cd "$(dirname "$0")/../.."
kept=$PWD/target/agents
npm install --silent --no-fund --no-audit --prefix "$kept" @copilotkit/aimock@1.43.0 @anthropic-ai/claude-code@2.1.197 \
    @openai/codex@0.171.0 @google/gemini-cli@0.61.0 @qwen-code/qwen-code@0.15.10 opencode-ai@1.18.33 @github/copilot@1.0.102
[ -x "$kept/venv/bin/massgen" ] || {
    python3 -m venv "$kept/venv"
    "$kept/venv/bin/pip" install --quiet --disable-pip-version-check massgen==0.1.97
}
place=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$place"' EXIT

port=$(python3 -c 'import socket; held = socket.socket(); held.bind(("127.0.0.1", 0)); print(held.getsockname()[1])')
base=http://127.0.0.1:$port
python3 - "$place/fixtures.json" <<'PY'
import json, sys

# By the name of the model: the tool that is a shell, and its arguments.
work = "echo two >> file"
shells = {
    "claude-sonnet-4-5": ("Bash", {"command": work, "description": "append"}),
    "m-codex": ("exec_command", {"cmd": work}),
    "gemini-2.5-flash": ("run_shell_command", {"command": work, "description": "append"}),
    "m-qwen": ("run_shell_command", {"command": work, "description": "append", "is_background": False}),
    "m-opencode": ("bash", {"command": work, "description": "append"}),
    "m-copilot": ("bash", {"command": work, "description": "append"}),
}
calls = [
    {"match": {"model": model, "hasToolResult": False}, "response": {"toolCalls": [{"name": name, "arguments": arguments}]}}
    for model, (name, arguments) in shells.items()
]
json.dump({"fixtures": [*calls, {"match": {}, "response": {"content": "All done."}}]}, open(sys.argv[1], "w"))
PY
node "$kept/node_modules/@copilotkit/aimock/dist/cli.js" -p "$port" -f "$place/fixtures.json" --log-level warn >"$place/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -sf "$base/health" >/dev/null && break
    sleep 0.1
done

export HOME="$place/home" PATH="$kept/node_modules/.bin:$PATH" GIT_CONFIG_NOSYSTEM=1
export ANTHROPIC_BASE_URL=$base ANTHROPIC_API_KEY=sentinel GOOGLE_GEMINI_BASE_URL=$base GEMINI_API_KEY=sentinel
export OPENAI_BASE_URL=$base/v1 OPENAI_API_KEY=sentinel
export COPILOT_PROVIDER_BASE_URL=$base/v1 COPILOT_PROVIDER_API_KEY=sentinel COPILOT_MODEL=m-copilot
mkdir -p "$HOME/.gemini" "$HOME/.codex" "$HOME/.config/opencode" "$place/project"
echo '{"security": {"auth": {"selectedType": "gemini-api-key"}}}' >"$HOME/.gemini/settings.json"
cat >"$HOME/.codex/config.toml" <<TOML
model = "m-codex"
model_provider = "here"
sandbox_mode = "danger-full-access"
[model_providers.here]
name = "here"
base_url = "$base/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
TOML
cat >"$HOME/.config/opencode/opencode.json" <<JSON
{"provider": {"here": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "$base/v1", "apiKey": "sentinel"}, "models": {"m-opencode": {}}}}}
JSON
cd "$place/project"
git init -q
git config user.name Tester
git config user.email tester@example.com
echo one >file
git add file
git commit -qm one

settings() { cat "$HOME/.gemini/settings.json" "$HOME/.codex/config.toml" "$HOME/.config/opencode/opencode.json" | sha256sum; }

# ends NAME COMMAND...: the conversation comes to its end.
ends() {
    local name=$1
    shift
    timeout 120 "$@" >"$place/said" 2>&1 </dev/null || { cat "$place/said"; echo "$name: exit $?"; exit 1; }
    grep -q "All done" "$place/said" || grep -q "Resume" "$place/said" || { cat "$place/said"; echo "$name: no answer"; exit 1; }
}

# agent NAME COMMAND...: once outside, as its users have it, and twice confined.
agent() {
    local name=$1
    shift
    ends "$name outside" "$@"
    [ "$(cat file)" = "$(printf 'one\ntwo')" ] || { cat "$place/said" file; echo "$name: did nothing outside"; exit 1; }
    git checkout -q file
    local before
    before=$(settings)
    ends "$name" "$massgen" isolate run --protect require --apply never --name "$name" \
        --pass-env ANTHROPIC_API_KEY,GEMINI_API_KEY,OPENAI_API_KEY,COPILOT_PROVIDER_API_KEY -- "$@"
    ends "$name again" "$massgen" isolate exec "$name" -- "$@"
    [ "$before" = "$(settings)" ] || { echo "$name: its settings changed"; exit 1; }
    [ "$(git status --porcelain)" = "" ] || { echo "$name: the project changed"; exit 1; }
    "$massgen" isolate apply "$name" >/dev/null 2>&1
    [ "$(cat file)" = "$(printf 'one\ntwo\ntwo')" ] || { cat "$place/said" file; echo "$name: its work is not what it did"; exit 1; }
    git checkout -q file
    echo "$name: works confined"
}

agent claude claude --model claude-sonnet-4-5 --allowedTools Bash -p "say hi"
agent codex codex exec "say hi"
agent gemini gemini --skip-trust --yolo -m gemini-2.5-flash -p "say hi"
agent qwen qwen --auth-type openai --yolo -m m-qwen -p "say hi"
agent opencode opencode run -m here/m-opencode "say hi"
agent copilot copilot -p "say hi" --allow-all-tools

# MassGen's agents have no shell here: what it leaves is the records of its run.
cat >massgen.yaml <<YAML
agents:
  - id: a
    backend: {type: chatcompletion, model: gpt-4o, base_url: "$base/v1"}
ui: {display_type: simple}
YAML
git add massgen.yaml
git commit -qm two
mass() { "$@" "$kept/venv/bin/massgen" --automation --config massgen.yaml "say hi" >"$place/said" 2>&1 </dev/null; }
mass timeout 120 || { cat "$place/said"; echo "massgen outside: exit $?"; exit 1; }
rm -r .massgen
mass timeout 120 "$massgen" isolate run --protect require --apply never --name massgen --pass-env OPENAI_API_KEY -- ||
    { cat "$place/said"; echo "massgen: exit $?"; exit 1; }
"$massgen" isolate apply massgen >/dev/null 2>&1
"$massgen" logs summary >"$place/said" 2>&1 || { cat "$place/said"; echo "massgen: no records"; exit 1; }
echo "massgen: works confined"
