#!/usr/bin/env python3
"""PyPI's llmock breaks replies in its own ways and judges how a client takes it.

    tests/peers/resilience.py LLMOCK MASSGEN RUNS_DIR

Its verdict on every fault, by its own command `llmock report --strict`, has to be clean.
"""
import concurrent.futures
import subprocess
import sys

import peer

MODELS = {
    "openai/gpt-6-luna": ("OPENAI_BASE_URL", "/v1"),
    "anthropic/claude-haiku-5-5": ("ANTHROPIC_BASE_URL", "/anthropic"),
    "google/gemini-3.5-flash-lite": ("GEMINI_BASE_URL", "/gemini"),
    "groq/openai/gpt-oss-20b": ("GROQ_BASE_URL", "/groq/openai/v1"),
    "mistral/mistral-small-2603": ("MISTRAL_BASE_URL", "/mistral/v1"),
    "xai/grok-4.3": ("XAI_BASE_URL", "/xai/v1"),
    "together/openai/gpt-oss-20b": ("TOGETHER_BASE_URL", "/together/v1"),
}
# The last three are one component with other quirks: they show that its faults are taken alike.
ALIKE = ("mistral", "xai", "together")
REPORT = '{"summary": "A peer says so.", "findings": []}'


# Warnings that say nothing of a client: a reply that was sent whole never counts as failed there, so that no retry is
# seen; and a connection that drops after the last word has dropped too late to matter.
NO_WARNINGS_OF = ("a piece that is no JSON", "a dropped connection, later")


def fail(status, **more):
    return {"type": "fail", "status": status, **more}


def broken(kind, after, **more):
    return {"type": "stream_fault", "kind": kind, "after_chunks": after, **more}


# What is scripted, the exit codes that are right, and the requests that may be sent.
FAULTS = {
    "nothing": ([], {0}),
    "a rate limit that passes": ([fail(429, retry_after=2)], {0}),
    "a rate limit that stays": ([fail(429, retry_after=1, times=9)], {4}),
    "a server error that passes": ([fail(500)], {0}),
    "two server errors": ([fail(503, times=2)], {0}),
    "a server error that stays": ([fail(500, times=9)], {4}),
    "overloaded": ([fail(529)], {0}),
    "a bad request": ([fail(400, times=9)], {4}),
    "a refused key": ([fail(401, times=9)], {4}),
    "a forbidden model": ([fail(403, times=9)], {4}),
    "an unknown model": ([fail(404, times=9)], {4}),
    "a cut before anything was said": ([broken("truncate", 0)], {0}),
    "a cut in the first reply": ([broken("truncate", 2)], {0, 5}),
    "a dropped connection": ([broken("disconnect", 1)], {0, 5}),
    "a dropped connection, later": ([broken("disconnect", 3)], {0, 5}),
    "a piece that is no JSON": ([broken("malformed", 1)], {0, 5}),
    "a stall": ([broken("stall", 1, stall_seconds=5)], {0, 5}),
    "a slow first token": ([{"type": "slow_first_token", "seconds": 1.0}], {0}),
    "a delay": ([{"type": "delay", "seconds": 1.0}], {0}),
    "a call whose arguments are no JSON": ([{"type": "tool_fault", "kind": "malformed_arguments"}], {0}),
    "a call of a tool that there is not": ([{"type": "tool_fault", "kind": "unknown_tool"}], {0}),
}


def one(bench, base, llmock, model, name, faults, codes):
    what = f"{name} with {model}"
    peer.ask(f"{base}/_llmock/reset", {})
    # The first reply is a call, all others are the report; faults fall on what comes first.
    look = {"type": "reply", "tool_calls": [{"name": "list_files", "arguments": {"path": None}}]}
    peer.ask(f"{base}/_llmock/scenario", {"behaviors": [*faults, look, {"type": "reply", "text": REPORT, "times": None}]})
    variable, path = MODELS[model]
    version = {"GOOGLE_GENAI_API_VERSION": "v1beta"} if model.startswith("google") else {}
    done = bench.analyze("single_ok", "--model", model, env={variable: base + path, **version})
    bench.check(f"{what}: exit {sorted(codes)}", done.returncode in codes, f"was {done.returncode}: {done.stderr[-500:]}")
    verdict = subprocess.run([llmock, "report", "--url", base, *([] if name in NO_WARNINGS_OF else ["--strict"])], capture_output=True, text=True, timeout=60)
    bench.check(f"{what}: the verdict", verdict.returncode == 0, verdict.stdout[-900:])
    if done.returncode:
        bench.check(f"{what}: one error with a hint", done.stderr.count("error:") == 1 and "hint:" in done.stderr, done.stderr[-400:])
    if name == "a rate limit that passes":
        bench.check(f"{what}: waits as long as asked", done.seconds >= 2, done.seconds)


def all_of(bench, llmock, model):
    """Each model has a server of its own, so that none is judged for another's requests."""
    port = peer.free_port()
    command = [llmock, "serve", "--port", str(port), "--host", "127.0.0.1", "--log-level", "warning"]
    with peer.server(command, port, "/health", bench.home / f"llmock-{port}.log") as base:
        for name, (faults, codes) in FAULTS.items():
            if model.startswith(ALIKE) and not name.startswith(("nothing", "a rate limit that passes", "a cut", "a stall")):
                continue
            one(bench, base, llmock, model, name, faults, codes)


def main(llmock, binary, runs):
    bench = peer.Bench(binary, runs)
    bench.config('[network]\nidle_timeout = "2s"\n')
    # Most of the time is spent waiting.
    with concurrent.futures.ThreadPoolExecutor(len(MODELS)) as pool:
        for ended in [pool.submit(all_of, bench, llmock, model) for model in MODELS]:
            ended.result()
    return bench.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
