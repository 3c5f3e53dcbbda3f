"""What a user takes of an agent's changes: paths, hunks, lines; and what a file has to be then."""

import base64
import json
import os
import re


class Choice:
    """Decisions on every change: take it, leave it, or take a part of it."""

    def __init__(self, rng, files, raw_of):
        self.rng, self.parts, self.taken = rng, {}, set()
        self.decisions = []
        for path, file in sorted(files.items()):
            raw = raw_of(path)
            if raw is None or file["scope"] != "in":
                continue
            accept = self.accept(raw, file)
            if accept is not None:
                self.decisions.append({"path_bytes_b64": base64.b64encode(raw).decode(), "accept": accept})
                if accept:
                    self.taken |= {path, file.get("old_path") or path}

    def accept(self, raw, file):
        kind = self.rng.random()
        if file["status"] != "modified" or file["kind"] != "file" or not file["hunks"] or kind < 0.2:
            return self.rng.choice([True, False, None])
        words, chosen = [], {}
        for hunk in file["hunks"]:
            how = self.rng.random()
            if how < 0.3:
                words.append(hunk["index"])
                chosen[hunk["index"]] = None
            elif how < 0.7:
                count = len(changed(hunk))
                lines = sorted(self.rng.sample(range(1, count + 1), self.rng.randrange(1, count + 1)))
                words.append({"hunk": hunk["index"], "lines": lines})
                chosen[hunk["index"]] = lines
        self.parts[raw] = (file["hunks"], chosen)
        return words

    def write(self, place):
        path = os.path.join(place, "decisions.json")
        with open(path, "w") as file:
            json.dump({"decisions": self.decisions}, file)
        return ["--decisions", path]

    def expected(self, raw, old):
        """The old text with what was taken, from the hunks as they were shown."""
        hunks, chosen = self.parts[raw]
        old, at, result = lines_of(old), 0, []
        for hunk in hunks:
            # A hunk without old lines stands behind the line that it names.
            start = hunk["old_start"] - 1 if hunk["old_lines"] else hunk["old_start"]
            result += old[at:start]
            at, number = start, 0
            for sign, line in marked(hunk):
                number += sign != " "
                wanted = hunk["index"] in chosen and (chosen[hunk["index"]] is None or number in chosen[hunk["index"]])
                if sign != "+":
                    if sign == " " or not wanted:
                        result.append(old[at])
                    at += 1
                elif wanted:
                    result.append(line)
        result += old[at:]
        # A last line without an end gets one where something follows it.
        return b"".join([line if line.endswith(b"\n") else line + b"\n" for line in result[:-1]] + result[-1:])


def lines_of(text):
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


def marked(hunk):
    """Signs and lines of a hunk's text."""
    found = []
    for line in lines_of(hunk["text"].encode()):
        if line.startswith(b"@@"):
            continue
        if line.startswith(b"\\"):
            found[-1] = (found[-1][0], found[-1][1][:-1])
        else:
            found.append((chr(line[0]), line[1:]))
    return found


def changed(hunk):
    return [line for line in marked(hunk) if line[0] != " "]
