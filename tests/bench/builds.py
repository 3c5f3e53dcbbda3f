"""How long a change takes to be checked."""

import os
import subprocess

from clock import once, seconds, table

CRATES = ("analysis", "logs", "models", "isolation", "runtime", "cli")


def measure(repository):
    """`cargo check` of the whole workspace after a change in one crate."""
    check = ["cargo", "check", "--workspace", "--quiet"]
    subprocess.run(check, cwd=repository, check=True)
    rows = []
    for crate in CRATES:
        root = repository / "host" / crate / "src"
        changed = root / ("main.rs" if crate == "cli" else "lib.rs")
        os.utime(changed)
        took, cpu, _ = once(check, cwd=repository)
        rows.append([f"`host/{crate}`", seconds(took), seconds(cpu)])
    return table(["changed", "`cargo check --workspace`", "processor time"], rows)
