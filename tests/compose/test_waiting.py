"""Waiting for what nobody announces."""

import pytest

from compose import waiting


def test_it_looks_until_it_has_happened() -> None:
    looks = iter([False, False, True])
    waiting.wait_for(lambda: next(looks))
    assert list(looks) == []


def test_it_gives_up_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LIMIT_S", 0.0)
    waiting.wait_for(lambda: False)
