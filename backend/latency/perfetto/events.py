"""The events of the Trace Event Format that we write, one struct each.

Source: the Trace Event Format document of the Chromium project, and what its two readers (Perfetto's trace processor,
the older trace viewer) make of it.  Rules that they judge by:

1. Times are microseconds, and may have decimals.  We write nanoseconds as three of them, counted from the trace's own
   beginning: a double holds those exactly for a month, but not those of a clock that counts from boot.
2. Slices of one thread nest or are apart.  They never cross.
3. An end of an arrow is bound to the slice that is open on its thread at its time; an arrow is known by name, category
   and id together, and goes forward in time.
4. A counter belongs to its process, and is known by its name there.
"""

from typing import Final, Literal

from msgspec import Struct

CATEGORY: Final = "vsnd"
Args = dict[str, int | float | str]


class Slice(Struct, tag_field="ph", tag="X", forbid_unknown_fields=True):
    """Something that lasted."""

    name: str
    pid: int
    tid: int
    ts: float
    dur: float
    args: Args
    cat: str = CATEGORY


class Instant(Struct, tag_field="ph", tag="i", forbid_unknown_fields=True):
    """Something that happened, on one thread."""

    name: str
    pid: int
    tid: int
    ts: float
    args: Args
    s: Literal["t"] = "t"
    cat: str = CATEGORY


class Counter(Struct, tag_field="ph", tag="C", forbid_unknown_fields=True):
    """A figure that holds until the next one of its name; its unit is the key in `args`."""

    name: str
    pid: int
    ts: float
    args: Args
    cat: str = CATEGORY


class ArrowStart(Struct, tag_field="ph", tag="s", forbid_unknown_fields=True):
    """Where an arrow begins.  The older viewer lets one choose by category which arrows are drawn."""

    name: str
    id: int
    pid: int
    tid: int
    ts: float
    cat: str


class ArrowStep(ArrowStart, tag="t"):
    """What it passes."""


class ArrowEnd(ArrowStart, tag="f", kw_only=True):
    """Where it ends."""

    bp: Literal["e"] = "e"
    """In the slice around it; without this, in the next one."""


class Metadata(Struct, tag_field="ph", tag="M", omit_defaults=True, forbid_unknown_fields=True):
    """What a process or thread is called, and where among the others it stands."""

    name: Literal["process_name", "process_sort_index", "thread_name", "thread_sort_index"]
    pid: int
    args: Args
    tid: int = 0
    """0: of the process."""


Event = Slice | Instant | Counter | ArrowStart | ArrowStep | ArrowEnd | Metadata
