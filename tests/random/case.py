"""One random story: a project, agents in their copies, the user meanwhile; and what must hold at every step."""

import json
import os
import pathlib
import random
import subprocess

from apply import Apply
from hand import Hand
from session import Session
from setting import WITH_GIT, Setting
from tree import DENIED, Denied, Wrong, differences, look, outside_git, same, shown, words


class Case:
    def __init__(self, massgen, seed, root, cache, killed):
        self.binary, self.rng, self.root = massgen, random.Random(seed), pathlib.Path(root)
        self.project = self.root / "project"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            # Compiled strategies are the same for all.
            "XDG_CACHE_HOME": cache,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for name in ("home", "project"):
            (self.root / name).mkdir()
        self.user = Hand(self.rng, self.project, b"u")
        self.told, self.linked, self.nested, self.killed = [], False, False, killed
        self.setting = Setting(self) if self.rng.random() < 0.75 else None

    def look(self):
        """The project; of its repository, what no session may change."""
        found = look(self.project)
        # The agent of a linked work tree writes the user's repository.
        return outside_git(found) if self.linked else found

    def may(self, *args, cwd=None):
        """What git says, whether it can or not."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "gc.auto=0", "-c", "protocol.file.allow=always")
        done = subprocess.run(["git", *who, *args], cwd=cwd or self.project, env=self.env, capture_output=True)
        self.told.append(f"git {shown(b' '.join(os.fsencode(arg) for arg in args))}: {done.returncode}")
        return done

    def git(self, *args, cwd=None):
        done = self.may(*args, cwd=cwd)
        if done.returncode != 0:
            raise Wrong(f"git {args}: {done.stderr}")
        return done.stdout

    def tracked_dirs(self):
        tracked = self.git("ls-files", "-z").split(b"\0") if self.setting else []
        return [path for path in self.user.paths("dir") if any(file.startswith(path + b"/") for file in tracked)]

    def massgen(self, *args, codes=(0,), cwd=None):
        """An exit code and the document, if there is one."""
        done = subprocess.run([self.binary, "isolate", *args], cwd=cwd or self.project, env=self.env, capture_output=True, timeout=120)
        command = "massgen isolate " + " ".join(shown(os.fsencode(arg)) for arg in args)
        said = done.stderr.decode(errors="replace")
        self.told.append(f"{command}: {done.returncode}\n{said}")
        if done.returncode == 1 and DENIED in said and os.getuid() != 0:
            raise Denied(f"{command}: {said}")
        if "panicked" in said or done.returncode not in codes:
            raise Wrong(f"{command}: exit {done.returncode}, not in {codes}\n{said}")
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith(b"{") else None

    def start(self, *args):
        pipe = subprocess.PIPE
        return subprocess.Popen([self.binary, "isolate", *args], cwd=self.project, env=self.env, stdout=pipe, stderr=pipe)

    def is_killed(self, *args):
        """Sometimes starts a command and kills it, most likely before its end, and mends what it left. Gives whether it did."""
        if not self.killed or self.rng.random() < 0.4:
            return False
        process = self.start(*args)
        try:
            process.communicate(timeout=self.rng.uniform(0, 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        self.told.append(f"{args} killed: {process.returncode}")
        self.massgen("doctor", "--repair")
        return True

    def play(self):
        self.begin()
        sessions = [Session(self, "p")]
        if self.rng.random() < 0.3:
            sessions.append(Session(self, "q"))
        self.untouched = self.look()
        for turn in range(self.rng.randrange(1, 4)):
            for session in sessions:
                session.hand.work(self.rng.randrange(1, 14))
                if session.has_git and self.rng.random() < 0.3:
                    for args in self.rng.choice(WITH_GIT):
                        self.may(*args, cwd=session.workspace)
                    session.hand.work(self.rng.randrange(4))
            if self.rng.random() < 0.5:
                self.user.work(self.rng.randrange(1, 6))
            if self.setting and self.rng.random() < 0.25:
                self.setting.go_on()
            Apply(self, sessions, first=turn == 0).play()
        if len(sessions) == 2 and self.rng.random() < 0.5:
            self.at_once(sessions)
        for session in sessions:
            self.archive(session)

    def begin(self):
        if self.setting:
            self.setting.begin()
        self.user.work(self.rng.randrange(3, 25))
        if self.setting:
            self.setting.nest()
        if self.setting and self.rng.random() < 0.9:
            self.may("add", "-A")
            self.may("commit", "-qm", "first", "--allow-empty")
            self.setting.settle()
            self.user.work(self.rng.randrange(6))
            if self.rng.random() < 0.5:
                self.may("add", "-A")
                self.user.work(self.rng.randrange(4))

    def archive(self, session):
        """What the agent left comes back as it was; and in the end nothing is left of it."""
        project, work, git = self.look(), session.now(), session.git()
        self.put_away(session)
        if session.workspace.exists():
            raise Wrong("a discarded workspace is still there")
        if self.setting and self.rng.random() < 0.3:
            # What the agent's commits build on may be collected; its files are there whatever happens.
            self.setting.go_on()
            project, git = self.look(), None
        self.is_killed("restore", session.name)
        if self.state(session) == "discarded":
            self.massgen("restore", session.name)
        same("restore brought something else", work, session.now())
        if git and (now := session.git()) != git:
            raise Wrong(f"restore brought another git: {git} -> {now}")
        self.put_away(session)
        self.is_killed("gc", "--older-than", "0d")
        self.massgen("gc", "--older-than", "0d")
        same("putting a session away changed the project", project, self.look())
        health = self.massgen("doctor", "--json")[1]
        if health["ailments"]:
            raise Wrong(f"ailments: {health['ailments']}")


    def state(self, session):
        return self.massgen("show", session.name, "--json")[1]["state"]

    def put_away(self, session):
        self.is_killed("discard", session.name)
        if self.state(session) != "discarded":
            self.massgen("discard", session.name)

    def at_once(self, sessions):
        """Both are applied at the same time, and something else is done; then all of it is taken back."""
        for session in sessions:
            session.hand.work(self.rng.randrange(8))
        before, work = self.look(), [session.now() for session in sessions]
        how = ["--on-drift", "merge", "--delete-everything"]
        apply = [["apply", session.name, *how] for session in sessions]
        other = self.rng.choice([["diff", "p"], ["doctor", "--repair"], ["gc"], ["list"], ["undo"], ["apply", "p", "q", *how]])
        running = [self.start(*args) for args in [*apply, other]]
        said = [process.communicate()[1].decode(errors="replace") for process in running]
        self.told.append(f"at once, with {other}: {said}")
        for process, text in zip(running, said):
            if process.returncode not in (0, 3) and not (os.getuid() and DENIED in text):
                raise Wrong(f"at once, with {other}: {process.returncode}: {text}")
        after = self.look()
        lost = words(before, b"u") - words(after, b"u") - set().union(*(session.seen for session in sessions))
        if lost:
            raise Wrong(f"the user's words are lost: {sorted(lost)[:5]}")
        for session, now in zip(sessions, work):
            same("the workspace changed", now, session.now())
        # Any undo takes back the newest one.
        for _ in apply if other == ["undo"] else [*apply, other]:
            if differences(before, self.look()):
                self.massgen("undo", codes=(0, 3))
        if other != ["undo"]:
            same("what was applied at once was not taken back", before, self.look())
