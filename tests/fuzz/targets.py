"""What is fuzzed: one function for each surface that a guest, or a backend, can touch.

Each takes the fuzzer's octets, and raises for nothing that the other side may do.  What it raises is a crash.
"""

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.brokers import broker
from tests.fuzz.frontends import frontend
from tests.fuzz.guests import contents, ring
from tests.fuzz.stores import xenstore
from tests.fuzz.values import cards, directory, slots

TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (slots, directory, cards, ring, contents, frontend, xenstore, broker)
}

CORPUS = Path(__file__).parent / "corpus"
"""A folder for each target, of inputs that together reach all that a long search has reached; few and small."""
