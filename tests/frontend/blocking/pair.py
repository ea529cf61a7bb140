"""A stream that calls back and a blocking caller, in two processes or two threads, in real time: for tests and figures.

    python -m tests.frontend.blocking.pair CALLBACKS PERIOD_FRAMES processes|threads

The caller sends back what it receives, negated, one callback later.  The figures are printed as JSON: hand-overs
`answered`, how many callbacks were given `wrong` sound, and `took_us` of each answer.
"""

import json
import subprocess
import sys
import threading

import numpy as np

from frontend.blocking import Bridge, Caller, Region, Shape
from hosts.collector import silence_collector
from hosts.process import die_with_parent
from hosts.spinner import Spinner
from ringproto.turns import Turn, turn_of

RATE_HZ = 48000
CHANNELS = 2


class Stream:
    """Calls back at its rate; each callback's input is its own number."""

    def __init__(self, region: Region) -> None:
        self._word = region.word.cast("I")
        self._bridge = Bridge(region)
        self._echo = 0.0
        self.took_ns: list[int] = []
        self.wrong = 0

    def run(self, callbacks: int, period_frames: int) -> None:
        """So many, and then end."""
        waiter, region_input = Spinner(), np.zeros((period_frames, CHANNELS), np.float32)
        output = np.zeros((period_frames, CHANNELS), np.float32)
        while turn_of(self._word[0]) is Turn.AWAY:
            waiter.sleep_until(waiter.now_ns() + 1_000_000)
        begins_ns = waiter.now_ns()
        for number in range(1, callbacks + 1):
            waiter.sleep_until(begins_ns + number * period_frames * 1_000_000_000 // RATE_HZ)
            region_input.fill(number)
            answered, now_ns = self._bridge.answered, waiter.now_ns()
            self._bridge.process(region_input, output, period_frames)
            if self._bridge.answered > answered:
                self.took_ns.append(waiter.now_ns() - now_ns)
                self.wrong += not (output == self._echo).all()
                self._echo = float(-number)
            else:
                self.wrong += bool(output.any())
        self._bridge.end()

    def figures(self) -> str:
        """As JSON."""
        took_us = [took_ns / 1000 for took_ns in self.took_ns]
        return json.dumps({"answered": self._bridge.answered, "wrong": self.wrong, "took_us": took_us})


def echo(region: Region, period_frames: int) -> None:
    """The caller."""
    caller = Caller(region)
    frames, into = np.zeros((2, period_frames, CHANNELS), np.float32)
    while caller.duplex(frames, into).frames == period_frames:
        np.negative(into, out=frames)
    caller.close()


def main() -> None:
    """The stream's side; or, given the descriptor of a region, the caller's."""
    if len(sys.argv) == 3:
        silence_collector()
        return echo(Region.attach(int(sys.argv[1])), int(sys.argv[2]))
    callbacks, period_frames, way = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with Region.create(Shape(RATE_HZ, CHANNELS, CHANNELS, period_frames)) as region:
        stream = Stream(region)
        silence_collector()
        if way == "threads":
            caller = threading.Thread(target=echo, args=(region, period_frames), daemon=True)
            caller.start()
            stream.run(callbacks, period_frames)
            caller.join(timeout=10)
        else:
            command = [sys.executable, "-m", "tests.frontend.blocking.pair", str(region.fd), str(period_frames)]
            child = subprocess.Popen(
                command,
                pass_fds=(region.fd,),
                preexec_fn=die_with_parent,  # noqa: PLW1509  # no threads are running
            )
            stream.run(callbacks, period_frames)
            child.wait(timeout=10)
    print(stream.figures())
    return None


if __name__ == "__main__":
    main()
