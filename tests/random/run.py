#!/usr/bin/env python3
"""Random projects, random work of agents, random work of the user meanwhile; what must hold in every one.

    tests/random/run.py MASSGEN [CASES] [FIRST_SEED] [--killed] [--nobody]      needs git

With --killed, commands that write are killed at random moments, and mended by `massgen isolate doctor --repair`.
With --nobody, which needs root, all is another user's, whom permissions keep from something.

A case that fails tells its seed; `tests/random/run.py MASSGEN 1 SEED` plays it again, tells every command, and
keeps its directory.
"""

import argparse
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


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("massgen")
    parser.add_argument("cases", type=int, nargs="?", default=300)
    parser.add_argument("first", type=int, nargs="?", default=1)
    parser.add_argument("--killed", action="store_true")
    parser.add_argument("--nobody", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="massgen-random-") as place:
        # Where everybody may run it.
        massgen = shutil.copy(args.massgen, place)
        os.chmod(place, 0o755)
        os.mkdir(f"{place}/cache")
        os.chmod(f"{place}/cache", 0o777)
        play = functools.partial(one, massgen, f"{place}/cache", args.cases == 1, args.killed)
        who = become_nobody if args.nobody else None
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), initializer=who) as pool:
            wrong = list(filter(None, map(told, pool.map(play, range(args.first, args.first + args.cases)))))
    print(f"{args.cases - len(wrong)} of {args.cases} stories hold")
    return 1 if wrong else 0


def told(wrong):
    if wrong:
        print(wrong, flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
