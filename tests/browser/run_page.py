"""The page of a run (`logs timeline --html`) in a browser: a file that nobody serves."""

import json
import pathlib
import tarfile

from playwright.sync_api import expect

import look
from project import Project

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "runs"

# Width of A4 between the page's own margins.
PAPER = 703


class Case:
    def __init__(self, massgen, browser, root, pictures):
        self.root = pathlib.Path(root)
        self.project = Project(massgen, root)
        self.browser = browser
        self.pictures = pictures

    def fixture(self, name):
        """A real run, unpacked."""
        with tarfile.open(FIXTURES / f"{name}.tar.gz") as packed:
            packed.extractall(self.root, filter="fully_trusted")
        return next((self.root / name).glob("log_*"))

    def page(self, run, theme="light", width=1280, height=800):
        """The run's page, opened as a file."""
        html = self.root / "run.html"
        self.project.run(self.project.massgen, "logs", "timeline", "--log-dir", str(run),
                         "--html", str(html))
        page = look.page(self.browser, theme, width, height)
        page.goto(html.as_uri())
        page.wait_for_selector(".lanes svg")
        return page

    def picture(self, page, name):
        if self.pictures:
            page.screenshot(path=self.pictures / f"page-{name}.png")


# Labels of an axis that lie on each other.
OVERLAP = """() => [...document.querySelectorAll('.lanes svg')].flatMap(svg => {
  const labels = [...svg.querySelectorAll('text[text-anchor]')].map(t => [t.textContent, t.getBoundingClientRect()]);
  return labels.slice(1).filter(([, box], i) => box.left < labels[i][1].right).map(([text]) => text);
})"""


def both_themes_wide_and_narrow(case):
    """Nothing is loaded, nothing complains, nothing sticks out, and every text can be read."""
    for run in ("three_vote", "tool_failures", "worktree_restart", "debug_run", "config_error"):
        log = case.fixture(run)
        for theme in ("light", "dark"):
            for width in (1280, 390):
                page = case.page(log, theme, width, 1000)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{run}: {wide} columns of {width}"
                across = page.evaluate(OVERLAP)
                assert not across, f"{run} {width}: {across}"
                weak = page.evaluate(look.CONTRAST)
                assert not weak, f"{run} {theme} {width}: {weak}"
                if run == "three_vote":
                    case.picture(page, theme + ("-narrow" if width == 390 else ""))
                page.context.close()


def only_keys(case):
    """From the top to a problem, its evidence, and the bar that it is about; the line is the file's."""
    run = case.fixture("tool_failures")
    page = case.page(run)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    problem = page.locator("#problems article", has_text="recorded as success")
    for _ in range(60):
        page.keyboard.press("Tab")
        if problem.locator("summary:focus").count():
            break
    expect(problem.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(problem.locator("details")).to_have_attribute("open", "")
    cited = problem.locator(".ev code").first.text_content()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Show on the timeline")
    page.keyboard.press("Enter")
    expect(page.locator(".lanes svg .sel")).to_be_focused()
    shown = page.locator("#detail").text_content()
    assert "mcp__probe__flaky: failed" in shown, shown
    file, line = cited.rsplit(":", 1)
    assert f"[{file}:" in shown and shown.rstrip("]").endswith(line), (cited, shown)
    text = (run / file).read_text().splitlines()[int(line) - 1]
    assert "backend unavailable" in text, text
    # On from there, and in and out, without losing the place.
    page.keyboard.press("ArrowRight")
    after = page.locator("#detail").text_content()
    assert after != shown
    for key in ("+", "+", "-"):
        page.keyboard.press(key)
        expect(page.locator(".lanes svg .sel")).to_be_focused()
        assert page.locator("#detail").text_content() == after, key
    page.keyboard.press("ArrowLeft")
    assert page.locator("#detail").text_content() == shown


def names_for_those_who_do_not_see(case):
    """Everything that a screen reader stops at says what it is."""
    for run in ("tool_failures", "multi_turn"):
        page = case.page(case.fixture(run))
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        stops = {"image", "img", "figure", "graphics-symbol", "button", "link", "region", "table",
                 "columnheader", "navigation", "group", "DisclosureTriangle", "heading"}
        seen, silent = set(), []
        for node in tree:
            role = node.get("role", {}).get("value")
            if node.get("ignored") or role not in stops:
                continue
            seen.add(role)
            # A disclosure is named by its summary; the group around it need not be.
            if not node.get("name", {}).get("value", "").strip() and role != "group":
                silent.append((role, node.get("backendDOMNodeId")))
        assert not silent, f"{run}: {silent}"
        assert {"image", "button", "link", "region", "table"} <= seen, seen
        bars = page.locator(".lanes svg rect")
        named = page.locator(".lanes svg [role=img][aria-label]")
        assert bars.count() > 0 and named.count() >= bars.count()
        # Headings go down one step at a time.
        levels = page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(h => +h.tagName[1])")
        assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels
        page.context.close()


def zoom(case):
    """By buttons, keys and the wheel; what is in the middle stays there, and the page does not grow."""
    page = case.page(case.fixture("tool_failures"))
    lanes = page.locator(".lanes")
    width = lambda: page.locator(".lanes svg").evaluate("svg => svg.getBoundingClientRect().width")
    whole = width()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    assert width() > whole * 2
    middle = "lanes => (lanes.scrollLeft + lanes.clientWidth / 2) / lanes.scrollWidth"
    lanes.evaluate("lanes => { lanes.scrollLeft = 400; }")
    before = lanes.evaluate(middle)
    page.get_by_role("button", name="Zoom in").click()
    assert abs(lanes.evaluate(middle) - before) < 0.02
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Show the whole attempt").click()
    assert abs(width() - whole) < 2
    lanes.focus()
    page.keyboard.press("+")
    assert width() > whole * 1.3
    page.keyboard.press("0")
    assert abs(width() - whole) < 2
    lanes.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function("whole => document.querySelector('.lanes svg').getBoundingClientRect().width > whole * 1.1",
                           arg=whole)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    sizes = [page.evaluate("document.documentElement.scrollHeight")]
    for _ in range(40):
        page.get_by_role("button", name="Zoom in").click()
    sizes.append(page.evaluate("document.documentElement.scrollHeight"))
    assert sizes[0] == sizes[1], sizes


# What would be cut on paper: text or bars beyond the sheet, or in a box that does not show all of itself.
CUT = """width => {
  const cut = [];
  for (const e of document.querySelectorAll('main *, header *')) {
    if (e.closest('.skip') || !e.checkVisibility()) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const right = Math.max(box.right, e instanceof SVGElement ? 0 : box.left + e.scrollWidth);
    if (box.width && right > width + 1) cut.push(e.tagName + ' ' + (e.className.baseVal ?? e.className) + ' ' + Math.round(right));
    const clips = [style.overflowX, style.overflowY].some(o => o !== 'visible');
    if (clips && !(e instanceof SVGElement) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) cut.push('clipped ' + e.className);
  }
  return cut.slice(0, 10);
}"""


def paper(case):
    """Nothing is cut on paper, evidence is open, bars have their colours, and the screen is as before after it."""
    for run, theme in (("tool_failures", "light"), ("tool_failures", "dark"), ("worktree_restart", "light"),
                       ("subagents", "light")):
        page = case.page(case.fixture(run), theme)
        page.get_by_role("button", name="Zoom in").first.click()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": PAPER, "height": 1000})
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        cut = page.evaluate(CUT, PAPER)
        assert not cut, cut
        assert page.locator("details:not([open])").count() == 0
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)", ground
        exact = page.locator(".legend i").first.evaluate("i => getComputedStyle(i).printColorAdjust")
        assert exact == "exact"
        expect(page.locator("nav")).to_be_hidden()
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        printed = page.pdf(format="A4")
        assert printed.startswith(b"%PDF") and len(printed) > 20_000
        page.context.close()


def large_run(root, agents=30, rounds=20):
    """A made-up run: every round has calls, some of which fail, an answer, and a restart of the others."""
    run = root / "log_20260101_120000_000000"
    attempt = run / "turn_1" / "attempt_1"
    attempt.mkdir(parents=True)
    ids = [f"agent_{n:02}" for n in range(agents)]
    events = []

    def at(ms, kind, agent, **data):
        stamp = f"2026-01-01T{12 + ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}000"
        events.append((ms, json.dumps({"timestamp": stamp, "event_type": kind, "agent_id": agent,
                                       "round_number": 0, "data": data})))

    for n, agent in enumerate(ids):
        for number in range(rounds):
            start = number * 60_000 + n * 700
            at(start, "round_start", agent)
            for call in range(3):
                begin = start + 5_000 + call * 9_000
                name, tool = f"{agent}-{number}-{call}", f"mcp__server__tool_{call}"
                args = {"path": f"{number}/{call}"}
                at(begin, "tool_start", agent, tool_id=name, tool_name=tool, args=args, server_name="mcp")
                result = "Error: it is not there" if (n + number + call) % 11 == 0 else "done"
                at(begin + 4_000, "tool_complete", agent, tool_id=name, tool_name=tool, result=result,
                   elapsed_seconds=4.0, status="success", is_error=False, async_id=None)
            last = number == rounds - 1
            if last:
                at(start + 50_000, "vote", agent, target_id=ids[0], reason="it is whole", vote_label=None,
                   voted_for_label=None)
            else:
                at(start + 50_000, "answer_submitted", agent, content=f"answer {number} of {agent}",
                   answer_number=number + 1, answer_label=f"agent{n + 1}.{number + 1}", workspace_path=None)
                at(start + 50_001, "agent_restart", agent, restart_round=number + 1, restart_reason="new answer")
    end = rounds * 60_000 + agents * 700
    at(end, "final_presentation_start", ids[0], vote_counts={ids[0]: agents}, answer_labels={}, is_tie=False)
    at(end + 9_000, "final_answer", ids[0], content="all of it")
    events.sort(key=lambda event: event[0])
    (attempt / "events.jsonl").write_text("".join(f"{line}\n" for _, line in events))
    (attempt / "execution_metadata.yaml").write_text("query: What do thirty agents do?\n")
    return run


def thirty_agents_with_twenty_rounds(case):
    """Every lane, bar and mark is there, within its picture; long lists do not bury what follows."""
    run = large_run(case.root)
    page = case.page(run)
    agents = page.locator(".lanes svg > text:not([role]):not(.ax)")
    expect(agents).to_have_count(30)
    bars = page.locator(".lanes svg rect[class^=r-]")
    assert bars.count() >= 600, bars.count()
    assert page.locator(".lanes svg rect[class^=c-]").count() == 1800
    outside = page.evaluate("""() => {
      const svg = document.querySelector('.lanes svg'), w = +svg.getAttribute('width'), h = +svg.getAttribute('height');
      return [...svg.querySelectorAll('rect,text,line')].filter(e => { const b = e.getBBox(); return b.x < 0 || b.y < 0 || b.x + b.width > w || b.y + b.height > h; }).length;
    }""")
    assert outside == 0, f"{outside} shapes outside of the picture"
    tall = page.evaluate("document.querySelector('.lanes').clientHeight")
    assert tall <= 800, tall
    assert page.locator("#problems > article").count() <= 20
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280, wide
    # Each press of a key draws 600 rounds and 1,800 calls anew.
    page.locator(".lanes").focus()
    for key in "++0":
        page.keyboard.press(key)
    expect(agents).to_have_count(30)
    case.picture(page, "thirty-agents")
    page.context.close()
    narrow = case.page(run, "dark", 390)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390


def markup_of_a_log_stays_text(case):
    """Names and texts that would be markup or code elsewhere."""
    run = case.fixture("tool_failures")
    events = run / "turn_1" / "attempt_1" / "events.jsonl"
    hostile = '<img src=x onerror=alert(1)></script><script>alert(2)</script>\\u2028${alert(3)}'
    text = events.read_text()
    text = text.replace("Answer built with tools.", hostile).replace("mcp__probe__big", "mcp__<b>x</b>__big")
    events.write_text(text.replace('"agent_b"', '"agent_<i>b</i>"'))
    for answer in run.glob("turn_1/attempt_1/agent_a/*/answer.txt"):
        answer.write_text(hostile)
    page = case.page(run)
    assert page.locator("main img, main script, main b:text-is('x'), main i:text-is('b')").count() == 0
    expect(page.locator("#answers")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#tools")).to_contain_text("mcp__<b>x</b>__big")
    expect(page.locator(".lanes svg")).to_contain_text("agent_<i>b</i>")


CASES = [both_themes_wide_and_narrow, only_keys, names_for_those_who_do_not_see, zoom, paper,
         thirty_agents_with_twenty_rounds, markup_of_a_log_stays_text]


look.main(CASES, Case)
