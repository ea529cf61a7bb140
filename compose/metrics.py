"""`vsnd backend --metrics`: a child process that serves what the backend shows of itself to Prometheus."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from backend.config import ConfigError
from compose.children import Child
from compose.worlds.api import RunError


@contextmanager
def serve_metrics(port: int, live: Path, out: Path) -> Generator[str]:
    """Meanwhile they are at the port.  Raises ConfigError, when it is taken, or what it takes is not installed."""
    if find_spec("prometheus_client") is None:
        raise ConfigError("--metrics: prometheus_client is missing: pip install 'vsnd[metrics]'")
    out.mkdir(parents=True, exist_ok=True)
    with Child("metrics", ("backend.live.serve", str(port), str(live)), out / "metrics.log") as server:
        try:
            server.wait_ready()
        except RunError as error:
            raise ConfigError(f"--metrics-port: {server.last_line()}") from error
        yield f"  Metrics: http://127.0.0.1:{port}/metrics"
