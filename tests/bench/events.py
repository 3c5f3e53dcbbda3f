"""Parses and measures a large events.jsonl beside others, on the same file in one run, and prints ratios.

    events.py MEASURE RUNS [MEBIBYTES]

MEASURE is `target/release/examples/measure`; RUNS holds packed runs (*.tar.gz). The file is made of their events, all runs
one after the other, again and again, and removed at the end. Needs jq and, in this Python, duckdb (tests/peers).
The peers only count tool calls by tool; the facts are everything that `massgen logs facts` tells.
"""

import datetime
import json
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

DUCKDB = """
import duckdb, sys
print(duckdb.sql(f\"\"\"SELECT data->>'tool_name' AS tool, count(*) FROM read_json('{sys.argv[1]}', format='newline_delimited',
  columns={{'event_type': 'VARCHAR', 'data': 'JSON'}}, maximum_object_size=67108864)
  WHERE event_type = 'tool_complete' GROUP BY ALL\"\"\").fetchall())
"""
PYTHON = """
import collections, json, sys
seen = collections.Counter()
for line in open(sys.argv[1], 'rb'):
    event = json.loads(line)
    if event['event_type'] == 'tool_complete':
        seen[event['data'].get('tool_name')] += 1
print(seen)
"""
JQ = "select(.event_type == \"tool_complete\") | .data.tool_name"


def make(packed, attempt, mebibytes):
    events = b""
    for path in sorted(packed.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            names = [m for m in archive.getmembers() if m.isfile() and m.name.count("/") == 4
                     and m.name.endswith("/events.jsonl")]
            events += b"".join(archive.extractfile(m).read() for m in names)
    assert events.endswith(b"\n") and all(json.loads(line) for line in events.splitlines())
    attempt.mkdir(parents=True)
    with open(attempt / "events.jsonl", "wb") as out:
        # Every copy is a day later: a log's times go on.
        day = re.compile(rb'^{"timestamp": "\d{4}-\d\d-\d\d', re.MULTILINE)
        marked = day.sub(b'{"timestamp": "DAYOFCOPY_', events)
        for copy in range(mebibytes * 1024 * 1024 // len(events)):
            date = datetime.date(2026, 1, 1) + datetime.timedelta(days=copy)
            out.write(marked.replace(b"DAYOFCOPY_", date.isoformat().encode()))
    return attempt / "events.jsonl"


def timed(command, rounds):
    """Wall and processor time of the best round: on a machine with other work the second says more."""
    best = None
    for _ in range(rounds):
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if best is None or took < best[0]:
            best = (took, cpu, done.stdout.decode().strip().splitlines()[-1][:60])
    return best


def main():
    measure, packed = sys.argv[1], Path(sys.argv[2])
    mebibytes = int(sys.argv[3]) if len(sys.argv) > 3 else 1024
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "log_20260101_000000_000000"
        file = make(packed, run / "turn_1" / "attempt_1", mebibytes)
        size = file.stat().st_size
        rows = [
            ("a bare scan", [measure, "scan", str(file)], 3),
            ("facts", [measure, str(run)], 3),
            ("DuckDB", [sys.executable, "-c", DUCKDB, str(file)], 1),
            ("Python's json", [sys.executable, "-c", PYTHON, str(file)], 1),
            ("jq", ["jq", "-r", JQ, str(file)], 1),
        ]
        seen = {}
        for label, command, rounds in rows:
            took, cpu, last = timed(command, rounds)
            seen[label] = (took, cpu)
            print(f"{label:26} {took:7.2f} s wall {cpu:7.2f} s processor {size / took / 1e6:6.0f} MB/s  {last}", flush=True)
        (scan, scan_cpu), (facts, facts_cpu) = seen["a bare scan"], seen["facts"]
        print(f"share of the scan: {100 * scan / facts:.0f} % of wall, {100 * scan_cpu / facts_cpu:.0f} % of processor time")
        for label, (took, cpu) in seen.items():
            print(f"{label}: {took / facts:.2f} of the wall time of the facts, {cpu / facts_cpu:.2f} of their processor time")


main()
