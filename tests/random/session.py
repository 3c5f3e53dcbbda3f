"""An agent in its copy of the project, and what that copy has to be."""

import pathlib

from hand import Hand
from tree import Wrong, differences, look, outside_git, same, short, shown, words


class Session:
    def __init__(self, case, name):
        self.name, self.case = name, case
        carry = case.rng.choice(["none", "all"])
        how, self.revision = case.rng.choice([[], [], ["--strategy", "copy"]]), None
        if case.setting and case.setting.has_a_commit():
            how = case.rng.choice([*[how] * 6, ["--linked"]])
            if "copy" not in how and case.rng.random() < 0.1:
                self.revision = case.rng.choice(["HEAD", "HEAD~1"]) if case.setting.has_a_commit("HEAD~1") else "HEAD"
        case.linked |= how == ["--linked"]
        before = case.look()
        args = ["create", "--name", name, "--carry-ignored", carry, "--json", *how]
        if self.revision:
            args += ["--base", self.revision]
        # Started in a directory of a repository, changes elsewhere are out of scope. One in which git tracks nothing is a
        # project of its own.
        below = case.tracked_dirs() if case.rng.random() < 0.2 else []
        said = case.massgen(*args, cwd=case.user.at(case.rng.choice(below)) if below else None)[1]
        same("create changed the project", before, case.look())
        self.workspace = pathlib.Path(said["workspace"])
        self.left = [entry["path"] for entry in said["not_carried"]]
        self.base = self.now()
        self.has_git = said["strategy"] == "worktree"
        if self.revision:
            self.is_that_revision()
        else:
            self.is_a_copy(outside_git(before))
        # What the agent sees it may take away.
        self.seen = words(self.base, b"u")
        self.hand = Hand(case.rng, self.workspace, name.encode())

    def now(self):
        return outside_git(look(self.workspace))

    def git(self):
        """What git says of the workspace."""
        if not self.has_git:
            return None
        asked = [["rev-parse", "-q", "--verify", "HEAD"], ["status", "--porcelain", "-z"], ["for-each-ref"], ["stash", "list"]]
        return [self.case.may(*args, cwd=self.workspace).stdout for args in asked]

    def is_that_revision(self):
        if self.case.setting.odd:
            return
        for line in self.case.git("ls-tree", "-r", "-z", self.revision).split(b"\0")[:-1]:
            head, path = line.split(b"\t", 1)
            mode, kind, name = head.decode().split()
            node = self.base.get(path)
            if kind == "blob" and (node is None or node[-1] != self.case.git("cat-file", "blob", name)):
                raise Wrong(f"{path!r} is not what {self.revision} has: {short(node)}")

    def is_a_copy(self, project):
        """What is not in the workspace is named, and there is nothing else."""
        for path in differences(project, self.base):
            node = project.get(path)
            if node is None or path in self.base:
                raise Wrong(f"the copy has {path!r} otherwise: {short(node)} -> {short(self.base.get(path))}")
            named = any(shown(path) == left or shown(path).startswith(left + "/") for left in self.left)
            if not named and node[0] != "dir":
                raise Wrong(f"{path!r} was not carried, and nobody said so: {sorted(self.left)}")
