"""Every scenario that is shipped has a page, docs/scenarios/NAME.md, with its command and the picture it yields."""

from pathlib import Path

import pytest

from compose.scenario import SCENARIOS

DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = {"demo": "the README's first command", "explore": "the README, simulated time", "pacing": "docs/pacing.md"}
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.toml") if path.stem not in ELSEWHERE)
PICTURE_OCTETS_MAX = 120 * 1024


def test_pages_and_pictures_are_those_of_scenarios() -> None:
    files = sorted(path.name for path in (DOCS / "scenarios").iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("md", "png"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_the_command_and_shows_the_picture(name: str) -> None:
    page = (DOCS / "scenarios" / f"{name}.md").read_text()
    assert f"\nvsnd run {name} " in page
    assert f"]({name}.png)" in page
    assert "as measured on two shared CPUs" in " ".join(page.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_a_small_png_as_wide_as_a_page(name: str) -> None:
    picture = (DOCS / "scenarios" / f"{name}.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == 1000
    assert len(picture) <= PICTURE_OCTETS_MAX


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_linked_from_the_lab(name: str) -> None:
    assert f"(scenarios/{name}.md)" in (DOCS / "lab.md").read_text()
