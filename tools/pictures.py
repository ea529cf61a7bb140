"""A picture for docs/scenarios: the part of a scenario's report that says most, as a browser shows it.

    vsnd run hostile --out out/hostile
    python tools/pictures.py out/hostile docs/scenarios/hostile.png

Nothing in it is drawn by hand: what stands between the shown parts is hidden, and the browser does the rest.  Pictures
are part of the repository, so they are small: pngquant makes do with 256 colours.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

OCTETS_MAX = 120 * 1024
WIDTH_PX, HEIGHT_PX = 1000, 900

COMPARISON = ("header", "#verdicts", ".verdicts", "#differences", "[aria-labelledby=differences] .panel")
SHOWN = {
    "applications": ("header", "[aria-labelledby=glance]", "[aria-labelledby=clients]"),
    "lab": ("header", "[aria-labelledby=glance]", "[aria-labelledby=curves]"),
    "many-guests": ("header", "[aria-labelledby=curves]"),
    "broken": ("header", "[aria-labelledby=faults]", "[aria-labelledby=times] h2", "[aria-labelledby=times] .panel"),
    "noisy-neighbour": COMPARISON,
    "hostile": COMPARISON,
    "irq-vs-timer": COMPARISON,
}
"""Of each scenario's report, by CSS selectors: each stands for the first that it finds, `.panel` for the first plot."""

# All elements are hidden but those to be shown, what is in them, and what they are in.
HIDE = """(selectors) => {
  const shown = selectors.map((selector) => document.querySelector(selector));
  const keep = (element) => shown.some((other) => other.contains(element) || element.contains(other));
  for (const element of document.body.querySelectorAll("*")) {
    if (!keep(element) || element.matches("nav, .skip")) element.style.display = "none";
  }
}"""


def main() -> None:
    """Take the picture; a refusal is one line."""
    parser = argparse.ArgumentParser(prog="pictures", description="A scenario's picture, from what a run of it left.")
    parser.add_argument("out", type=Path, help="The folder of the run, or of several runs.")
    parser.add_argument("picture", type=Path, help="Where to put it; called as the scenario is.")
    asked = parser.parse_args()
    report: Path = asked.out / "report.html"
    chromium = shutil.which("chromium")
    pngquant = shutil.which("pngquant")
    if chromium is None or pngquant is None:
        sys.exit("pictures: want chromium and pngquant: apt install chromium pngquant")
    if asked.picture.stem not in SHOWN:
        sys.exit(f"pictures: {asked.picture}: want a scenario's name: {', '.join(SHOWN)}")
    if not report.is_file():
        sys.exit(f"pictures: {report}: no such file; want the folder of a run")
    whole = taken(chromium, report, SHOWN[asked.picture.stem])
    few_colours = [pngquant, "--speed", "1", "-"]
    picture = subprocess.run(few_colours, input=whole, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603  # as above
    if len(picture) > OCTETS_MAX:
        sys.exit(f"pictures: {asked.picture}: {len(picture)} octets; want at most {OCTETS_MAX}: show less")
    asked.picture.write_bytes(picture)


def taken(chromium: str, report: Path, shown: tuple[str, ...]) -> bytes:
    """These elements of the page, as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        page.evaluate(HIDE, list(shown))
        picture = page.screenshot(full_page=True)
        browser.close()
    return picture


if __name__ == "__main__":
    main()
