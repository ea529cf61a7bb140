"""backend.latency.perfetto.tracks: names and numbers."""

from backend.latency.perfetto.events import Metadata
from backend.latency.perfetto.tracks import Tracks


def test_names_and_order_are_told_and_no_number_is_that_of_two() -> None:
    tracks = Tracks()
    backend = tracks.process("backend")
    guest = tracks.process("guest")
    served = tracks.thread(backend, "served")
    assert len({backend, guest, served, 0}) == 4
    assert list(tracks.metadata()) == [
        Metadata("process_name", backend, {"name": "backend"}),
        Metadata("process_sort_index", backend, {"sort_index": 0}),
        Metadata("process_name", guest, {"name": "guest"}),
        Metadata("process_sort_index", guest, {"sort_index": 1}),
        Metadata("thread_name", backend, {"name": "served"}, served),
        Metadata("thread_sort_index", backend, {"sort_index": 2}, served),
    ]
