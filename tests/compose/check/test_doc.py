"""docs/conformance.md lists the rules as they are."""

from pathlib import Path

from compose.check import backend, frontend

DOC = Path(__file__).parents[3] / "docs" / "conformance.md"


def test_every_rule_is_in_the_document_as_it_stands() -> None:
    rules = [(rule.id, rule.text, rule.source) for rule in backend.RULES]
    rules += [(rule.id, rule.text, rule.source) for rule in frontend.RULES]
    rows = [f"| `{name}` | {text} | {source} |" for name, text, source in rules]
    assert [line for line in DOC.read_text().splitlines() if line.startswith("| `")] == rows
