"""The page in a browser. Each case has a project of its own."""

import json
import time

from playwright.sync_api import expect

import doors
import look
from project import Project

FIVE = "".join(f"fn line_{n}() {{ step({n}); }}\n" for n in range(1, 61))
EDIT_FIVE = """
import re
text = open("five.rs").read()
for n in (5, 15, 25, 35, 60):
    text = text.replace(f"step({n})", f"step({n}0)")
open("five.rs", "w").write(text)
"""


class Case:
    def __init__(self, massgen, browser, root, pictures):
        self.project = Project(massgen, root)
        self.browser = browser
        self.pictures = pictures

    def page(self, served, theme="light", width=1280, height=800):
        """A page that asks nobody but its server, and says nothing on the console."""
        own = "/".join(served.url.split("/", 3)[:3])
        page = look.page(self.browser, theme, width, height, own=own, expected=is_expected)
        page.goto(served.url)
        page.wait_for_selector(".row.file")
        return page


def is_expected(said):
    """A server that ended, and a page that was too late: browsers say so on the console, too."""
    return "net::ERR_CONNECTION_" in said or "status of 409" in said


def open_file(page, name):
    page.locator(".row.file", has_text=name).click()
    expect(page.locator(".head h2")).to_contain_text(name)


def one_hunk_of_five(case):
    """Taken by keys and by clicks; the project holds exactly what is marked, after a yes."""
    project = case.project
    project.write(**{"five.rs": FIVE, "other": "1\n"})
    project.agent("five", EDIT_FIVE + "open('other', 'w').write('2\\n')")
    with project.serve("five") as served:
        page = case.page(served)
        expect(page.locator(".hunk")).to_have_count(5)
        for key in "[]]h":
            page.keyboard.press(key)
        expect(page.locator(".hunk[data-hunk='3'] .mark")).to_have_attribute("aria-pressed", "true")
        # A click says what is meant by what is shown: the next one waits until that is drawn.
        for hunk, taken in [(5, "true"), (1, "true"), (1, "false")]:
            mark = page.locator(f".hunk[data-hunk='{hunk}'] .mark")
            mark.click()
            expect(mark).to_have_attribute("aria-pressed", taken)
        expect(page.locator("#tally")).to_have_text("0 of 2 files taken, 1 in part")
        page.keyboard.press("Enter")
        expect(page.locator("dialog")).to_contain_text("five.rs in part")
        assert project.run("git", "status", "--porcelain") == ""
        page.keyboard.press("y")
        expect(page.locator("#dialog-title")).to_have_text("Applied")
        code, said = served.ended()
        assert code == 0 and "1 path applied" in said, (code, said)
    expected = FIVE.replace("step(25)", "step(250)").replace("step(60)", "step(600)")
    assert project.read("five.rs") == expected
    assert project.read("other") == "1\n"


def lines_and_the_other_reviews(case):
    """A line alone; what is decided here goes on in other reviews, and the other way round."""
    project = case.project
    project.write(a="1\n2\n3\n", b="1\n")
    project.agent("kept", "open('a','w').write('one\\n2\\nthree\\n'); open('b','w').write('2\\n')")
    with project.serve("kept") as served:
        page = case.page(served)
        page.locator(".l.went .pick").first.click(force=True)
        page.locator(".l.came .pick").first.click(force=True)
        expect(page.locator(".row.here .mark")).to_have_attribute("aria-pressed", "mixed")
        page.keyboard.press("j")
        page.keyboard.press(" ")
        expect(page.locator("#tally")).to_have_text("1 of 2 files taken, 1 in part")
        assert served.interrupt()[0] == 130
        page.keyboard.press(" ")
        expect(page.locator("#dialog-title")).to_have_text("The review is no longer served")
    decided = json.loads(project.isolate("review", "kept", "--json"))["decisions"]
    assert [word["accept"] for word in decided] == [[{"hunk": 1, "lines": [1, 2]}], True], decided
    with project.serve("kept") as served:
        page = case.page(served)
        expect(page.locator("#tally")).to_have_text("1 of 2 files taken, 1 in part")
        page.keyboard.press("q")
        expect(page.locator("#dialog-title")).to_have_text("Left")
        assert served.ended()[0] == 0
    project.isolate("apply", "kept", "--decisions",
                    *[str(p) for p in project.home.glob("**/review.json")])
    assert (project.read("a"), project.read("b")) == ("one\n2\n3\n", "2\n")


HOSTILE = """
import os
os.makedirs("web")
open("web/gate.js", "w").write("if (admin\\u202e) { \\u2066// safe\\n</script><script>alert(1)</script>\\n\\x1b[2J\\r\\n")
open("web/<img src=x onerror=alert(1)>.html", "w").write("x")
open("web/\\u202egnp.exe", "w").write("x")
open(b"web/\\xff\\xfe", "w").write("x")
os.symlink("/etc/passwd", "web/link")
open("package.json", "w").write("{}")
"""


def names_and_texts_that_deceive(case):
    """Nothing becomes markup, and what hides is shown; risks are said."""
    project = case.project
    project.write(**{"package.json": "{ }\n"})
    project.agent("hostile", HOSTILE)
    with project.serve("hostile") as served:
        page = case.page(served)
        expect(page.locator(".row.file")).to_have_count(6)
        assert page.locator("img, #pane script").count() == 0
        open_file(page, "<img src=x onerror=alert(1)>.html")
        open_file(page, "<U+202E>gnp.exe")
        open_file(page, "gate.js")
        expect(page.locator(".head")).to_contain_text("bidi-control")
        for text in ["<U+202E>", "<U+2066>", "</script><script>alert(1)</script>", "␛[2J␍"]:
            expect(page.locator("#rows")).to_contain_text(text)
        open_file(page, "link")
        expect(page.locator(".head")).to_contain_text("/etc/passwd")
        page.locator("#filter").fill("!")
        expect(page.locator(".row.file", has_text="package.json")).to_have_count(1)
        expect(page.locator(".row.file", has_text="<img")).to_have_count(0)
        page.locator("#filter").press("Escape")
        page.locator("#all").click()
        expect(page.locator("#tally")).to_have_text("6 of 6 files taken")
        page.locator("#ask").click()
        expect(page.locator("dialog")).to_contain_text("escaping-symlink")


def drift_is_shown_and_merged(case):
    project = case.project
    project.write(**{"five.rs": FIVE})
    project.agent("drift", EDIT_FIVE)
    project.write(**{"five.rs": FIVE.replace("step(45)", "step(mine)")})
    with project.serve("drift") as served:
        page = case.page(served)
        page.keyboard.press(" ")
        page.keyboard.press("Enter")
        expect(page.locator("#dialog-title")).to_have_text("Nothing was changed")
        expect(page.locator("dialog")).to_contain_text("five.rs")
        page.get_by_role("button", name="Merge both sides").click()
        expect(page.locator("#dialog-title")).to_have_text("Apply?")
        # What was looked at is what is applied: a decision elsewhere asks again.
        again = doors.order(served, "put", {"edition": 1, "tab": 0, "item": 0, "take": True})
        assert again[0] == 200
        page.get_by_role("button", name="Apply", exact=True).last.click()
        expect(page.locator("#notice")).to_contain_text("look at what will happen first")
        assert "step(150)" not in project.read("five.rs")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Merge both sides").click()
        expect(page.locator("#dialog-title")).to_have_text("Apply?")
        page.keyboard.press("y")
        expect(page.locator("#dialog-title")).to_have_text("Applied")
        assert served.ended()[0] == 0
    merged = project.read("five.rs")
    assert "step(150)" in merged and "step(600)" in merged and "step(mine)" in merged


def two_agents(case):
    """A hunk from each; then one is discarded."""
    project = case.project
    project.write(**{"five.rs": FIVE})
    project.agent("alice", EDIT_FIVE)
    project.agent("bob", EDIT_FIVE.replace("step({n}0)", "step({n}1)"))
    with project.serve("alice", "bob") as served:
        page = case.page(served)
        page.locator(".hunk[data-hunk='1'] .mark").click()
        page.get_by_role("button", name="bob changed it, too").click()
        expect(page.locator("#sessions [aria-current=true]")).to_have_text("bob")
        page.locator(".hunk[data-hunk='4'] .mark").click()
        page.keyboard.press("1")
        expect(page.locator(".hunk[data-hunk='1'] .mark")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Merge both sides").click()
        expect(page.locator("#dialog-title")).to_have_text("Apply?")
        page.keyboard.press("y")
        expect(page.locator("#dialog-title")).to_have_text("Applied")
        assert served.ended()[0] == 0
    assert project.read("five.rs") == FIVE.replace("step(5)", "step(50)").replace("step(35)", "step(351)")
    with project.serve("bob") as served:
        page = case.page(served)
        page.keyboard.press("D")
        page.get_by_role("button", name="Discard", exact=True).last.click()
        expect(page.locator("#dialog-title")).to_have_text("Discarded")
        code, said = served.ended()
        assert code == 0 and "restore" in said, (code, said)


def many_files_and_long_ones(case):
    """Ten thousand files: only what is in sight is on the page. A long diff comes as far as somebody reads."""
    project = case.project
    project.write(long="".join(f"{n}\n" for n in range(30_000)))
    project.agent("many", """
import os
for d in range(100):
    os.makedirs(f"d{d:02}")
    for f in range(100):
        open(f"d{d:02}/f{f:02}.txt", "w").write("new\\n")
open("long", "w").write("".join(f"{n}x\\n" if n % 50 == 0 else f"{n}\\n" for n in range(30_000)))
""")
    with project.serve("many") as served:
        started = time.monotonic()
        page = case.page(served)
        print(f"    10,001 files on the page after {(time.monotonic() - started) * 1000:.0f} ms")
        assert page.locator(".row.file").count() < 100
        page.keyboard.press("a")
        expect(page.locator("#tally")).to_have_text("10001 of 10,001 files taken")
        page.locator("#filter").fill("d99/f99")
        expect(page.locator(".row.file")).to_have_count(1)
        page.locator("#filter").fill("long")
        expect(page.locator(".head h2")).to_contain_text("600 hunks")
        assert page.locator(".l").count() < 2000
        for hunk in (40, 80):
            page.locator("#pane").evaluate("pane => pane.scrollTop = 1e9")
            expect(page.locator(f".hunk[data-hunk='{hunk}']")).to_have_count(1)
        page.locator("#filter").press("Escape")


def narrow_and_both_themes(case):
    """It fits, and text can be told from its ground."""
    project = case.project
    project.write(**{"src__parse.rs": PARSE, "notes.txt": "1\n2\n3\n4\n5\n", "Cargo.lock": "a = 1\n",
                     "package.json": '{"scripts": {"test": "jest"}}\n'})
    project.agent("sizes", """
import os
text = open("src/parse.rs").read()
text = text.replace("text.trim();", 'text.trim().trim_start_matches("+");')
open("src/parse.rs", "w").write(text.replace(".max()", ".max() // none for an empty line"))
open("package.json", "w").write('{"scripts": {"test": "jest --ci"}}\\n')
open("Cargo.lock", "w").write("a = 2\\n")
os.remove("notes.txt")
""")
    with project.serve("sizes") as served:
        for theme in ("light", "dark"):
            for shape, width, height in (("wide", 1200, 560), ("narrow", 390, 700)):
                page = case.page(served, theme, width, height)
                open_file(page, "parse.rs")
                page.wait_for_selector("#rows .hk")
                if page.locator(".hunk[data-hunk='1'] .mark").get_attribute("aria-pressed") == "false":
                    page.keyboard.press("h")
                expect(page.locator(".row.here .mark")).to_have_attribute("aria-pressed", "mixed")
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{wide} columns of {width}"
                weak = page.evaluate(look.CONTRAST)
                assert not weak, f"{theme} {shape}: {weak}"
                if case.pictures:
                    page.screenshot(path=case.pictures / f"review-{theme}-{shape}.png")
                if shape == "wide":
                    page.keyboard.press("s")
                    page.wait_for_selector(".l.two .hk")
                    if case.pictures and theme == "dark":
                        page.screenshot(path=case.pictures / "review-dark-columns.png")
                    page.keyboard.press("Enter")
                    expect(page.locator("dialog")).to_contain_text("src/parse.rs in part")
                    if case.pictures and theme == "light":
                        page.screenshot(path=case.pictures / "review-light-apply.png")
                page.context.close()


PARSE = """//! Parses sizes.

/// Reads one number.
pub fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    text.parse().ok()
}

/// All numbers of a line.
pub fn numbers(line: &str) -> Vec<u32> {
    line.split(' ').filter_map(number).collect()
}

/// The largest number.
pub fn largest(line: &str) -> Option<u32> {
    numbers(line).into_iter().max()
}
"""


def who_is_let_in(case):
    case.project.write(a="1\n")
    case.project.agent("doors", "open('a', 'w').write('2\\n')")
    doors.only_who_should(case.project)
    doors.ends_when_nobody_asks(case.project)


CASES = [one_hunk_of_five, lines_and_the_other_reviews, names_and_texts_that_deceive,
         drift_is_shown_and_merged, two_agents, many_files_and_long_ones, narrow_and_both_themes,
         who_is_let_in]


look.main(CASES, Case)
