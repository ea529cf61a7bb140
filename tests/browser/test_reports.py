"""Both reports of a short run in simulated time, in a real browser: that they work, and can be read by everybody."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from compose.run import run_file
from tests.browser.conftest import Open

SCENE = """
name = "two guests <b>&amp;</b>"
duration_s = 4
warm_up_s = 0.5
pacing = ["irq", "timer"]
repeats = 3
[devices.speaker]
kind = "clocked"
period_frames = 240
drift_ppm = 40
[[guests]]
id = 1
name = "a guest with quite a long name that a phone has to break"
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
[[guests]]
id = 2
name = "late"
[[guests.streams]]
device = "speaker"
plays = "announcement.flac"
rate_hz = 44100
[[faults]]
at_s = 2
what = "pause"
guest = 2
for_s = 0.3
"""

CONTRASTS = """() => {
  const channel = (v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = [99, ""];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || element.closest("script, style, svg, noscript")) continue;
    const both = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const [a, b] = both.sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < least[0]) least = [contrast, texts.currentNode.textContent.trim()];
  }
  return least;
}"""


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "scene.toml").write_text(SCENE)
    run_file(folder / "scene.toml", "sim", folder / "out", None)
    return folder / "out"


@pytest.fixture(params=["run", "comparison"])
def report(request: pytest.FixtureRequest, out: Path) -> Path:
    return (out if request.param == "comparison" else next(out.glob("01-*"))) / "report.html"


def drawn(page: Page) -> list[Any]:
    """How many points each plot shows."""
    counts: list[Any] = page.evaluate(
        "[...document.querySelectorAll('.canvas')].map((c) => c.data.filter((t) => t.visible !== false)"
        ".reduce((n, t) => n + t.x.length, 0))"
    )
    return counts


def becomes(page: Page, condition: str) -> None:
    """Wait for it, without `eval` in the page, which forbids that."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {condition}")


def test_every_plot_is_drawn_and_nothing_is_complained_of(look_at: Open, report: Path) -> None:
    page = look_at(report)
    assert min(drawn(page)) > 0
    assert page.title().startswith("two guests <b>&amp;</b>")


def test_views_and_curves_are_chosen_by_keyboard(look_at: Open, report: Path) -> None:
    page = look_at(report)
    figure = page.locator("[data-figure]", has=page.locator(".choice")).first
    first, second = figure.locator(".choice button").nth(0), figure.locator(".choice button").nth(1)
    before = figure.locator(".canvas").evaluate("c => JSON.stringify(c.data.map((t) => t.y))")
    first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert (first.get_attribute("aria-pressed"), second.get_attribute("aria-pressed")) == ("false", "true")
    assert figure.locator(".canvas").evaluate("c => JSON.stringify(c.data.map((t) => t.y))") != before
    legend = page.locator(".legend button").first
    legend.focus()
    before_hiding = drawn(page)
    page.keyboard.press("Space")
    assert legend.get_attribute("aria-pressed") == "false"
    assert sum(drawn(page)) < sum(before_hiding)


def test_a_worst_case_leads_to_its_moment(look_at: Open, out: Path) -> None:
    page = look_at(next(out.glob("01-*")) / "report.html")
    link = page.locator("a[href^='#worst-']").first
    link.focus()
    page.keyboard.press("Enter")
    moment = page.locator(f"[id='{(link.get_attribute('href') or '')[1:]}']")
    becomes(page, "document.querySelector('details.moment[open]') !== null")
    assert moment.get_attribute("open") is not None
    assert moment.locator("svg circle").count() > 3


def test_what_was_broken_is_said_and_marked(look_at: Open, out: Path) -> None:
    page = look_at(next(out.glob("01-*")) / "report.html")
    assert "pause of domain 2 at" in " ".join(page.locator("section[aria-labelledby=faults]").inner_text().split())
    marks = page.evaluate("document.querySelector('[data-figure=times] .canvas').layout.shapes.map((s) => s.type)")
    assert marks.count("rect") == 1


def test_the_comparison_leads_to_each_run(look_at: Open, out: Path) -> None:
    page = look_at(out / "report.html")
    links = page.locator("a[href$='/report.html']")
    assert links.count() == 6
    links.first.click()
    assert page.url.endswith("/report.html")
    assert page.url != (out / "report.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(look_at: Open, report: Path, scheme: str) -> None:
    least, text = look_at(report, scheme=scheme).evaluate(CONTRASTS)
    assert least >= 4.5, text


def test_dark_is_dark(look_at: Open, report: Path) -> None:
    shots = [look_at(report, scheme=scheme).screenshot() for scheme in ("light", "dark")]
    assert shots[0] != shots[1]


def test_a_phone_need_not_scroll_sideways(look_at: Open, report: Path) -> None:
    page = look_at(report, width=360)
    becomes(page, "document.documentElement.scrollWidth <= 360")  # plots fit themselves in when they are drawn


def test_it_prints(look_at: Open, report: Path) -> None:
    assert look_at(report).pdf()[:5] == b"%PDF-"


def test_without_javascript_the_numbers_are_there(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("table").count() > 0
    assert "needs JavaScript" in page.locator("noscript").first.inner_text()
    context.close()
