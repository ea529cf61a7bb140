import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from backend.live import serve
from backend.live.layout import BODY_OCTETS_MAX, pack_snapshot
from backend.live.memory import LiveMemory
from backend.live.serve import LOOPBACK, MetricsServer
from tests.backend.live.figures import SNAPSHOT


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of a server in a thread, of a backend that shows the snapshot."""
    live = LiveMemory(tmp_path / "live")
    body = bytearray(BODY_OCTETS_MAX)
    live.slots.write(memoryview(body)[: pack_snapshot(SNAPSHOT, body)])
    server = MetricsServer(0, tmp_path / "live")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.close()
    live.close()


def get(port: int, path: str = "/metrics", accept: str = "") -> tuple[int, str, str]:
    connection = HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, answer.headers["Content-Type"], content


def test_metrics_are_served_as_text(port: int) -> None:
    status, content_type, text = get(port)
    assert status == 200
    assert content_type.startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"vsnd_up", "vsnd_underruns", "vsnd_period_lateness_seconds"} <= names


def test_openmetrics_is_served_to_who_asks_for_it(port: int) -> None:
    status, content_type, text = get(port, accept="application/openmetrics-text; version=1.0.0")
    assert status == 200
    assert content_type.startswith("application/openmetrics-text")
    families = parse_openmetrics(text)  # type: ignore[no-untyped-call]  # the library's
    assert {family.name for family in families} >= {"vsnd_up", "vsnd_stream"}


def test_other_paths_are_not_there(port: int) -> None:
    assert get(port, "/")[0] == 404
    assert get(port, "/metrics/..")[0] == 404
    assert get(port, "/metrics?name[]=x")[0] == 200


def test_it_is_on_loopback_alone(tmp_path: Path) -> None:
    server = MetricsServer(0, tmp_path / "live")
    assert server.server_address[0] == "127.0.0.1"
    server.close()


def test_one_that_asks_and_does_not_go_on_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve.Handler, "timeout", 0.05)
    with socket.create_connection((LOOPBACK, port)) as silent, socket.create_connection((LOOPBACK, port)) as half:
        half.sendall(b"GET /metr")
        assert get(port)[0] == 200
        silent.settimeout(10)
        assert silent.recv(1) == b""


def test_garbage_is_answered_or_dropped_and_the_next_is_served(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    for garbage in (b"\x00\xff\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"G" * 70000 + b"\r\n\r\n"):
        with socket.create_connection((LOOPBACK, port)) as connection:
            connection.settimeout(10)
            try:
                connection.sendall(garbage)
                connection.recv(100)
            except ConnectionError:
                pass
    assert get(port)[0] == 200
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken_is_said_in_one_line(port: int, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "backend.live.serve", str(port), str(tmp_path / "live")]
    refused = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 1
    assert refused.stderr == f"port {port} of 127.0.0.1: Address already in use\n"
