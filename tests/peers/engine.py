#!/usr/bin/env python3
"""A real engine: SmolLM2 under llama.cpp's own server, through three of its protocols.

    tests/peers/engine.py LLAMA_SERVER MODEL.gguf MASSGEN RUNS_DIR

Such a small model finds nothing of use; tokens, streams, grammars and overflows are real. What came of each analysis
is printed. Right is a finished report, or an ending that is called by its name.
"""
import json
import re
import sys

import peer

PLACES = {
    "openai": ("openai/smollm2", {"OPENAI_BASE_URL": "@/v1"}),
    "anthropic": ("anthropic/smollm2", {"ANTHROPIC_BASE_URL": "@"}),
    "openai-compatible": ("mine/smollm2", {}),
    "llama-cpp": ("llama-cpp/smollm2", {"LLAMA_CPP_BASE_URL": "@/v1"}),
}
# The window is smaller than the conversation, or holds it. One thread: more of them wait for each other on a busy machine.
WINDOWS = (1024, 8192)
ENDINGS = {0: "", 4: "error:", 5: "error:"}


def main(server, model, binary, runs):
    bench = peer.Bench(binary, runs)
    for window in WINDOWS:
        port = peer.free_port()
        command = [server, "-m", model, "--host", "127.0.0.1", "--port", str(port), "-c", str(window), "-np", "1", "-t", "1", "-a", "smollm2"]
        with peer.server(command, port, "/health", bench.home / f"llama-{window}.log") as base:
            bench.config(f'[network]\nidle_timeout = "170s"\n[providers.mine]\ntype = "openai-compatible"\nbase_url = "{base}/v1"\n')
            for name, (selector, env) in PLACES.items():
                env = {key: value.replace("@", base) for key, value in env.items()}
                done = bench.analyze("single_ok", "--model", selector, "--max-steps", "3", "--timeout", "200s", "--json", env=env, timeout=240)
                what = f"{name}, window of {window}"
                report = json.loads(done.stdout) if done.stdout.strip() else {}
                said = re.sub(r"\s+", " ", done.stderr[done.stderr.find("error:"):])[:330] if "error:" in done.stderr else ""
                print(f"{what}: exit {done.returncode}, {report.get('stop', report.get('kind'))}, {report.get('usage')}, {done.seconds:.0f} s {said}", flush=True)
                bench.check(f"{what}: finished, or an ending by its name", done.returncode in ENDINGS and ENDINGS[done.returncode] in done.stderr, done.stderr[-900:])
                if window == WINDOWS[0]:
                    bench.check(f"{what}: the overflow is seen", "context window" in done.stderr, done.stderr[-900:])
    return bench.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
