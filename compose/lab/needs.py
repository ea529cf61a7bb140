"""What containers need of this machine, said before anything is imported that would fail without it."""

from importlib.util import find_spec

from backend.config import ConfigError


def need_sdk() -> None:
    """Raise ConfigError where Docker's SDK is missing."""
    if find_spec("docker") is None:
        raise ConfigError("containers need Docker's SDK for Python: pip install 'vsnd[lab]'")
