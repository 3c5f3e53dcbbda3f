"""What the checks of both pages share: pages that ask nobody else and say nothing, and how cases are run."""

import pathlib
import sys
import tempfile
import time

from playwright.sync_api import Error, sync_playwright

FAILED = []


def fail(why):
    FAILED.append(why)


def page(browser, theme="light", width=1280, height=800, own=None, expected=lambda said: False):
    """A page that asks nobody but its own server, if it has one, and says nothing on the console."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": height})
    opened = context.new_page()
    mine = (own, "data:") if own else ("file:", "data:")
    opened.on("console", lambda said: None if expected(said.text) else fail(said.text))
    opened.on("pageerror", lambda error: fail(f"script: {error}"))
    opened.on("dialog", lambda asked: fail(f"dialog: {asked.message}"))
    opened.on("request", lambda asked: None if asked.url.startswith(mine) else fail(asked.url))
    return opened


# Every text on the page, against the ground that it stands on: 4.5 to 1, as WCAG asks for.
CONTRAST = """() => {
  const rgb = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = c => c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length && c[3] !== 0) return c; } return [255, 255, 255]; };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement, style = getComputedStyle(e);
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || style.opacity === '0') continue;
    const [a, b] = [lum(rgb(style.color)), lum(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) weak.push(e.className + ' ' + walker.currentNode.data.trim().slice(0, 20) + ' ' + ((a + .05) / (b + .05)).toFixed(2));
  }
  return weak;
}"""


def main(cases, case_of):
    """Runs every case in a directory of its own. Arguments: the program, and where pictures go."""
    massgen = sys.argv[1]
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    bad = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium",
                                             args=["--no-sandbox"])
        for case in cases:
            started = time.monotonic()
            FAILED.clear()
            with tempfile.TemporaryDirectory() as root:
                try:
                    case(case_of(massgen, browser, root, pictures))
                except (AssertionError, Error) as error:
                    line = error.__traceback__.tb_next.tb_lineno
                    FAILED.append(f"line {line}: {error}")
            took = (time.monotonic() - started) * 1000
            print(f"{'FAILED' if FAILED else 'ok'}  {case.__name__}  {took:.0f} ms", *FAILED,
                  sep="\n    " if FAILED else "")
            bad += bool(FAILED)
        browser.close()
    sys.exit(1 if bad else 0)
