"""Exports real runs and has others read them: DuckDB the rows, OpenTelemetry's own types the traces.

    exports.py MASSGEN RUNS     RUNS holds packed runs (*.tar.gz); needs exports-requirements.txt

The questions stand in docs/exports.md between ```sql fences, each with the answer that was had. They are taken from
there, asked, and the answers compared.
"""

import base64
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import duckdb
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

DOCS = Path(__file__).parents[2] / "docs" / "exports.md"


def export(massgen, runs, form, output):
    dirs = [part for run in runs for part in ("--log-dir", str(run))]
    subprocess.run([massgen, "logs", "export", *dirs, "--format", form, "--output", str(output)], check=True,
                   stdout=subprocess.DEVNULL)


def questions():
    """Pairs of a query and the table that the page shows for it."""
    return re.findall(r"```sql\n(.*?)```\s*```text\n(.*?)```", DOCS.read_text(), re.S)


def table(query, folder):
    result = duckdb.sql(query.replace("'runs.parquet'", f"'{folder}/runs.parquet'"))
    rows = [list(map(str, result.columns)), *([str(cell) for cell in row] for row in result.fetchall())]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def check_parquet(folder):
    rows = duckdb.sql(f"SELECT count(*) FROM '{folder}/runs.parquet'").fetchall()[0][0]
    lines = sum(1 for _ in open(folder / "runs.jsonl", encoding="utf-8"))
    assert rows == lines > 300, (rows, lines)
    for line in open(folder / "runs.jsonl", encoding="utf-8"):
        assert json.loads(line)["record"]
    asked = questions()
    assert len(asked) >= 3, "docs/exports.md has lost its questions"
    for query, answer in asked:
        got = table(query, folder)
        assert got.strip() == answer.strip(), f"{query}\nthe page says\n{answer}\nDuckDB says\n{got}"
    print(f"DuckDB: {rows} rows, {len(asked)} questions answered as the page says")


def check_otlp(folder):
    spans = requests = 0
    for line in open(folder / "runs.otlp.json", encoding="utf-8"):
        # Unknown fields and wrong types are errors; ids in OTLP's JSON are hex, in protobuf's own JSON base64.
        document = json.loads(line)
        ids = set()
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for key, length in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
                        raw = bytes.fromhex(span[key])
                        assert len(raw) in ({length} if key != "parentSpanId" else {0, length}), span
                        span[key] = base64.b64encode(raw).decode()
                    ids.add(span["spanId"])
        request = json_format.ParseDict(document, ExportTraceServiceRequest())
        again = ExportTraceServiceRequest.FromString(request.SerializeToString())
        for span in (s for r in again.resource_spans for c in r.scope_spans for s in c.spans):
            assert span.name and span.start_time_unix_nano <= span.end_time_unix_nano, span
            parent = base64.b64encode(span.parent_span_id).decode()
            assert not parent or parent in ids, f"{span.name} hangs in the air"
            spans += 1
        requests += 1
    assert requests > 20 and spans > 200, (requests, spans)
    print(f"OpenTelemetry: {requests} requests, {spans} spans accepted")


def main():
    massgen, packed = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in sorted(packed.glob("*.tar.gz")):
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="fully_trusted")
        runs = sorted(folder.glob("*/log_*"))
        for form, output in (("jsonl", "runs.jsonl"), ("parquet", "runs.parquet"), ("otlp", "runs.otlp.json")):
            export(massgen, runs, form, folder / output)
        if "--show" in sys.argv:
            for query, _ in questions():
                print(query, table(query, folder), sep="\n", end="\n\n")
            return
        check_parquet(folder)
        check_otlp(folder)


main()
