"""Somebody who works at random in a tree."""

import os
import shutil

from tree import look, outside_git

NAMES = [b"a", b"b", b"c c", b"-d", b"\xc3\xa9", b"e\xcc\x81", b"\xff", b"new\nline", b".hidden", b"x.log", b"build", b"Makefile", b"a.txt", b"'q\"", b"$HOME", b"a#1", b"*", b"n" * 120]
TARGETS = [b"a", b"../b", b"nowhere", b"/etc/hostname", b".", b"c c/a"]
MODES = [0o644, 0o644, 0o644, 0o755, 0o600, 0o444, 0o200]
DIR_MODES = [0o755, 0o700, 0o555]
DEEP_MAX = 4


class Hand:
    """Every line it writes has a word that nobody writes again: `who`, a number, `x`."""

    def __init__(self, rng, root, who):
        self.rng, self.root, self.who, self.written = rng, os.fsencode(root), who, 0

    def work(self, times):
        acts = [self.make, self.edit, self.edit, self.edit, self.remove, self.rename, self.chmod, self.replace]
        for _ in range(times):
            try:
                self.rng.choice(acts)()
            except PermissionError:
                # Somebody else than root can't do everything.
                pass

    def line(self):
        self.written += 1
        return b"%s%dx %s\n" % (self.who, self.written, self.rng.choice([b"alpha", b"beta", b"gamma"]))

    def content(self):
        kind = self.rng.random()
        if kind < 0.06:
            return b""
        if kind < 0.14:
            return self.rng.randbytes(self.rng.randrange(1, 400)) + b"\0"
        lines = [self.line() for _ in range(self.rng.randrange(1, 30))]
        if kind < 0.22:
            lines = [line[:-1] + b"\r\n" for line in lines]
        text = b"".join(lines)
        return text[:-1] if kind > 0.9 else text

    def paths(self, *kinds):
        return [path for path, node in sorted(outside_git(look(self.root)).items()) if node[0] in kinds]

    def at(self, path):
        return os.path.join(self.root, path)

    def free(self):
        """A path that is not there, in a directory that is."""
        directories = [b"", *self.paths("dir")]
        for _ in range(40):
            path = os.path.join(self.rng.choice(directories), self.rng.choice(NAMES))
            if not os.path.lexists(self.at(path)) and path.count(b"/") < DEEP_MAX:
                return path
        return None

    def make(self, path=None):
        path = path or self.free()
        if path is None:
            return
        kind = self.rng.random()
        if kind < 0.2:
            os.mkdir(self.at(path))
            if self.rng.random() < 0.8 and path.count(b"/") < DEEP_MAX:
                self.make(os.path.join(path, self.rng.choice(NAMES)))
        elif kind < 0.32:
            os.symlink(self.rng.choice(TARGETS), self.at(path))
        else:
            self.write(self.at(path), self.content(), self.rng.choice(MODES))

    def edit(self):
        files = self.paths("file")
        if not files:
            return self.make()
        path = self.at(self.rng.choice(files))
        mode = os.stat(path).st_mode
        with open(path, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        for _ in range(self.rng.randrange(1, 4)):
            at = self.rng.randrange(len(lines) + 1)
            lines[at : at + self.rng.randrange(3)] = [self.line() for _ in range(self.rng.randrange(3))]
        if self.rng.random() < 0.5:
            # As editors do that write a new file in the place of the old one.
            os.unlink(path)
        self.write(path, b"".join(lines), mode)

    def write(self, path, content, mode):
        if os.path.exists(path):
            os.chmod(path, 0o600)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)

    def remove(self, path=None):
        everything = self.paths("file", "link", "dir")
        if everything:
            path = self.at(path or self.rng.choice(everything))
            is_dir = os.path.isdir(path) and not os.path.islink(path)
            shutil.rmtree(path) if is_dir else os.unlink(path)

    def rename(self):
        everything, to = self.paths("file", "link", "dir"), self.free()
        path = self.rng.choice(everything) if everything else None
        if path and to and not to.startswith(path + b"/"):
            os.rename(self.at(path), self.at(to))

    def chmod(self):
        files, dirs = self.paths("file"), self.paths("dir")
        if dirs and self.rng.random() < 0.3:
            os.chmod(self.at(self.rng.choice(dirs)), self.rng.choice(DIR_MODES))
        elif files:
            os.chmod(self.at(self.rng.choice(files)), self.rng.choice(MODES))

    def replace(self):
        """One kind of thing by another."""
        everything = self.paths("file", "link", "dir")
        if everything:
            path = self.rng.choice(everything)
            self.remove(path)
            self.make(path)
