"""The repository that a story takes place in: of some form, with some settings, in some state."""

import pathlib
import shutil

# Lines of files of git's, and settings; some make git say no later on.
ATTRIBUTES = [
    b"* text=auto",
    b"* text=auto eol=crlf",
    b"*.txt text eol=lf",
    b"a binary",
    b"* -text",
    b"* ident",
    b"*.txt working-tree-encoding=UTF-16",
    b"* merge=union",
    b"* merge=binary",
    b"* -diff",
    b"* whitespace=fix",
    b"* filter=loud",
    b"* export-ignore",
]
CONFIGURATION = [
    ("core.autocrlf", "true"),
    ("core.autocrlf", "input"),
    ("core.eol", "crlf"),
    ("core.fileMode", "false"),
    ("core.ignoreCase", "true"),
    ("core.symlinks", "false"),
    ("core.untrackedCache", "true"),
    ("core.splitIndex", "true"),
    ("index.version", "4"),
    ("index.sparse", "true"),
    ("status.showUntrackedFiles", "no"),
    ("diff.renames", "copies"),
    ("diff.noprefix", "true"),
    ("core.abbrev", "4"),
    ("merge.conflictStyle", "diff3"),
    ("extensions.worktreeConfig", "true"),
    ("core.bigFileThreshold", "10"),
    ("filter.loud.clean", "sed s/alpha/ALPHA/"),
    ("filter.loud.smudge", "sed s/ALPHA/alpha/"),
    ("filter.loud.required", "true"),
]
IGNORED = [b"*.log", b"/build/", b"build", b"a*", b"!a.txt", b"*/b", b"*", b"!*/", b"c c/"]
# What somebody does with git, each as one.
WITH_GIT = [
    [("add", "-A"), ("commit", "-qm", "mine")],
    [("commit", "-qam", "mine")],
    [("checkout", "-qb", "other")],
    [("checkout", "-q", "HEAD~1")],
    [("checkout", "-qf", "HEAD~1")],
    [("reset", "-q", "--hard")],
    [("reset", "-q", "--hard"), ("clean", "-qfdx")],
    [("reset", "-q", "--soft", "HEAD~1"), ("reflog", "expire", "--expire=now", "--all"), ("gc", "-q", "--prune=now")],
    [("stash", "-qu")],
    [("commit", "-q", "--amend", "-m", "amended", "--allow-empty"), ("gc", "-q", "--prune=now")],
    [("repack", "-qadf"), ("pack-refs", "--all"), ("worktree", "prune")],
    [("checkout", "-q", "--orphan", "new"), ("rm", "-qrf", "--cached", ".")],
    [("branch", "-M", "renamed")],
    [("reset", "-q", "--hard", "HEAD~1")],
    [("stash", "-qu"), ("stash", "drop", "-q")],
    [("add", "-A"), ("commit", "-qm", "one"), ("checkout", "-qb", "topic"), ("rebase", "-q", "main")],
]


class Setting:
    """Nothing here has to work: git may say no to what it is asked, and what is then there is a setting, too."""

    def __init__(self, case):
        self.case, self.rng = case, case.rng
        self.form = self.rng.choice([*["plain"] * 5, "sha256", "elsewhere", "linked", "shallow"])
        self.odd, self.merging = self.rng.random() < 0.6, False

    def seldom(self):
        return self.odd and self.rng.random() < 0.15

    # What is there before the first file.

    def begin(self):
        getattr(self, f"begin_{self.form}")()
        while self.odd and self.rng.random() < 0.6:
            self.case.may("config", *self.rng.choice(CONFIGURATION))
        ignored = [b"*.log", b"/build/"]
        if self.seldom():
            ignored = self.rng.sample(IGNORED, self.rng.randrange(1, 4))
        (self.case.project / ".gitignore").write_bytes(b"".join(line + b"\n" for line in ignored))
        if self.seldom() or self.seldom():
            lines = self.rng.sample(ATTRIBUTES, self.rng.randrange(1, 3))
            (self.case.project / ".gitattributes").write_bytes(b"".join(line + b"\n" for line in lines))

    def begin_plain(self):
        self.case.may("init", "-q", "-b", "main")

    def begin_sha256(self):
        self.case.may("init", "-q", "-b", "main", "--object-format=sha256")

    def begin_elsewhere(self):
        self.case.may("init", "-q", "-b", "main", f"--separate-git-dir={self.case.root / 'elsewhere.git'}")

    def begin_linked(self):
        self.other("main", self.case.root)
        self.case.project.rmdir()
        self.case.may("worktree", "add", "-q", str(self.case.project), cwd=self.case.root / "main")

    def begin_shallow(self):
        for _ in range(2):
            self.other("origin", self.case.root)
        self.case.may("clone", "-q", "--depth", "1", (self.case.root / "origin").as_uri(), ".")

    def other(self, name, place):
        """Another repository, with one commit more."""
        root = pathlib.Path(place) / name
        root.mkdir(exist_ok=True)
        self.case.may("init", "-q", "-b", "main", cwd=root)
        with open(root / "theirs", "ab") as file:
            file.write(self.case.user.line())
        self.case.may("add", "-A", cwd=root)
        self.case.may("commit", "-qm", "theirs", cwd=root)
        return root

    # What is there before the first commit.

    def nest(self):
        """Repositories in the project, whose own files no apply removes."""
        if self.seldom():
            place = self.rng.choice([self.case.project, *(self.case.project / path.decode("latin-1") for path in self.case.user.paths("dir") if path.isascii())])
            self.other("nested", place)
            self.case.nested = True
        if self.seldom():
            self.case.may("submodule", "add", "-q", str(self.other("sub", self.case.root)), "module")
            self.case.nested = True

    # What is there after it.

    def settle(self):
        tracked = [path for path in self.case.git("ls-files", "-z").split(b"\0") if path]
        some = self.rng.sample(tracked, min(len(tracked), 3))
        if self.seldom():
            self.case.may("update-index", "--skip-worktree", "--", *some)
        if self.seldom():
            self.case.may("update-index", "--assume-unchanged", "--", *some)
        if self.seldom():
            self.case.may("sparse-checkout", "set", "--no-cone", "/*", *(b"!/" + path for path in some))
        if self.seldom():
            self.case.may("gc", "-q")
        if self.seldom():
            self.merge()
        if self.seldom():
            self.case.may("checkout", "-q", "--detach")
        if self.seldom():
            self.case.may("stash", "-q")
        if self.seldom():
            self.case.user.work(2)
            self.case.may("add", "-N", ".")

    def merge(self):
        """Two branches, of which the one is being merged into the other."""
        self.case.may("checkout", "-qb", "side")
        for branch in ("side", "main"):
            self.case.may("checkout", "-q", branch)
            self.case.user.work(4)
            self.case.may("add", "-A")
            self.case.may("commit", "-qm", branch)
        self.case.may("merge", "-q", "side")
        self.merging = True

    # What the user does with git while agents work, who do the same.

    def go_on(self):
        what = self.rng.choice([*WITH_GIT, None] if self.odd else WITH_GIT)
        if what is None and self.form == "plain" and not self.case.linked:
            shutil.rmtree(self.case.project / ".git", ignore_errors=True)
        for args in what or []:
            self.case.may(*args)

    def has_a_commit(self, revision="HEAD"):
        return self.case.may("rev-parse", "-q", "--verify", revision + "^{commit}").returncode == 0
