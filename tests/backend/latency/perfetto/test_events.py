"""backend.latency.perfetto.events: the events as JSON."""

import msgspec

from backend.latency.perfetto.events import ArrowEnd, ArrowStart, ArrowStep, Counter, Event, Instant, Metadata, Slice


def test_events_are_as_the_format_wants_them() -> None:
    made: dict[str, Event] = {
        '{"ph":"X","name":"a","pid":1,"tid":2,"ts":0.5,"dur":1.25,"args":{"b":3},"cat":"vsnd"}': Slice(
            "a", 1, 2, 0.5, 1.25, {"b": 3}
        ),
        '{"ph":"i","name":"a","pid":1,"tid":2,"ts":0.5,"args":{},"s":"t","cat":"vsnd"}': Instant("a", 1, 2, 0.5, {}),
        '{"ph":"C","name":"a","pid":1,"ts":0.5,"args":{"ms":1.5},"cat":"vsnd"}': Counter("a", 1, 0.5, {"ms": 1.5}),
        '{"ph":"s","name":"a","id":7,"pid":1,"tid":2,"ts":0.5,"cat":"c"}': ArrowStart("a", 7, 1, 2, 0.5, "c"),
        '{"ph":"t","name":"a","id":7,"pid":1,"tid":2,"ts":0.5,"cat":"c"}': ArrowStep("a", 7, 1, 2, 0.5, "c"),
        '{"ph":"f","name":"a","id":7,"pid":1,"tid":2,"ts":0.5,"cat":"c","bp":"e"}': ArrowEnd("a", 7, 1, 2, 0.5, "c"),
        '{"ph":"M","name":"process_name","pid":1,"args":{"name":"b"}}': Metadata("process_name", 1, {"name": "b"}),
    }
    assert [msgspec.json.encode(event).decode() for event in made.values()] == list(made)
    assert [msgspec.json.decode(text, type=Event) for text in made] == list(made.values())
