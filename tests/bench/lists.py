"""`massgen logs list` and `logs summary` over many runs, beside MassGen's own."""

import shutil
import tarfile
import time

from clock import environment, medians, once, seconds, table

KINDS = ("single_ok", "killed_midrun")


def make(packed, base, work, count):
    """Copies of two runs: one with an end, one that was killed."""
    for kind in KINDS:
        with tarfile.open(packed / f"{kind}.tar.gz") as archive:
            archive.extractall(work / "kinds", filter="data")
    runs = sorted((work / "kinds").glob("*/log_*"))
    for number in range(count):
        day, second = 1 + number // 86_400, number % 86_400
        stamp = f"202601{day:02}_{second // 3600:02}{second // 60 % 60:02}{second % 60:02}_000000"
        shutil.copytree(runs[number % len(runs)], base / f"log_{stamp}", symlinks=True)


def measure(massgen, upstream, packed, work, count):
    """Times the lists; `upstream` is MassGen's own program, or none."""
    base, home = work / ".massgen" / "massgen_logs", work / "home"
    home.mkdir(exist_ok=True)
    make(packed, base, work, count)
    time.sleep(3)  # what changed a moment ago is not relied on
    first, _, _ = once([massgen, "logs", "list", "--all"], env=environment(home), cwd=work)
    seen = medians({
        "`massgen logs list` (newest 20)": f"{massgen} logs list",
        "`massgen logs list --all` with the index": f"{massgen} logs list --all",
        "`massgen logs list --all` without an index": f"env -u HOME {massgen} logs list --all",
        "`find`, one file per run": "find .massgen/massgen_logs -name status.json -size +0",
        "`massgen logs summary`": f"{massgen} logs summary",
    }, home, runs=20, cwd=work)
    if upstream:
        seen |= medians({
            "MassGen's own `logs list` (newest 10)": f"{upstream} logs list",
            "MassGen's own `logs summary`": f"{upstream} logs summary",
        }, home, runs=3, warm=1, cwd=work)
    unit = next(iter(seen.values()))
    rows = [["first `massgen logs list --all` (reads every run)", seconds(first), f"{first / unit:.1f}"]]
    rows += [[name, seconds(value), f"{value / unit:.1f}"] for name, value in seen.items()]
    shutil.rmtree(work / ".massgen")
    return table([f"{count:,} runs", "median", "relative to newest 20"], rows)
