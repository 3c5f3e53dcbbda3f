#!/usr/bin/env python3
"""npm's aimock speaks for many services on one port: every path of it that this program has a provider for.

    tests/peers/breadth.py AIMOCK_CLI MASSGEN RUNS_DIR [paths] [chaos] [fixtures] [lists]

AIMOCK_CLI   dist/cli.js of the package @copilotkit/aimock
"""
import concurrent.futures
import http.client
import http.server
import json
import sys
import threading
import urllib.error
import urllib.request

import peer

# Model, environment (`@` stands for the server, `%` for what stands before it), and the path that has to be asked, streamed and whole.
PLACES = {
    "openai/gpt-6-luna": ({"OPENAI_BASE_URL": "@/v1"}, "/v1/responses", "/v1/responses"),
    "anthropic/claude-haiku-5-5": ({"ANTHROPIC_BASE_URL": "@"}, "/v1/messages", "/v1/messages"),
    "google/gemini-3.5-flash-lite": ({"GEMINI_BASE_URL": "@", "GOOGLE_GENAI_API_VERSION": "v1beta"},
                                     "/v1beta/models/gemini-3.5-flash-lite:streamGenerateContent", "/v1beta/models/gemini-3.5-flash-lite:generateContent"),
    "vertex/gemini-3.8-flash": ({"VERTEX_BASE_URL": "@", "VERTEX_API_KEY": "", "GOOGLE_APPLICATION_CREDENTIALS": "~/adc.json", "GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "europe-west1"},
                                "/v1/projects/p/locations/europe-west1/publishers/google/models/gemini-3.8-flash:streamGenerateContent",
                                "/v1/projects/p/locations/europe-west1/publishers/google/models/gemini-3.8-flash:generateContent"),
    "azure/my-deployment": ({"AZURE_OPENAI_ENDPOINT": "@", "OPENAI_API_VERSION": "2024-10-21"},
                            "/openai/deployments/my-deployment/chat/completions", "/openai/deployments/my-deployment/chat/completions"),
    "bedrock/us.anthropic.claude-haiku-5-5": ({"BEDROCK_BASE_URL": "@"}, "/model/us.anthropic.claude-haiku-5-5/converse-stream",
                                              "/model/us.anthropic.claude-haiku-5-5/converse"),
    "ollama/llama3.2": ({"OLLAMA_HOST": "%"}, "/api/chat", "/api/chat"),
    "openrouter/openai/gpt-oss-120b": ({"OPENROUTER_BASE_URL": "@/api/v1"}, "/api/v1/chat/completions", "/api/v1/chat/completions"),
    "groq/openai/gpt-oss-20b": ({"GROQ_BASE_URL": "@/openai/v1"}, "/openai/v1/chat/completions", "/openai/v1/chat/completions"),
    "lmstudio/local": ({"LMSTUDIO_BASE_URL": "@/v1"}, "/v1/chat/completions", "/v1/chat/completions"),
    "vllm/local": ({"VLLM_BASE_URL": "@/v1"}, "/v1/chat/completions", "/v1/chat/completions"),
}
PARTS = ("paths", "chaos", "fixtures", "lists")
REPORT = {"summary": "A peer says so.", "findings": []}
LOOK = [{"name": "list_files", "arguments": {"path": None}}]
# Everything that a fixture can break, by a word in the user's prompt.
FIXTURES = [
    {"match": {"systemMessage": "PEER-CUT"}, "response": {"content": "word " * 400}, "truncateAfterChunks": 3},
    {"match": {"systemMessage": "PEER-DROP"}, "response": {"content": "word " * 4000}, "latency": 20, "disconnectAfterMs": 300},
    {"match": {"systemMessage": "PEER-ERROR"}, "response": {"error": {"message": "no such thing here", "type": "invalid_request_error"}, "status": 400}},
    {"match": {"systemMessage": "PEER-SLOW", "hasToolResult": False}, "response": {"toolCalls": LOOK}, "streamingProfile": {"ttft": 800, "tps": 200}},
    {"match": {"systemMessage": "PEER-THINK", "hasToolResult": False}, "response": {"content": json.dumps(REPORT), "reasoning": "Let me think."}},
    {"match": {"hasToolResult": False}, "response": {"toolCalls": LOOK}},
    {"match": {"hasToolResult": True}, "response": {"content": json.dumps(REPORT)}},
]
# Rates of its chaos, the exit code that is right, and what has to be told.
CHAOS = {
    "every request limited": ({"rateLimitRate": 1}, {4}, "asked too often"),
    "every request fails": ({"dropRate": 1}, {4}, ""),
    "every reply malformed": ({"malformedRate": 1}, {4, 5}, ""),
    "every connection cut": ({"disconnectRate": 1}, {4, 5}, ""),
    "late": ({"latencyMs": 700}, {0}, ""),
}
# Providers whose list of models it has.
LISTED = ("openai", "ollama", "openrouter")
# A cut is a destroyed connection there, sometimes before the head of the reply was sent.
BROKEN = {"PEER-CUT": {4, 5}, "PEER-DROP": {4, 5}, "PEER-ERROR": {4, 5}, "PEER-SLOW": {0}, "PEER-THINK": {0}}


class Before(http.server.BaseHTTPRequestHandler):
    """What aimock lacks and its services have: Ollama's description of a model, Google's tokens."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/api/show":
            return self.answer({"model_info": {"llama.context_length": 32768}, "capabilities": ["completion", "tools"]})
        if self.path == "/token":
            return self.answer({"access_token": "sentinel-token", "expires_in": 3600})
        self.forward(urllib.request.Request(self.server.base + self.path, data=body, headers={"content-type": "application/json"}))

    def do_GET(self):
        self.forward(urllib.request.Request(self.server.base + self.path))

    def forward(self, request):
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                self.answer_bytes(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            self.answer_bytes(error.code, error.headers, error.read())
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def answer(self, value):
        self.answer_bytes(200, {"content-type": "application/json"}, json.dumps(value).encode())

    def answer_bytes(self, status, headers, body):
        self.send_response(status)
        for name in ("content-type", "retry-after"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Breadth:
    """One model, and a server that nobody else asks."""

    def __init__(self, bench, model, base, before):
        self.bench, self.model, self.base = bench, model, base
        variables, self.streamed, self.whole = PLACES[model]
        places = {"@": base, "%": before, "~": str(bench.home)}
        self.environment = {name: places.get(value[:1], value[:1]) + value[1:] for name, value in variables.items()}

    def asked(self):
        """Paths of all requests since the last look."""
        entries = peer.ask(f"{self.base}/__aimock/journal?limit=1000")
        entries = entries if isinstance(entries, list) else entries.get("entries", [])
        peer.ask(f"{self.base}/__aimock/reset/journal", {})
        return [entry["path"].split("?")[0].replace("%2F", "/") for entry in entries if "__aimock" not in entry["path"]]

    def analyze(self, *args):
        return self.bench.analyze("single_ok", "--model", self.model, *args, env=self.environment)

    def paths(self):
        for path, extra in ((self.streamed, []), (self.whole, ["--no-stream"])):
            what = f"{self.model} {' '.join(extra)}"
            self.asked()
            done = self.analyze(*extra)
            self.bench.check(f"{what}: exit 0", done.returncode == 0, done.stderr[-500:])
            asked = [asked for asked in self.asked() if asked.endswith(path.rsplit("/", 1)[1])]
            self.bench.check(f"{what}: a call and a report at {path}", len(asked) == 2 and set(asked) == {path}, asked)

    def chaos(self):
        for name, (rates, codes, words) in CHAOS.items():
            peer.ask(f"{self.base}/__aimock/chaos", rates)
            self.asked()
            done = self.analyze()
            what = f"{name} with {self.model}"
            self.bench.check(f"{what}: exit {sorted(codes)}", done.returncode in codes, f"was {done.returncode}: {done.stderr[-400:]}")
            self.bench.check(f"{what}: said", words in done.stderr, done.stderr[-300:])
            asked = [path for path in self.asked() if path in (self.streamed, self.whole)]
            self.bench.check(f"{what}: at most three tries", len(asked) <= 3, len(asked))
            if done.returncode:
                self.bench.check(f"{what}: one error with a hint", done.stderr.count("error:") == 1 and "hint:" in done.stderr, done.stderr[-300:])
            peer.ask(f"{self.base}/__aimock/chaos", method="DELETE")

    def fixtures(self):
        for word, codes in BROKEN.items():
            done = self.analyze("--prompt-file", self.bench.home / f"{word}.txt")
            self.bench.check(f"{word} with {self.model}: exit {sorted(codes)}", done.returncode in codes, f"was {done.returncode}: {done.stderr[-400:]}")

    def lists(self):
        provider = self.model.split("/")[0]
        if provider not in LISTED:
            return
        done = self.bench.massgen("models", "--provider", provider, "--refresh", "--json", env=self.environment)
        listed = [row for row in json.loads(done.stdout or "{}").get("models", []) if row["listed"]]
        self.bench.check(f"the list of {provider}", done.returncode == 0 and listed, done.stderr[-300:])


def all_of(bench, cli, fixtures, model, parts):
    port = peer.free_port()
    command = ["node", cli, "-p", str(port), "-f", str(fixtures), "--strict", "--validate-on-load", "--log-level", "warn"]
    with peer.server(command, port, "/health", bench.home / f"aimock-{port}.log") as base:
        before = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Before)
        before.base = base
        threading.Thread(target=before.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{before.server_port}"
        if model.startswith("vertex/"):
            adc = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": place + "/token"}
            (bench.home / "adc.json").write_text(json.dumps(adc))
        breadth = Breadth(bench, model, base, place)
        for part in parts:
            getattr(breadth, part)()
        before.shutdown()


def main(cli, binary, runs, *parts):
    bench = peer.Bench(binary, runs)
    bench.config('[network]\nidle_timeout = "5s"\n')
    fixtures = bench.home / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    # Before any model is asked: a file that is just written again would be read empty.
    for word in BROKEN:
        (bench.home / f"{word}.txt").write_text(f"{word} Answer at once.")
    # Most of the time is spent waiting.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for ended in [pool.submit(all_of, bench, cli, fixtures, model, parts or PARTS) for model in PLACES]:
            ended.result()
    return bench.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
