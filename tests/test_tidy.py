"""The style, as far as a test can hold it: files and functions stay small, say what they are for, and leave nothing."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("ringproto", "hosts", "backend", "frontend", "compose", "tests", "tools")
FILE_LINES_MAX, FUNCTION_LINES_MAX = 300, 45
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
ELSEWHERE = re.compile(
    "|".join([r"index-url", r"https?://[^ ]*/simple", re.escape(f"{Path.home()}/"), re.escape(f"{ROOT.parent}/.")])
)


def tracked(pattern: str = "") -> list[Path]:
    """All files of the project: those git tracks, and new ones it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *([pattern] if pattern else [])]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


SOURCES = [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PACKAGES and path != Path(__file__)]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_is_one_idea_and_says_which(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES_MAX
    tree = ast.parse(text)
    named_by_its_file = path.name.startswith("test_") or not tree.body
    assert named_by_its_file or ast.get_docstring(tree), "the top says what the file is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{node.name} is longer than a screen"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_is_left_unfinished(path: Path) -> None:
    found = UNFINISHED.search(path.read_text())
    assert found is None, found


def test_no_file_names_this_machine_or_a_package_index() -> None:
    for path in tracked():
        if path.suffix != ".flac" and path != Path(__file__):
            found = ELSEWHERE.search(path.read_text(errors="replace"))
            assert found is None, f"{named(path)}: {found}"
