"""What the scripts of this folder share: a server of a stranger's, the built program, and checks."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request

# Whoever ends a script ends its servers, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

KEYS = {name: f"sentinel-{name.lower().replace('_', '-')}" for name in (
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "AZURE_OPENAI_API_KEY", "OPENROUTER_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY",
    "XAI_API_KEY", "TOGETHER_API_KEY", "AWS_BEARER_TOKEN_BEDROCK", "VERTEX_API_KEY")}


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@contextlib.contextmanager
def server(command, port, ready, log, wait_s=60):
    """A server on loopback, ended by its own process id whatever happens."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.time() + wait_s
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=2).read()
                break
            except (urllib.error.URLError, OSError):
                if time.time() > until or process.poll() is not None:
                    sys.exit(f"{command[0]} did not begin: {pathlib.Path(log).read_text()[-600:]}")
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(url, body=None, method=None, headers=None):
    """JSON from one of the server's own pages."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=20) as reply:
        text = reply.read()
    return json.loads(text) if text.strip() else None


class Bench:
    """The program in a clean environment, and what was found of it."""

    def __init__(self, binary, runs):
        self.binary, self.runs = os.path.abspath(binary), pathlib.Path(runs)
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.config("")
        self.passed, self.failed, self.counting = 0, [], threading.Lock()

    def config(self, text):
        place = self.home / ".config/massgen"
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.toml").write_text(text)

    def analyze(self, run, *args, env=None, timeout=180):
        """`logs analyze` of a copy of a run; gives what came of it and the turn's directory."""
        work = pathlib.Path(tempfile.mkdtemp(dir=self.home))
        with tarfile.open(self.runs / f"{run}.tar.gz") as archive:
            archive.extractall(work)
        logs = work / "log_20260101_000000_000000"
        shutil.move(next((work / run).glob("log_*")), logs)
        done = self.massgen("logs", "analyze", "--mode", "self", "--log-dir", logs, *args, env=env, cwd=work, timeout=timeout)
        done.turn = logs / "turn_1"
        return done

    def massgen(self, *args, env=None, cwd=None, timeout=60):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.home), **KEYS, **(env or {})}
        started = time.time()
        done = subprocess.run([self.binary, *map(str, args)], env=variables, cwd=cwd or self.home, capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
        done.seconds = time.time() - started
        leaked = [name for name, key in KEYS.items() if key in done.stdout + done.stderr]
        self.check(f"no key printed by {args[0]} {args[1]}", not leaked, leaked)
        return done

    def check(self, what, holds, detail=""):
        with self.counting:
            if holds:
                self.passed += 1
            else:
                self.failed.append(what)
                print(f"FAILED {what} {detail}", flush=True)

    def end(self):
        shutil.rmtree(self.home, ignore_errors=True)
        print(f"{self.passed} passed, {len(self.failed)} failed")
        return 1 if self.failed else 0
