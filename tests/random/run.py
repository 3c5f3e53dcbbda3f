#!/usr/bin/env python3
"""Random projects, random work of agents, random work of the user meanwhile; what must hold in every one.

    tests/random/run.py MASSGEN [CASES] [FIRST_SEED] [--killed]      needs git

With --killed, commands that write are killed at random moments, and mended by `massgen isolate doctor --repair`.

A case that fails tells its seed; `tests/random/run.py MASSGEN 1 SEED` plays it again, tells every command, and
keeps its directory.
"""

import concurrent.futures
import functools
import os
import shutil
import subprocess
import sys
import tempfile

from case import Case
from tree import Wrong


def one(massgen, cache, keep, killed, seed):
    """What went wrong with a seed, if anything did."""
    root = tempfile.mkdtemp(prefix=f"massgen-random-{seed}-")
    case, wrong = Case(massgen, seed, root, cache, killed), None
    try:
        case.play()
    except Wrong as error:
        wrong = f"seed {seed}: {error}"
    except Exception as error:  # a case that can't be played proves nothing
        wrong = f"seed {seed}: can't be played: {type(error).__name__}: {error}"
    if keep:
        print("\n".join(case.told), f"\nkept: {root}")
    else:
        subprocess.run(["chmod", "-R", "u+rwx", root], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)
    return wrong


def main(massgen, cases=300, first=1, killed=None):
    cases, first = int(cases), int(first)
    with tempfile.TemporaryDirectory(prefix="massgen-random-cache-") as cache:
        play = functools.partial(one, os.path.realpath(massgen), cache, cases == 1, killed == "--killed")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
            failed = 0
            for wrong in filter(None, pool.map(play, range(first, first + cases))):
                failed += 1
                print(wrong, flush=True)
    print(f"{cases - failed} of {cases} stories hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
