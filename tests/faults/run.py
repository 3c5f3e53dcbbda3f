#!/usr/bin/env python3
"""Stops and fails the built program at every one of its own changes to the disk: create, discard, restore,
gc, apply and undo are killed at each mutating system call, and told that the disk is full, read-only or
forbidden there. Then `doctor --repair` has to leave *before* or *after*, never between; the project is what it
was, and no byte of the agent's is lost. Real full and read-only disks follow.

    tests/faults/run.py path/to/massgen          needs strace and git, and root for its mounts
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MASSGEN = os.path.realpath(sys.argv[1])
# What changes a disk. The main thread takes all of a session's steps; files are copied by others.
CALLS = [
    "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "linkat", "symlinkat",
    "fsync", "fdatasync", "syncfs", "fchmod", "ftruncate", "copy_file_range",
]
ERRORS = ["ENOSPC", "EROFS", "EACCES", "EXDEV"]
# More injections than this for one call mean that the count does not end.
CALLS_MAX = 200


class Place:
    """A project with uncommitted work, a home, a state directory, and an agent's session where one is needed."""

    def __init__(self, root, with_session, options=()):
        self.root = pathlib.Path(root)
        self.project = self.root / "project"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "XDG_STATE_HOME": str(self.root / "state"),
            # Compiled strategies are shared: what is stopped here is the session's work.
            "XDG_CACHE_HOME": os.environ["FAULTS_CACHE"],
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for name in ["home", "project"]:
            (self.root / name).mkdir()
        self.sh(
            "git init -q -b main . && printf 'one\\n' >edited && printf 'gone\\n' >gone && mkdir d && printf x >d/x"
            " && git add . && git -c user.name=t -c user.email=t@example.com commit -qm first"
            " && printf 'mine\\n' >>d/x && printf 'new\\n' >untracked"
        )
        if with_session:
            agent = (
                "printf 'two\\n' >edited; git -c user.name=a -c user.email=a@example.com commit -qam agent"
                "; rm gone; mkdir e; printf 'agent\\n' >e/made; ln -s e link"
            )
            self.massgen("isolate", "run", *options, "--name", "s", "--apply", "never", "--", "sh", "-c", agent)
        self.before = self.tree()

    def sh(self, script, **options):
        subprocess.run(["sh", "-euc", script], cwd=self.project, env=self.env, check=True, **options)

    def massgen(self, *args, check=True, under=()):
        done = subprocess.run(
            [*under, MASSGEN, *args], cwd=self.project, env=self.env, capture_output=True, text=True, timeout=120
        )
        if check and done.returncode != 0:
            raise AssertionError(f"massgen {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def tree(self):
        """Every path of the project, its `.git` included, but for the pins of sessions, and objects, which may be added."""
        found = {}
        for directory, names, files in os.walk(self.project):
            for name in [*names, *files]:
                path = os.path.join(directory, name)
                inside = os.path.relpath(path, self.project)
                if inside.startswith((".git/refs/massgen", ".git/worktrees", ".git/objects")):
                    continue
                if os.path.islink(path):
                    found[inside] = "link " + os.readlink(path)
                elif os.path.isfile(path):
                    found[inside] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
                else:
                    found[inside] = "dir"
        return found

    def session(self):
        done = self.massgen("isolate", "show", "s", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def agent_work_is_there(self):
        workspace = pathlib.Path(self.session()["workspace"])
        assert (workspace / "edited").read_text() == "two\n", "the agent's edit is lost"
        assert (workspace / "e/made").read_text() == "agent\n", "the agent's new file is lost"
        assert not (workspace / "gone").exists(), "what the agent deleted is back"
        assert os.readlink(workspace / "link") == "e", "the agent's link is lost"
        said = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=workspace, env=self.env, capture_output=True, text=True)
        assert said.stdout == "agent\n", f"the agent's commit is lost: {said}"

    def mended(self):
        """After a fault: `doctor --repair` finishes the job, and there is nothing left to mend."""
        self.massgen("isolate", "doctor", "--repair")
        left = json.loads(self.massgen("isolate", "doctor", "--json").stdout)["ailments"]
        assert not left, f"not mended: {left}"

    def works(self):
        """A session can be made and put away, and no pin of it stays."""
        self.massgen("isolate", "create", "--name", "again")
        self.massgen("isolate", "discard", "again")

    def work_trees(self):
        """How many the user's repository lists; half of one is an error."""
        done = subprocess.run(["git", "worktree", "list"], cwd=self.project, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return len(done.stdout.splitlines())

    def pins(self):
        done = subprocess.run(
            ["git", "for-each-ref", "refs/massgen"], cwd=self.project, env=self.env, capture_output=True, text=True
        )
        return done.stdout.splitlines()


def after_create(place):
    assert place.tree() == place.before, "the project changed"
    session = place.session()
    if session is None:
        assert not place.pins(), "a pin without a session"
        return
    assert session["state"] == "open", session["state"]
    workspace = pathlib.Path(session["workspace"])
    assert (workspace / "d/x").read_text() == "xmine\n", "the copy is not what the user had"
    assert (workspace / "untracked").read_text() == "new\n"
    place.massgen("isolate", "discard", "s")


def after_discard(place):
    assert place.tree() == place.before, "the project changed"
    if place.session()["state"] == "discarded":
        assert not place.pins(), "a pin of a discarded session"
        place.massgen("isolate", "restore", "s")
    place.agent_work_is_there()


def after_restore(place):
    assert place.tree() == place.before, "the project changed"
    if place.session()["state"] == "discarded":
        place.massgen("isolate", "restore", "s")
    place.agent_work_is_there()


def after_gc(place):
    """Of a session whose work was applied and undone."""
    assert place.tree() == place.before, "the project changed"
    if place.session() is None:
        assert not place.pins(), "a pin without a session"
        left = list((place.root / "state/massgen/isolation/trash").iterdir())
        assert not left, f"left behind: {left}"
    else:
        place.massgen("isolate", "restore", "s")
        place.agent_work_is_there()
        discarded(place)
    place.massgen("isolate", "undo", check=False)
    assert place.tree() == place.before, "what was undone is undone once more"
    place.massgen("isolate", "gc", "--older-than", "0d")
    left = sorted(path.name for path in (place.root / "state/massgen/isolation/applies").iterdir())
    assert left == ["000002"], f"not the newest alone: {left}"


def after_apply(place):
    after = dict(place.before)
    if place.tree() != place.before:
        assert (place.project / "edited").read_text() == "two\n", "between"
        assert (place.project / "e/made").read_text() == "agent\n", "between"
        assert not (place.project / "gone").exists(), "between"
        for path in ["edited", "gone", "e", "e/made", "link"]:
            after.pop(path, None)
        now = {path: what for path, what in place.tree().items() if path in after}
        assert now == after, "something else changed"
        place.massgen("isolate", "undo")
    assert place.tree() == place.before, "not as before"
    place.agent_work_is_there()


def nothing(_):
    pass


def discarded(place):
    place.massgen("isolate", "discard", "s")


def thinned(place):
    discarded(place)
    place.massgen("isolate", "gc")


def applied(place):
    place.massgen("isolate", "apply", "s")


def undone(place):
    applied(place)
    place.massgen("isolate", "undo")
    discarded(place)


# verb: whether there is a session, what is prepared, what is stopped, what has to hold afterwards
VERBS = {
    "create": (False, nothing, ["create", "--name", "s"], after_create),
    "discard": (True, nothing, ["discard", "s"], after_discard),
    "restore": (True, discarded, ["restore", "s"], after_restore),
    "gc": (True, undone, ["gc", "--older-than", "0d"], after_gc),
    "thin": (True, discarded, ["gc"], after_restore),
    "restore thinned": (True, thinned, ["restore", "s"], after_restore),
    "apply": (True, nothing, ["apply", "s"], after_apply),
    "undo": (True, applied, ["undo"], after_apply),
}
# The same of a linked work tree of the user's repository.
LINKED = {
    "create linked": (False, nothing, ["create", "--linked", "--name", "s"], after_create),
    **{f"{verb} linked": VERBS[verb] for verb in ["discard", "restore"]},
}
VERBS |= LINKED


def one(verb, call, number, fault):
    """Runs a verb with one fault; none if it came to its end before the fault."""
    with_session, prepare, command, check = VERBS[verb]
    root = tempfile.mkdtemp(prefix="massgen-faults-")
    try:
        place = Place(root, with_session, options_of(verb))
        prepare(place)
        trace = place.root / "trace"
        inject = "signal=SIGKILL" if fault == "kill" else f"error={fault}"
        under = ["strace", "-o", str(trace), "-e", f"trace={call}", "-e", f"inject={call}:{inject}:when={number}"]
        done = place.massgen("isolate", *command, check=False, under=under)
        text = trace.read_text(errors="replace")
        hit = "killed by SIGKILL" in text if fault == "kill" else "(INJECTED)" in text
        if not hit:
            return False
        what = f"{verb}: {fault} at {call} {number} (exit {done.returncode})"
        if fault != "kill" and done.returncode not in (0, 1, 125):
            raise AssertionError(f"{what}: {done.stderr}")
        try:
            place.mended()
            check(place)
            place.work_trees()
            if number % 4 == 1:
                place.works()
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}\n{done.stderr}\n{text[-600:]}") from error
        return True
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", root], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)


def every(job):
    """All numbers of one call, until the verb ends before the fault."""
    verb, call, fault = job
    for number in range(1, CALLS_MAX):
        if not one(verb, call, number, fault):
            return verb, fault, number - 1
    raise AssertionError(f"{verb}: {call} never ends")


def mutating(verb):
    """The calls that a verb makes at all: the others need no run of their own."""
    with_session, prepare, command, _ = VERBS[verb]
    with tempfile.TemporaryDirectory(prefix="massgen-faults-") as root:
        place = Place(root, with_session, options_of(verb))
        prepare(place)
        trace = place.root / "trace"
        under = ["strace", "-o", str(trace), "-e", "trace=" + ",".join(CALLS)]
        place.massgen("isolate", *command, under=under)
        return sorted(set(re.findall(r"^(\w+)\(", trace.read_text(), re.M)))


def on_a_full_disk():
    """A state directory, then a project, on a file system of its own that is too small."""
    with tempfile.TemporaryDirectory(prefix="massgen-faults-") as root:
        place = Place(root, False)
        state = place.root / "state"
        state.mkdir()
        (place.project / "large").write_bytes(os.urandom(1 << 20))
        before = place.tree()
        with mounted(state, "size=512k"):
            done = place.massgen("isolate", "create", "--name", "s", check=False)
            assert done.returncode == 1 and "No space left" in done.stderr, done.stderr
            assert place.tree() == before and not place.pins(), "the project changed"
            place.mended()
        (place.project / "large").unlink()
    with tempfile.TemporaryDirectory(prefix="massgen-faults-") as root:
        place = Place(root, False)
        target = place.project / "small"
        target.mkdir()
        with mounted(target, "size=64k"):
            (target / "kept").write_text("kept\n")
            agent = "head -c 300000 /dev/zero >small/big; printf 'two\\n' >edited"
            place.massgen("isolate", "run", "--name", "s", "--apply", "never", "--", "sh", "-c", agent)
            before = place.tree()
            done = place.massgen("isolate", "apply", "s", check=False)
            assert done.returncode == 1 and "No space left" in done.stderr, (done.returncode, done.stderr)
            assert place.tree() == before, "not everything went back"
            assert json.loads(place.massgen("isolate", "show", "s", "--json").stdout)["state"] == "open"


def on_a_read_only_disk():
    """A project that became read-only before it is written to."""
    with tempfile.TemporaryDirectory(prefix="massgen-faults-") as root:
        place = Place(root, True)
        subprocess.run(["mount", "--bind", place.project, place.project], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", place.project], check=True)
            done = place.massgen("isolate", "apply", "s", check=False)
            assert done.returncode == 1 and "Read-only file system" in done.stderr, (done.returncode, done.stderr)
        finally:
            subprocess.run(["umount", place.project], check=True)
        assert place.tree() == place.before, "the project changed"
        place.mended()
        place.agent_work_is_there()
        place.massgen("isolate", "apply", "s")
        after_apply(place)


class mounted:
    """A small file system in memory, for a while."""

    def __init__(self, path, options):
        self.path, self.options = path, options

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.path], check=True)

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)


def at_every_call():
    jobs = []
    for verb in VERBS:
        for call in mutating(verb):
            jobs += [(verb, call, fault) for fault in ["kill", *faults_of(verb, call)]]
    counts = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for verb, fault, number in pool.map(every, jobs):
            kind = "kills" if fault == "kill" else "errors"
            counts[verb, kind] = counts.get((verb, kind), 0) + number
    for verb in VERBS:
        kills, errors = counts[verb, "kills"], counts.get((verb, "errors"), 0)
        assert kills > 4, f"{verb}: only {kills} places to stop at"
        print(f"{verb}: killed at {kills} calls, {errors} calls failed")


def main():
    # What is stopped here is the program, never the disk: in memory no `fsync` waits, and the calls are the same.
    with tempfile.TemporaryDirectory(prefix="massgen-faults-memory-") as memory, mounted(memory, "size=2g"):
        tempfile.tempdir = memory
        with tempfile.TemporaryDirectory(prefix="massgen-faults-cache-") as cache:
            os.environ["FAULTS_CACHE"] = cache
            at_every_call()
            on_a_full_disk()
            on_a_read_only_disk()
            print("a full and a read-only disk: nothing lost")


def faults_of(verb, call):
    """Apply and undo meet every error at every step in `host/isolation/tests/crash.rs`."""
    if verb in ("apply", "undo") or verb in LINKED:
        return []
    # A removal that fails is one, whatever the reason.
    return ERRORS[1:2] if call in ("unlink", "unlinkat", "rmdir") else ERRORS[:2]


def options_of(verb):
    return ["--linked"] if verb in LINKED else []


main()
