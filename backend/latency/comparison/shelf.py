"""The samples of many runs, put aside on disk.

Ten runs of sixteen guests have tens of millions of delays, and any one step of a comparison looks at those of one
metric only.  So each run is measured once, its delays are put on the shelf, and taken down as they are needed.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import numpy as np

from backend.latency.comparison.result import Metric
from backend.latency.measures.samples import StreamSamples
from backend.latency.records import Series, joined

#: A guest's stream: (domid, stream).
Key = tuple[int, int]

METRICS: tuple[Metric, ...] = get_args(Metric)
NOTHING = joined([])


class Shelf:
    """Delays by run, stream and metric, in a folder that whoever made it will remove."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, run: int, samples: Mapping[Key, StreamSamples]) -> None:
        """Put a run aside.  Raises OSError."""
        for key, stream in samples.items():
            for metric in METRICS:
                series: Series = getattr(stream, metric)
                if len(series.at_ns):
                    np.save(self._path(run, key, metric), np.stack([series.at_ns, series.delay_ns]))

    def series(self, run: int, key: Key, metric: Metric) -> Series:
        """One stream's delays in a run; none, if the run has none."""
        path = self._path(run, key, metric)
        if not path.exists():
            return NOTHING
        at_ns, delay_ns = np.load(path)
        return Series(at_ns, delay_ns)

    def _path(self, run: int, key: Key, metric: Metric) -> Path:
        return self._folder / f"{run}.{key[0]}.{key[1]}.{metric}.npy"


class Pooled(Mapping[tuple[str, int, int], StreamSamples]):
    """The delays of each (condition, domid, stream), its runs joined: joined when asked for, and kept by nobody.

    Of samples, it has those that are compared.
    """

    def __init__(self, shelf: Shelf, runs: Mapping[str, list[int]], nothing: Mapping[Key, StreamSamples]) -> None:
        """`runs` by condition, and for each stream, samples that say nothing."""
        self._shelf = shelf
        self._runs = runs
        self._nothing = nothing

    def __getitem__(self, key: tuple[str, int, int]) -> StreamSamples:
        return dataclasses.replace(
            self._nothing[key[1:]],
            period_lateness=self._joined(key, "period_lateness"),
            playback_delay=self._joined(key, "playback_delay"),
            capture_delay=self._joined(key, "capture_delay"),
            notification_delay=self._joined(key, "notification_delay"),
        )

    def _joined(self, key: tuple[str, int, int], metric: Metric) -> Series:
        condition, domid, stream = key
        return joined([self._shelf.series(run, (domid, stream), metric) for run in self._runs[condition]])

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        return ((condition, *key) for condition in self._runs for key in self._nothing)

    def __len__(self) -> int:
        return len(self._runs) * len(self._nothing)
