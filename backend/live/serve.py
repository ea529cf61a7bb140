"""`python -m backend.live.serve PORT PATH`: serve what a backend shows at PATH to Prometheus, on loopback.

A process of its own: whoever asks, and however often, the backend does not notice.  One request is served at a time,
and one that does not come to its end is given up, so nobody can make this process grow either.
"""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from backend.live.follower import Follower
from backend.live.metrics import BackendCollector

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
REQUEST_LIMIT_S = 2


class MetricsServer(HTTPServer):
    """Bound to the port; 0 for any.  Raises OSError."""

    def __init__(self, port: int, live: Path) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.registry = CollectorRegistry()
        self._follower = Follower([live])
        self.registry.register(BackendCollector(self._follower))

    def close(self) -> None:
        """Let go of port and file."""
        self.server_close()
        self._follower.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said of requests that went wrong either, for the same reason."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server_version = "vsnd"
    timeout = REQUEST_LIMIT_S

    def do_GET(self) -> None:
        """Whichever of Prometheus' formats is wanted."""
        assert isinstance(self.server, MetricsServer)
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, f"metrics are at {PATH}")
            return
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        body = encode(self.server.registry)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing is said of requests: a log should have a bound, and their number has none."""


def main() -> None:
    """Serve until ended.  Says "ready" on stdout once it does."""
    port, live = sys.argv[1:]
    try:
        server = MetricsServer(int(port), Path(live))
    except OSError as error:
        sys.exit(f"port {port} of {LOOPBACK}: {error.strerror}")
    print("ready", flush=True)  # noqa: T201  # for who started us
    server.serve_forever()


if __name__ == "__main__":
    main()
