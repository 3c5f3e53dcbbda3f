"""All figures of docs/PERFORMANCE.md, measured in one go, each beside its peer.

    python3 tests/bench/figures.py [--only NAME,…] [--write] [--upstream MASSGEN] [--duckdb PYTHON] [--mebibytes N] [--files N,…]

Builds the program as it is released, measures, and prints tables in Markdown; `--write` puts them into the page, between the
marks of each. Needs git, jq and hyperfine. `--upstream` is MassGen's own program, `--duckdb` a Python that has DuckDB:

    python3 -m venv V && V/bin/pip install massgen==0.1.97 duckdb==2.0.1 && V/bin/python -m compileall -q V

Workspaces are made below TMPDIR: let it be on the file system that you ask about. The machine must be at rest.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import builds
import events
import lists
import starts
import workspaces

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "PERFORMANCE.md"
PACKED = ROOT / "tests" / "fixtures" / "runs"


def build(target):
    for what in (["-p", "massgen"], ["-p", "massgen-logs", "--example", "measure"]):
        subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
    return target / "massgen", target / "examples" / "measure"


def write(name, text):
    page = PAGE.read_text()
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert marks.search(page), f"{PAGE.name} has no marks for {name}"
    PAGE.write_text(marks.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page))


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", default="")
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--upstream")
    asked.add_argument("--duckdb", default=sys.executable)
    asked.add_argument("--mebibytes", type=int, default=1024)
    asked.add_argument("--files", default="20000,100000")
    asked = asked.parse_args()
    target = ROOT / "target" / "release"
    massgen, program = build(target)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        sections = {
            "starts": lambda: starts.measure(massgen, asked.upstream, work),
            "sizes": lambda: starts.sizes(massgen, work),
            "lists": lambda: lists.measure(massgen, asked.upstream, PACKED, work, 10_000),
            "events": lambda: events.measure(program, PACKED, work, asked.mebibytes, asked.duckdb),
            "workspaces": lambda: workspaces.measure(ROOT, asked.files.split(",")),
            "builds": lambda: builds.measure(ROOT),
        }
        for section in asked.only.split(",") if asked.only else sections:
            text = sections[section]()
            print(f"{section}\n\n{text}", flush=True)
            if asked.write:
                write(section, text)


main()
