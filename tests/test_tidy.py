"""The style of this repository, as far as a program can judge it.  Each test names every offender at once.

Lint, types and layers are for ruff, mypy, pyright and import-linter; here is what those cannot say.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
Node = TypeVar("Node", bound=ast.AST)
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 45

# A bracket round one letter keeps a pattern from finding itself here.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|NotImplemented[E]rror)\b")
PACKAGE_INDEX = re.compile(r"index[-_]url|find[-_]links|https?://\S+/simpl[e]\b", re.IGNORECASE)
NOBODYS_OWN = {Path("/"), Path("/tmp"), Path("/var/tmp"), Path("/home"), Path("/opt"), Path("/srv")}


def not_ignored(scratch: Path) -> list[Path]:
    """All files that git would track.  Asked through an empty repository, so that an exported tree will do as well."""
    git = ["git", f"--git-dir={scratch / 'git'}", f"--work-tree={ROOT}"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    listed = subprocess.run([*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every text file of ours, by its path from the root."""
    files = not_ignored(tmp_path_factory.mktemp("tidy"))
    texts = [f for f in files if f.is_file() and f.suffix not in {".flac", ".wav", ".png"} and "corpus" not in f.parts]
    return {str(f.relative_to(ROOT)): f.read_text() for f in texts}


@pytest.fixture(scope="module")
def trees(texts: dict[str, str]) -> dict[str, ast.Module]:
    """Every Python file of ours, parsed."""
    return {name: ast.parse(text) for name, text in texts.items() if name.endswith(".py")}


def matches(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    """`file:line` of every line that the pattern is found in."""
    return [
        f"{name}:{number}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def places(trees: dict[str, ast.Module], kind: type[Node]) -> Iterator[tuple[str, Node]]:
    """Every node of one kind, with the file that it is in."""
    return ((name, node) for name, tree in trees.items() for node in ast.walk(tree) if isinstance(node, kind))


def test_modules_are_short(texts: dict[str, str], trees: dict[str, ast.Module]) -> None:
    assert [name for name in trees if len(texts[name].splitlines()) > MODULE_LINES_MAX] == []


def test_functions_are_a_screen_or_less(trees: dict[str, ast.Module]) -> None:
    long = [
        f"{name}: {function.name}"
        for name, function in places(trees, ast.AST)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_modules_say_what_they_are_for(trees: dict[str, ast.Module]) -> None:
    """A file of tests may leave it to its name, which is that of what it tests; an empty file says all there is."""
    silent = [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)]
    assert [name for name in silent if not Path(name).name.startswith("test_")] == []


def test_nothing_is_left_unfinished(texts: dict[str, str]) -> None:
    assert matches(texts, UNFINISHED) == []


def test_tests_do_not_sleep_and_hope(trees: dict[str, ast.Module]) -> None:
    """A pause between two looks at another process, `while not CONDITION`, is no hope; any other sleep is."""
    loops = [loop for _, loop in places(trees, ast.While) if not isinstance(loop.test, ast.Constant)]
    looking = {node for loop in loops for node in ast.walk(loop)}
    sleeps = [
        f"{name}:{call.lineno}"
        for name, call in places(trees, ast.Call)
        if ast.unparse(call.func).split(".")[-1] == "sleep" and call not in looking
    ]
    assert [place for place in sleeps if place.startswith("tests/")] == []


def test_nothing_names_this_machine(texts: dict[str, str]) -> None:
    ours_alone = {ROOT, ROOT.parent, Path.home()} - NOBODYS_OWN
    if ours_alone:
        paths = "|".join(re.escape(str(path)) for path in ours_alone)
        assert matches(texts, re.compile(rf"(?<![\w.$}}])({paths})(?![\w-])")) == []


def test_nothing_names_a_package_index(texts: dict[str, str]) -> None:
    assert matches(texts, PACKAGE_INDEX) == []


def test_no_error_is_swallowed_whole(trees: dict[str, ast.Module]) -> None:
    everything = {"Exception", "BaseException", "None"}
    swallowed = [
        f"{name}:{handler.lineno}"
        for name, handler in places(trees, ast.ExceptHandler)
        if (ast.unparse(handler.type) if handler.type else "None") in everything
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body)
    ]
    assert swallowed == []
