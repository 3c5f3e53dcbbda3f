#!/usr/bin/env python3
"""Drives the built program against a server that is strict by the vendors' own types.

    tests/strict/run.py SERVER.py MASSGEN RUNS_DIR

SERVER.py   the strict server (started here on a free port of loopback, ended by its own process id)
MASSGEN     the built binary
RUNS_DIR    a directory with the archives three_vote.tar.gz and tool_failures.tar.gz

Exits 1 and names every check that failed.
"""
import http.server
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request

SECRETS = {"OPENAI_API_KEY": "sentinel-openai-7261", "ANTHROPIC_API_KEY": "sentinel-anthropic-7262", "GEMINI_API_KEY": "sentinel-google-7263"}
MORE_SECRETS = {"XAI_API_KEY": "sentinel-xai-7264", "MISTRAL_API_KEY": "sentinel-mistral-7265", "GROQ_API_KEY": "sentinel-groq-7266",
                "DEEPSEEK_API_KEY": "sentinel-deepseek-7267", "OPENROUTER_API_KEY": "sentinel-openrouter-7268", "AZURE_OPENAI_API_KEY": "sentinel-azure-7269",
                "LMSTUDIO_API_KEY": "sentinel-lmstudio-7270", "AWS_BEARER_TOKEN_BEDROCK": "sentinel-bedrock-7271", "VLLM_API_KEY": "sentinel-vllm-7272"}
# Wire formats beyond those of the first three: model, format, the variable of its base URL, and what follows the server's own.
MORE = [("xai/grok-4.3", "openai.chat", "XAI_BASE_URL", "/v1"), ("lmstudio/local", "openai.chat", "LMSTUDIO_BASE_URL", "/v1"),
        ("openrouter/openai/gpt-oss-120b", "openai.chat", "OPENROUTER_BASE_URL", "/v1"), ("azure/my-deployment", "openai.chat", "AZURE_OPENAI_ENDPOINT", ""),
        ("groq/openai/gpt-oss-20b", "openai.chat", "GROQ_BASE_URL", "/openai/v1"), ("ollama/llama3.2", "ollama.chat", "OLLAMA_HOST", ""),
        ("bedrock/us.anthropic.claude-haiku-5-5", "bedrock.converse", "BEDROCK_BASE_URL", "")]
NAMED = ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.5-flash-lite"]
BARE = ["gpt-4o", "claude-sonnet-4-20250514", "gemini-3-flash-preview"]
FORMATS = {"openai": "openai.responses", "anthropic": "anthropic.messages", "google": "gemini.generate"}


class OpenAiCounter(http.server.BaseHTTPRequestHandler):
    """Counts as OpenAI does, which the strict server can't; what it was asked is kept."""
    asked = []

    def do_POST(self):
        self.asked.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        reply = json.dumps({"object": "response.input_tokens", "input_tokens": 77}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


class Suite:
    def __init__(self, server, binary, runs):
        self.source = server
        self.binary, self.runs = os.path.abspath(binary), pathlib.Path(runs)
        self.home = tempfile.mkdtemp()
        self.passed, self.failed = 0, []
        port_file = os.path.join(self.home, "port")
        self.server = subprocess.Popen([sys.executable, server, "--port", "0", "--port-file", port_file],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            if os.path.exists(port_file) and open(port_file).read().strip():
                break
            time.sleep(0.1)
        self.base = f"http://127.0.0.1:{open(port_file).read().strip()}"

    def admin(self, verb, body=None):
        data = None if body is None and verb == "journal" else json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.base}/__admin/{verb}", data=data, headers={"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=20))

    def massgen(self, run, *args, env=None, timeout=120):
        work = pathlib.Path(tempfile.mkdtemp(dir=self.home))
        with tarfile.open(self.runs / f"{run}.tar.gz") as archive:
            archive.extractall(work)
        shutil.move(next((work / run).glob("log_*")), work / "log_20260101_000000_000000")
        variables = {"PATH": os.environ["PATH"], "HOME": self.home, **SECRETS,
                     "OPENAI_BASE_URL": self.base + "/v1", "ANTHROPIC_BASE_URL": self.base, "GEMINI_BASE_URL": self.base, **(env or {})}
        variables = {name: value for name, value in variables.items() if value is not None}
        command = [self.binary, "logs", "analyze", "--mode", "self", "--log-dir", str(work / "log_20260101_000000_000000"), *args]
        started = time.time()
        done = subprocess.run(command, env=variables, cwd=work, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        done.seconds, done.turn = time.time() - started, work / "log_20260101_000000_000000/turn_1"
        for secret in [*SECRETS.values(), *MORE_SECRETS.values()]:
            self.check(f"no key printed: {args}", secret not in done.stdout + done.stderr)
        return done

    def check(self, what, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed.append(f"{what} {detail}")
            print(f"FAILED {what} {detail}", flush=True)

    def journal_is_clean(self, what):
        journal = self.admin("journal")
        rejected = [(entry["path"], entry["error"]) for entry in journal if entry["verdict"] not in ("ok", "scripted-error", "scripted-malformed")]
        self.check(f"{what}: no request rejected", not rejected, str(rejected)[:600])
        bodies = json.dumps([entry["body"] for entry in journal])
        self.check(f"{what}: no key in a body", not any(secret in bodies for secret in [*SECRETS.values(), *MORE_SECRETS.values()]))
        return journal

    def investigations(self):
        for model in NAMED + BARE:
            for run in ("three_vote", "tool_failures"):
                for extra in ([], ["--no-stream"]):
                    what = f"{model} on {run} {' '.join(extra)}"
                    self.admin("reset")
                    done = self.massgen(run, "--model", model, "--json", *extra)
                    self.check(f"{what}: exit 0", done.returncode == 0, done.stderr[-500:])
                    journal = self.journal_is_clean(what)
                    self.check(f"{what}: a tool round trip", len(journal) >= 2)
                    document = json.loads(done.stdout or "{}")
                    self.check(f"{what}: analysis/1", document.get("schema") == "analysis/1" and document.get("stop") == "finished")

    def several_steps(self):
        for model in NAMED:
            provider = model.split("/")[0]
            path = "turn_1/attempt_1/events.jsonl"
            true = {"file": path, "line_start": 20, "line_end": 20, "quote": "Error executing tool flaky: backend unavailable (attempt 1)"}
            lie = {"file": path, "line_start": 20, "line_end": 20, "quote": "the server room was on fire"}
            finding = lambda title, evidence: {"title": title, "severity": "high", "category": "errors", "claim": "c", "recommendation": "r", "evidence": [evidence]}
            steps = [
                {"tool_calls": [{"name": "list_files", "arguments": {"path": None}}], "thinking": "let me look"},
                {"tool_calls": [{"name": "read_lines", "arguments": {"path": path, "start": 18, "count": 6}},
                                {"name": "search", "arguments": {"text": "flaky", "path": None}}]},
                {"json": {"summary": "s", "findings": [finding("true", true), finding("lie", lie)]}},
            ]
            for extra in ([], ["--no-stream"], ["--reasoning", "high"]):
                what = f"steps with {model} {' '.join(extra)}"
                self.admin("reset")
                self.admin("enqueue", [{"format": FORMATS[provider], **step} for step in steps])
                done = self.massgen("tool_failures", "--model", model, *extra)
                self.check(f"{what}: exit 0", done.returncode == 0, done.stderr[-500:])
                journal = self.journal_is_clean(what)
                self.check(f"{what}: three requests", len(journal) == 3, str(len(journal)))
                report = json.loads((done.turn / "analysis.json").read_text())
                verified = {finding["title"]: finding["verified"] for finding in report["findings"]}
                self.check(f"{what}: evidence is checked", verified == {"true": True, "lie": False}, str(verified))
                self.check(f"{what}: Markdown too", "**unverified**" in (done.turn / "ANALYSIS_REPORT.md").read_text())

    def more_formats(self):
        """Every other format, plain, streamed, with parallel tools, a schema and reasoning."""
        look = {"name": "list_files", "arguments": {"path": None}}
        search = {"name": "search", "arguments": {"text": "flaky", "path": None}}
        report = {"json": {"summary": "s", "findings": []}}
        ways = {"plain": ([report], ["--no-stream"]), "stream": ([report], []), "tools": ([{"tool_calls": [look]}, report], []),
                "parallel tools": ([{"tool_calls": [look, search], "thinking": "two at once"}, report], []),
                "parallel tools, whole": ([{"tool_calls": [look, search]}, report], ["--no-stream"]),
                "schema": ([], []), "reasoning": ([{"tool_calls": [look], "thinking": "hm"}, report], ["--reasoning", "high"])}
        for model, wire, variable, ending in MORE:
            for way, (steps, extra) in ways.items():
                # OpenRouter's object `reasoning` is its own, which OpenAI's types don't know; Groq takes no format beside
                # tools, and the server's own script does not call a tool that is forced.
                if (model.split("/")[0], way) in (("openrouter", "reasoning"), ("groq", "schema")):
                    continue
                what = f"{model}: {way}"
                self.admin("reset")
                if steps:
                    self.admin("enqueue", [{"format": wire, **step} for step in steps])
                done = self.massgen("tool_failures", "--model", model, *extra, env={**MORE_SECRETS, variable: self.base + ending})
                self.check(f"{what}: exit 0", done.returncode == 0, done.stderr[-500:])
                self.journal_is_clean(what)
        signed = {"AWS_BEARER_TOKEN_BEDROCK": None, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "sentinel-aws-7273", "BEDROCK_BASE_URL": self.base}
        self.admin("reset")
        done = self.massgen("tool_failures", "--model", "bedrock/us.anthropic.claude-haiku-5-5", env={**MORE_SECRETS, **signed})
        self.check("bedrock, signed: exit 0", done.returncode == 0, done.stderr[-500:])

    def faults(self):
        bad = [{"text": "no json"}] * 3
        step_budget = [{"tool_calls": [{"name": "list_files", "arguments": {"path": None}}]}]
        cases = [
            ("rate limit passes", [{"status": 429, "error_kind": "rate_limit", "retry_after": 2}], [], {}, 0, None),
            ("quota", [{"error_kind": "quota", "status": 429}], [], {}, None, 1),
            ("500 three times", [{"error_kind": "server", "repeat": 3}], [], {}, 4, 3),
            ("500 once", [{"error_kind": "server"}], [], {}, 0, None),
            ("stream cut", [{"text": "word " * 200, "truncate_after": 9}], [], {}, 5, 1),
            ("malformed", [{"text": "word " * 200, "malformed": True, "repeat": 3}], [], {}, 5, None),
            ("context overflow", [{"error_kind": "context"}], [], {}, 5, 1),
            ("refusal", [{"finish": "refusal", "text": "I can't help."}], [], {}, 5, 1),
            ("in-stream error", [{"text": "word " * 200, "stream_error": "overloaded"}], [], {}, 5, None),
            ("not the JSON that was asked for", bad, [], {}, 5, 3),
            ("unknown model", [{"error_kind": "not_found"}], [], {}, 4, 1),
            ("tiny budget", [], ["--max-cost", "0.0001"], {}, 3, 0),
            ("steps", step_budget * 2, ["--max-steps", "2"], {}, None, 2),
        ]
        for model in NAMED:
            provider = model.split("/")[0]
            key = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google": "GEMINI_API_KEY"}[provider]
            base = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "google": "GEMINI_BASE_URL"}[provider]
            more = [
                ("wrong key", [], [], {key: "bad-key-123456"}, 4, 1),
                ("no key", [], [], {key: None}, 4, 0),
                ("unreachable", [], [], {base: "http://127.0.0.1:9/v1"}, 4, 0),
                ("stall", [{"delay_ms": 4000, "text": "late"}], ["--timeout", "2s"], {}, 4, None),
            ]
            for name, steps, args, env, code, requests in cases + more:
                what = f"{name} with {model}"
                self.admin("reset")
                if steps:
                    self.admin("enqueue", [{"format": FORMATS[provider], **step} for step in steps])
                done = self.massgen("three_vote", "--model", model, *args, env=env)
                if code is not None:
                    self.check(f"{what}: exit {code}", done.returncode == code, f"was {done.returncode}: {done.stderr[-400:]}")
                if requests is not None:
                    seen = len(self.admin("journal"))
                    self.check(f"{what}: {requests} requests", seen == requests, f"were {seen}")
                if name == "rate limit passes":
                    self.check(f"{what}: waits", done.seconds >= 2, str(done.seconds))
                if code in (1, 2, 3, 4):
                    self.check(f"{what}: no report", not (done.turn / "analysis.json").exists())
                if code not in (0, None):
                    self.check(f"{what}: one error with a hint", done.stderr.count("error:") == 1 and "hint:" in done.stderr, done.stderr[-400:])
                if code == 5:
                    self.check(f"{what}: the report holds the facts", json.loads((done.turn / "analysis.json").read_text())["facts"]["attempts"] != [])

    def counts(self):
        """The prompt's tokens, counted before a model is asked; one request, and nothing in it that a count does not take."""
        exact = ["--dry-run", "--exact", "--json"]
        for model in [*NAMED[1:], *BARE[1:], "gemini-2.5-flash"]:
            for extra in ([], ["--reasoning", "high"], ["--no-stream"]):
                what = f"count with {model} {' '.join(extra)}"
                self.admin("reset")
                done = self.massgen("three_vote", "--model", model, *exact, *extra)
                self.check(f"{what}: exit 0", done.returncode == 0, done.stderr[-400:])
                estimate = json.loads(done.stdout or "{}")
                self.check(f"{what}: it is a count", estimate.get("prompt_tokens_counted") is True and estimate["prompt_tokens"] > 500, str(estimate)[:300])
                journal = self.journal_is_clean(what)
                paths = [entry["path"] for entry in journal]
                self.check(f"{what}: one request", len(paths) == 1 and ("count_tokens" in paths[0] or ":countTokens" in paths[0]), str(paths))
                self.check(f"{what}: tools are counted", "list_files" in json.dumps(journal[0]["body"]) if journal else False)
        # A server of OpenAI's format that does not count: an estimate, and the analysis goes on.
        self.admin("reset")
        done = self.massgen("three_vote", "--model", NAMED[0], "--exact", "--json")
        self.check("no count at OpenAI's: exit 0", done.returncode == 0 and "are an estimate" in done.stderr, done.stderr[-400:])
        self.admin("reset")
        done = self.massgen("three_vote", "--model", NAMED[1], "--exact")
        paths = [entry["path"].split("/")[-1] for entry in self.journal_is_clean("count, then ask")]
        self.check("count, then ask: exit 0", done.returncode == 0 and paths[:2] == ["count_tokens", "messages"], f"{paths} {done.stderr[-300:]}")
        self.openai_counts(exact)

    def openai_counts(self, exact):
        spec = importlib.util.spec_from_file_location("strict_server", self.source)
        strict = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(strict)
        from openai.types.responses import input_token_count_params
        official = strict._adapter(input_token_count_params.InputTokenCountParams)
        server = http.server.HTTPServer(("127.0.0.1", 0), OpenAiCounter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for model in ("gpt-6-luna", "gpt-4o", "o3"):
            for extra in ([], ["--reasoning", "high"]):
                what = f"count with openai/{model} {' '.join(extra)}"
                OpenAiCounter.asked.clear()
                env = {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1"}
                done = self.massgen("three_vote", "--model", f"openai/{model}", *exact, *extra, env=env)
                self.check(f"{what}: counted", json.loads(done.stdout or "{}").get("prompt_tokens") == 77, done.stderr[-400:])
                self.check(f"{what}: one request", [path for path, _ in OpenAiCounter.asked] == ["/v1/responses/input_tokens"])
                for _, body in OpenAiCounter.asked:
                    try:
                        official.validate_json(body)
                        self.check(f"{what}: by OpenAI's types", True)
                    except Exception as error:
                        self.check(f"{what}: by OpenAI's types", False, str(error)[:400])
        server.shutdown()

    def team(self):
        """Three services at once, each in its own format; what two cite is one finding."""
        path = "turn_1/attempt_1/events.jsonl"
        true = {"file": path, "line_start": 20, "line_end": 20, "quote": "Error executing tool flaky: backend unavailable (attempt 1)"}
        self.admin("reset")
        for provider in ("openai", "anthropic"):
            finding = {"title": provider, "severity": "high", "category": "errors", "claim": "c", "recommendation": "r", "evidence": [true]}
            self.admin("enqueue", [{"format": FORMATS[provider], "json": {"summary": provider, "findings": [finding]}}])
        models = [part for model in NAMED for part in ("--model", model)]
        done = self.massgen("tool_failures", *models, "--json")
        self.check("team: exit 0", done.returncode == 0, done.stderr[-500:])
        self.journal_is_clean("team")
        document = json.loads(done.stdout or "{}")
        agreed = [finding["agreement"]["models"] for finding in document.get("findings", [])]
        self.check("team: two agree", NAMED[:2] in agreed, str(agreed))
        stops = [member["stop"] for member in document.get("team", [])]
        self.check("team: all finish", stops == ["finished"] * 3, str(stops))
        self.check("team: own reports", len(list(done.turn.glob("analysis.*.json"))) == 3)

    def selection(self):
        unknown = self.massgen("three_vote", "--model", "opnai/gpt-4o")
        self.check("unknown provider: exit 2 and near names", unknown.returncode == 2 and "openai" in unknown.stderr, unknown.stderr)
        self.admin("reset")
        near = self.massgen("three_vote", "--model", "openai/gpt-6-luna-does-not-exist")
        self.check("unknown model: three near names", near.returncode == 4 and near.stderr.count("openai/gpt") >= 3, near.stderr)
        for env, expect in [({"MASSGEN_MODEL": "openai/gpt-6-luna"}, "MASSGEN_MODEL"), ({"MASSGEN_MODEL": "x/y", "MASSGEN_ANALYZE_MODEL": "gpt-4o"}, "MASSGEN_ANALYZE_MODEL"), ({}, "usable key")]:
            self.admin("reset")
            done = self.massgen("three_vote", env=env)
            self.check(f"origin {expect}", done.returncode == 0 and expect in done.stderr, done.stderr[-300:])

    def listings(self):
        for provider in ("openai", "anthropic", "google"):
            self.admin("reset")
            env = {"PATH": os.environ["PATH"], "HOME": self.home, **SECRETS,
                   "OPENAI_BASE_URL": self.base + "/v1", "ANTHROPIC_BASE_URL": self.base, "GEMINI_BASE_URL": self.base}
            done = subprocess.run([self.binary, "models", "--provider", provider, "--refresh", "--json"], env=env, capture_output=True, text=True, timeout=60)
            models = json.loads(done.stdout or "{}").get("models", [])
            self.check(f"listing of {provider}", done.returncode == 0 and any(model["listed"] for model in models), done.stderr[-300:])

    def run(self):
        try:
            for part in (self.investigations, self.several_steps, self.more_formats, self.counts, self.team, self.faults, self.selection, self.listings):
                part()
        finally:
            self.server.terminate()
            self.server.wait(timeout=10)
            shutil.rmtree(self.home, ignore_errors=True)
        print(f"{self.passed} passed, {len(self.failed)} failed")
        return 1 if self.failed else 0


if __name__ == "__main__":
    sys.exit(Suite(*sys.argv[1:4]).run())
