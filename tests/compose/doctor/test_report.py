import json
from io import StringIO

from rich.console import Console

from compose.doctor.finding import Area, Finding
from compose.doctor.report import as_json, show, summarise

CORE, ALSA, CARDS = Area("core", "simulation"), Area("alsa", "ALSA"), Area("alsa", "cards")
COMMAND = "apt install " + "something-with-a-long-name " * 8
FINDINGS = [
    CORE.good("Python", "3.11"),
    CORE.good("numpy", "2.0"),
    ALSA.good("alsa-lib", "is there"),
    CARDS.bad("card0", "Permission denied [sic]", COMMAND),
    CARDS.bad("card1", "Permission denied", COMMAND),
    CARDS.note("card2", "sleeps"),
]


def shown(findings: list[Finding], width: int = 80, *, in_full: bool = False) -> str:
    text = StringIO()
    show(Console(file=text, width=width), findings, in_full=in_full)
    return text.getvalue()


def test_a_machine_is_ready_for_what_nothing_is_missing_for() -> None:
    summary = summarise(FINDINGS)
    assert summary.ready_for == ["simulation", "ALSA"]
    assert summary.not_ready_for == {"cards": 2}


def test_what_is_not_known_is_not_missing() -> None:
    assert summarise([CARDS.note("card2", "sleeps")]).ready_for == ["cards"]


def test_what_is_well_is_only_named() -> None:
    text = shown(FINDINGS)
    assert "Python, numpy" in text
    assert "3.11" not in text
    assert "Permission denied [sic]" in text


def test_in_full_all_is_said() -> None:
    text = shown(FINDINGS, in_full=True)
    assert "3.11" in text
    assert "Python, numpy" not in text


def test_a_command_stands_once_and_on_one_line_however_long() -> None:
    text = shown(FINDINGS, width=40)
    assert text.count("apt install") == 1
    assert COMMAND.strip() in text
    assert "# card0, card1" in text


def test_the_last_lines_are_the_summary() -> None:
    ready, not_ready = shown(FINDINGS).splitlines()[-2:]
    assert ready == "ready for: simulation, ALSA"
    assert not_ready == "not ready for: cards (2 things missing)"


def test_a_machine_that_lacks_nothing_is_told_no_commands() -> None:
    text = shown(FINDINGS[:3])
    assert "mends" not in text
    assert "not ready" not in text


def test_the_table_fits_its_terminal() -> None:
    for width in (80, 160):
        table = shown(FINDINGS, width).partition("\nWhat mends it")[0]
        assert max(len(line) for line in table.splitlines()) <= width


def test_programs_are_told_the_same() -> None:
    said = json.loads(as_json(FINDINGS))
    assert said["summary"] == {"ready_for": ["simulation", "ALSA"], "not_ready_for": {"cards": 2}}
    assert said["findings"][3] == {
        "area": "alsa",
        "name": "card0",
        "ok": "no",
        "text": "Permission denied [sic]",
        "needed_for": "cards",
        "mend": COMMAND,
    }
    assert {finding["ok"] for finding in said["findings"]} == {"yes", "no", "unknown"}
