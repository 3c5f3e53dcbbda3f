"""Creating, comparing and discarding workspaces, next to git and a copy."""

import re
import subprocess

from clock import table

LINE = re.compile(r"^ *(\d+) files  (.+?)  +(\S+)  (.+?)  +(\S+)  ratio (\S+)$")


def measure(repository, sizes):
    """Runs the benchmark of `massgen-isolation`; TMPDIR says on which file system."""
    done = subprocess.run(["cargo", "bench", "--quiet", "-p", "massgen-isolation", "--", *map(str, sizes)],
                          cwd=repository, check=True, stdout=subprocess.PIPE, text=True)
    found = [LINE.match(line) for line in done.stdout.splitlines()]
    rows = [[f"{int(m[1]):,}", m[2].strip(), m[3], f"{m[4].strip()} {m[5]}", m[6]] for m in found if m]
    assert rows, done.stdout
    return table(["files", "what", "median", "peer", "ratio"], rows)
