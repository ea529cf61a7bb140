"""What came of a check, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from compose.check.rule import Line, Verdict

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_TRIED: "yellow"}


def table(lines: Sequence[Line], title: str) -> Table:
    """One row for each rule."""
    made = Table(title=title)
    for heading in ("rule", "what must hold", "whose rule", "verdict", "seen"):
        made.add_column(heading, overflow="fold")
    for line in lines:
        style = STYLES[line.verdict]
        made.add_row(line.id, line.text, line.source, f"[{style}]{line.verdict.value}[/{style}]", line.seen)
    return made


def summary(lines: Sequence[Line]) -> str:
    """The count of each verdict, in one line."""
    counted = Counter(line.verdict for line in lines)
    return ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict)


def has_failed(lines: Sequence[Line]) -> bool:
    """Whether any rule is broken."""
    return any(line.verdict is Verdict.FAIL for line in lines)


def write_json(lines: Sequence[Line], path: Path) -> None:
    """The same as a list of objects."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode([_plain(line) for line in lines])))


def _plain(line: Line) -> dict[str, str]:
    return {
        "rule": line.id,
        "text": line.text,
        "source": line.source,
        "verdict": line.verdict.value,
        "seen": line.seen,
    }
