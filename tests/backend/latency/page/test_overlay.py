"""backend.latency.page.overlay: how conditions are told apart."""

from pathlib import Path

from backend.latency.comparison.conditions import condition, grouped
from backend.latency.page.overlay import curves
from tests.backend.latency.comparison.experiments import measured, told

Look = tuple[str, str, str]


def looks(*made: tuple[str, str]) -> dict[str, Look]:
    """Colour, mark and dashes of each (pacing, load)."""
    groups = grouped([measured(told(pacing=pacing, load=load)) for pacing, load in made])
    drawn = curves([condition(group, Path()) for group in groups])
    return {curve.name: (curve.colour, curve.symbol, curve.dash) for curve in drawn}


def test_pacings_have_colours_and_loads_have_dashes() -> None:
    found = looks(("timer", "idle"), ("irq", "idle"), ("timer", "busy"), ("irq", "busy"))
    assert found["timer"][:2] == found["timer, busy"][:2] != found["irq"][:2]
    assert found["timer"][2] == found["irq"][2] != found["irq, busy"][2]


def test_of_one_pacing_loads_have_colours_as_well() -> None:
    found = looks(("irq", "idle"), ("irq", "busy"), ("irq", "flood"))
    assert all(len(set(looks)) == 3 for looks in zip(*found.values(), strict=True))
