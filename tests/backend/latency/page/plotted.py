"""Reading of what Plotly is given, which is plain data of no type."""

from collections.abc import Sequence

from backend.latency.page.render import Drawn, View


def traces_of(views: Sequence[View]) -> list[Drawn]:
    """Of the only view."""
    (view,) = views
    return view["traces"]


def numbers(values: object) -> list[float]:
    """A list of numbers; None is left out."""
    assert isinstance(values, list)
    return [float(value) for value in values if value is not None]


def text(value: object) -> str:
    """A string."""
    assert isinstance(value, str)
    return value
