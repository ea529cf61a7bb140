from pathlib import Path

import pytest

from backend.config import ConfigError
from compose import metrics
from compose.metrics import serve_metrics


def test_what_it_takes_and_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'vsnd\[metrics\]'"), serve_metrics(1, tmp_path, tmp_path):
        pass
