"""One apply of random parts of what the agents did; and what must hold then."""

import os
import re

from choice import Choice
from tree import Denied, Wrong, differences, files_of, outside_git, same, short, shown, words

# Reasons that a choice makes: it was the choice that can't be applied alone.
OF_A_CHOICE = re.compile("become a directory first|not being applied")
# One that the user's state of git makes.
OF_A_MERGE = "it has unresolved merge conflicts in git"


class Apply:
    """One apply of random parts of what the agents did, and what may follow it."""

    def __init__(self, case, sessions, first):
        self.case, self.sessions, self.first = case, sessions, first
        self.before = case.look()
        self.work = {session.name: session.now() for session in sessions}
        self.files = {session.name: self.changes(session) for session in sessions}
        self.chosen, self.decided, self.hunks_left = None, None, set()
        for session in sessions:
            # git gave the agent words of the user that were not in the project any more.
            session.seen |= words(self.work[session.name], b"u")

    def changes(self, session):
        """Changed paths by what JSON says of them; on the first turn every difference has to be there."""
        said = self.case.massgen("diff", session.name, "--json")[1]
        same("diff changed the workspace", self.work[session.name], session.now())
        same("diff changed the project", self.before, self.case.look())
        files = {file["path"]: file for file in said["files"]}
        told = files.keys() | {file["old_path"] for file in said["files"] if file.get("old_path")}
        told |= {file["path"] for file in said["unreadable"]}
        for path in differences(files_of(session.base), files_of(self.work[session.name])) if self.first else ():
            old, new = session.base.get(path), self.work[session.name].get(path)
            only_mode = old and new and old[0] == new[0] == "file" and old[2] == new[2]
            # Of permissions, git knows one bit; so does a change.
            if shown(path) not in told and not (only_mode and (old[1] ^ new[1]) & 0o111 == 0):
                raise Wrong(f"{path!r} changed and is not told: {short(old)} -> {short(new)}")
        return files

    def play(self):
        case, rng = self.case, self.case.rng
        how = rng.choice(["refuse", "merge"])
        args = ["apply", *self.work, "--json", "--on-drift", how, "--delete-everything", *self.choice()]
        if len(self.sessions) == 1 and rng.random() < 0.2:
            self.branch()
        codes = (0, 3)
        if case.is_killed(*args):
            self.is_mended()
            # What was the same on both sides may count as applied by now.
            codes = (0, 2, 3)
        try:
            code, said = case.massgen(*args, codes=codes)
        except Denied:
            return same("apply was denied something and changed the project", self.before, case.look())
        if code == 2:
            return
        after = case.look()
        for session in self.sessions:
            same("apply changed the workspace", self.work[session.name], session.now())
        if code != 0:
            same(f"apply ended in {code} and changed the project", self.before, after)
            return self.has_a_reason(said)
        self.holds(after, said)
        everything = not self.chosen and not self.decided
        if everything and len(self.sessions) == 1 and self.alone():
            self.is_the_agents(after)
        if self.decided:
            self.is_what_was_decided(after)
        if everything and len(self.sessions) == 1:
            case.massgen(*args)
            same("a second apply changed something", after, case.look())
        if said["undo_id"] and rng.random() < 0.7:
            self.undo(args, after)

    def is_mended(self):
        """What an apply that was killed left: all of it or nothing."""
        case = self.case
        if differences(self.before, case.look()):
            case.massgen("undo")
        same("an apply that was killed left something", self.before, case.look())
        for session in self.sessions:
            same("an apply that was killed changed the workspace", self.work[session.name], session.now())

    def branch(self):
        """The same work as a branch, which changes no file of the user's."""
        session, case = self.sessions[0], self.case
        name = f"massgen-{case.rng.randrange(10**9)}"
        before = outside_git(self.before)
        code, said = case.massgen("apply", session.name, "--json", "--as-branch", name, codes=(0, 1, 3))
        same("a branch changed the project", before, outside_git(case.look()))
        same("a branch changed the workspace", self.work[session.name], session.now())
        self.before = case.look()
        if code != 0:
            # What was never committed and is gone leaves nothing to commit.
            if session.has_git and not re.search("nothing for a branch|repository is gone", said["message"]):
                raise Wrong(f"there is no branch: {said}")
            return
        for path, file in self.files[session.name].items():
            raw = next((found for found in self.work[session.name] if shown(found) == path), None)
            if file["scope"] != "in" or raw is None or case.setting.odd:
                continue
            kept, node = case.may("cat-file", "blob", os.fsencode(name) + b":" + raw), self.work[session.name][raw]
            if node[0] in ("file", "link") and (kept.returncode != 0 or kept.stdout != node[-1]):
                raise Wrong(f"{path!r} is not on the branch: {kept}, the agent's is {short(node)}")

    def choice(self):
        """Sometimes one path alone, sometimes some of its hunks; sometimes decisions on all of them."""
        if len(self.sessions) == 1 and self.case.rng.random() < 0.25:
            session = self.sessions[0]
            self.decided = Choice(self.case.rng, self.files[session.name], self.raw)
            return self.decided.write(self.case.root)
        inside = sorted({path for files in self.files.values() for path, file in files.items() if file["scope"] == "in"})
        if not inside or len(self.sessions) > 1 or self.case.rng.random() < 0.6:
            return []
        self.chosen = self.case.rng.choice(inside)
        session = self.sessions[0]
        raw = self.raw(self.chosen)
        if raw is None:
            # Applied in an earlier turn, and gone on both sides since.
            self.chosen = None
            return []
        file = self.files[session.name][self.chosen]
        if len(file["hunks"]) > 1 and file["status"] == "modified":
            taken = self.case.rng.sample(file["hunks"], self.case.rng.randrange(1, len(file["hunks"])))
            self.hunks_left = {word for hunk in file["hunks"] if hunk not in taken for word in re.findall(rb"\n\+(p\d+x)", hunk["text"].encode())}
            raw += b"#" + b",".join(b"%d" % hunk["index"] for hunk in taken)
        return [b"--only=" + raw]

    def raw(self, path):
        """The bytes of a path that JSON tells."""
        session = self.sessions[0]
        known = [*self.work[session.name], *session.base, *self.before]
        return next((raw for raw in known if shown(raw) == path), None)

    def alone(self):
        """Nobody worked in the project since the sessions began, which began from what is there."""
        unchanged = outside_git(self.before) == outside_git(self.case.untouched)
        return self.first and unchanged and not self.sessions[0].revision

    def has_a_reason(self, said):
        if not said["conflicts"]:
            raise Wrong("apply failed without a conflict")
        chosen = self.chosen or self.decided or self.case.nested
        of_the_choice = chosen and OF_A_CHOICE.search(said["conflicts"][0]["reason"])
        if said["conflicts"][0]["reason"] == OF_A_MERGE and self.case.setting.merging:
            return
        inside = not any(file["scope"] == "out-of-scope" for file in self.files[self.sessions[0].name].values())
        if inside and len(self.sessions) == 1 and self.alone() and not self.sessions[0].left and not of_the_choice:
            raise Wrong(f"nobody worked here, and it conflicts: {said['conflicts']}")

    def holds(self, after, said):
        told = {path for files in self.files.values() for path in files}
        told |= {file["old_path"] for files in self.files.values() for file in files.values() if file.get("old_path")}
        for path in differences(files_of(self.before), files_of(after)):
            if shown(path) not in told:
                raise Wrong(f"apply changed {path!r}, which no agent did: {short(self.before.get(path))} -> {short(after.get(path))}")
        lost = words(self.before, b"u") - words(after, b"u") - set().union(*(session.seen for session in self.sessions))
        if lost:
            raise Wrong(f"the user's words are lost: {sorted(lost)[:5]}")
        has = words(after, b"[pq]")
        if self.hunks_left & (has - words(self.before, b"[pq]")):
            raise Wrong(f"hunks that were not chosen are there: {self.hunks_left & has}")
        for name, work in self.work.items():
            for path in work:
                mine = words({path: work[path]}, name.encode()) - self.hunks_left
                # Of two agents, the later one may take away what it has merged.
                whole = len(self.work) == 1 and self.first and not self.decided
                if whole and shown(path) in said["applied"] and mine - has:
                    raise Wrong(f"apply says that {path!r} was applied, and the agent's words are not there")

    def is_what_was_decided(self, after):
        """Nothing else changed; and what was taken in part is what its hunks say."""
        for path in differences(files_of(self.before), files_of(after)):
            if shown(path) not in self.decided.taken:
                raise Wrong(f"{path!r} changed and was not taken: {self.decided.decisions}")
        for path, base in self.sessions[0].base.items():
            if path not in self.decided.parts or not self.alone() or self.before[path][2] != base[2]:
                continue
            expected = self.decided.expected(path, base[2])
            if after[path][2] != expected:
                raise Wrong(f"{path!r} taken in part: {short(after[path])}, expected {expected!r}, by {self.decided.decisions}")

    def is_the_agents(self, after):
        """Nobody worked here meanwhile: what is applied is what the agent made."""
        session = self.sessions[0]
        for path, file in self.files[session.name].items():
            if file["scope"] != "in":
                continue
            raw = next((found for found in self.work[session.name] if shown(found) == path), None)
            now = next((node for found, node in after.items() if shown(found) == path), None)
            made = self.work[session.name].get(raw)
            # Whoever may not read a file gets no right to run it.
            runs = lambda: not now[1] & 0o400 or (made[1] ^ now[1]) & 0o100 == 0
            alike = made and now and (made == now if made[0] == "link" else made[0] == now[0] and made[2:] == now[2:] and runs())
            if not (alike or made is now is None):
                raise Wrong(f"{path!r}: {short(now)}, the agent's is {short(made)}")

    def undo(self, args, after):
        case = self.case
        if case.rng.random() < 0.3:
            case.user.work(case.rng.randrange(1, 4))
            later = case.look()
            try:
                code, _ = case.massgen("undo", codes=(0, 3))
            except Denied:
                code = 1
            now = case.look()
            if code != 0:
                same(f"undo ended in {code} and changed the project", later, now)
            elif lost := words(later, b"u") - words(after, b"u") - words(now, b"u"):
                raise Wrong(f"undo took away what the user wrote since: {sorted(lost)[:5]}")
            return
        if case.is_killed("undo"):
            now = case.look()
            if not differences(now, self.before):
                return
            same("an undo that was killed left something else", after, now)
        case.massgen("undo")
        same("undo did not bring back what was there", self.before, case.look())
        if case.rng.random() < 0.5:
            case.massgen(*args)
            same("the apply after an undo is another one", after, case.look())
