"""A long events.jsonl: all facts (`massgen logs facts`) of it, beside programs that count its tool calls by tool, on the
same file in one run. The file is made of the events of the runs that the tests use, all runs one after the other, again and
again, a day later each time."""

import datetime
import json
import re
import shutil
import sys
import tarfile

from clock import best, seconds, table

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
    """Writes the file; its lines are as MassGen writes them."""
    events = b""
    for path in sorted(packed.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            names = [m for m in archive.getmembers() if m.isfile() and m.name.count("/") == 4
                     and m.name.endswith("/events.jsonl")]
            events += b"".join(archive.extractfile(m).read() for m in names)
    assert events.endswith(b"\n") and all(json.loads(line) for line in events.splitlines())
    marked, lines = re.subn(rb'^{"timestamp": "\d{4}-\d\d-\d\d', b'{"timestamp": "DAYOFCOPY', events, flags=re.MULTILINE)
    assert lines == events.count(b"\n"), "each line begins with its time"
    attempt.mkdir(parents=True)
    with open(attempt / "events.jsonl", "wb") as out:
        for copy in range(mebibytes * 1024 * 1024 // len(events)):
            date = datetime.date(2026, 1, 1) + datetime.timedelta(days=copy)
            out.write(marked.replace(b"DAYOFCOPY", date.isoformat().encode()))
    return attempt / "events.jsonl"


def measure(program, packed, work, mebibytes, duckdb, rounds=3):
    """Times every program on one file. `program` is the example `measure`, `duckdb` a Python that has it."""
    run = work / "log_20260101_000000_000000"
    file = make(packed, run / "turn_1" / "attempt_1", mebibytes)
    commands = [
        ("all facts (`massgen logs facts`)", [program, str(run)], rounds),
        ("scan for line ends only", [program, "scan", str(file)], rounds),
        ("DuckDB, counting calls by tool", [duckdb, "-c", DUCKDB, str(file)], rounds),
        ("Python's `json`, counting calls by tool", [sys.executable, "-c", PYTHON, str(file)], 1),
        ("jq, listing the tool of each call", ["jq", "-r", JQ, str(file)], 1),
    ]
    seen = [(name, best(command, rounds)) for name, command, rounds in commands]
    facts, scan = seen[0][1], seen[1][1]
    rows = [[name, f"{wall / facts[0]:.2f} ({seconds(wall)})", f"{cpu / facts[1]:.2f} ({seconds(cpu)})"]
            for name, (wall, cpu, _) in seen]
    shutil.rmtree(run)
    memory = int(re.search(r"peak (\d+) KiB", facts[2]).group(1)) / 1024
    share = f"Speed relative to the scan: {100 * scan[0] / facts[0]:.0f} %. Peak memory: {memory:.0f} MiB."
    head = [f"{file.name}, {mebibytes} MiB", "wall time, relative", "processor time, relative"]
    return table(head, rows) + "\n" + share + "\n"
