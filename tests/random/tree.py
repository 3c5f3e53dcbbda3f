"""What lies in a directory, and how two such looks differ."""

import os
import re


# The bytes of a file that its permissions close.
UNREADABLE = b"unreadable"


class Wrong(Exception):
    """What did not hold."""


DENIED = "Permission denied"


class Denied(Wrong):
    """What somebody else than root may not do."""


def look(root):
    """Every path below a directory, but `.git`'s pins of sessions: its kind, permissions and bytes."""
    found = {}
    root = os.fsencode(root)
    for directory, names, files in os.walk(root):
        for name in [*names, *files]:
            path = os.path.join(directory, name)
            inside = os.path.relpath(path, root)
            if b".git/refs/massgen" in inside:
                continue
            mode = os.lstat(path).st_mode & 0o7777
            if os.path.islink(path):
                found[inside] = ("link", os.readlink(path))
            elif os.path.isdir(path):
                found[inside] = ("dir", mode)
            elif os.path.isfile(path) and not os.access(path, os.R_OK):
                found[inside] = ("file", mode, UNREADABLE)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[inside] = ("file", mode, without_pins(file.read()) if inside == b".git/packed-refs" else file.read())
            else:
                found[inside] = ("special",)
    return found


def without_pins(packed):
    """Packed refs, but those of sessions, which git packs like others."""
    return b"".join(line for line in packed.splitlines(keepends=True) if b" refs/massgen/" not in line)


def outside_git(found):
    return {path: node for path, node in found.items() if b".git" not in path.split(b"/")}


def files_of(found):
    """All but directories, which come and go with what is in them."""
    return {path: node for path, node in found.items() if node[0] != "dir"}


def differences(one, other):
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def same(what, before, after):
    wrong = differences(before, after)
    if wrong:
        lines = [f"  {path!r}: {short(before.get(path))} -> {short(after.get(path))}" for path in wrong[:6]]
        raise Wrong("\n".join([f"{what}:", *lines]))


def words(found, who):
    """The words that somebody wrote; each is written once in the world."""
    return {word for node in found.values() if node[0] == "file" for word in re.findall(who + rb"\d+x", node[2])}


def short(node):
    return repr(node)[:160]


def shown(path):
    """A path as JSON tells it."""
    return path.decode(errors="replace")
