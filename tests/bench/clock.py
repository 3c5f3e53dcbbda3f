"""Timing of commands, and tables of the results."""

import json
import os
import resource
import subprocess
import tempfile
import time


def environment(home):
    """An empty home: no settings, keys or caches of the user."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
    return kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def medians(commands, home, runs=30, warm=3, prepare=None, cwd=None):
    """Median seconds of each named command, by hyperfine without a shell."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        call = ["hyperfine", "-N", "--runs", str(runs), "--warmup", str(warm), "--export-json", out.name]
        if prepare:
            call += ["--prepare", prepare]
        for name, command in commands.items():
            call += ["-n", name, command]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(home), cwd=cwd)
        results = json.load(open(out.name))["results"]
    return {result["command"]: result["median"] for result in results}


def once(command, **options):
    """Wall and processor seconds of one run, and what it printed."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, **options)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu, done.stdout.decode()


def best(command, rounds, **options):
    """The run of the shortest wall time."""
    return min((once(command, **options) for _ in range(rounds)), key=lambda run: run[0])


def peak_mib(command, home):
    """Peak memory of a command, in MiB."""
    pid = os.posix_spawnp(command[0], command, environment(home),
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, command
    return usage.ru_maxrss / 1024


def seconds(value):
    """A time as people read it."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            return f"{value / size:.3g} {unit}"


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
