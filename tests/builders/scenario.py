"""What a scenario is, on any platform: steps, what a finding must say, and its variants.

Each platform has `builders/scenarios_<platform>.py` with `ATTACKS`, `QUIET` and `PLATFORM`;
`PLATFORMS` in builders/platforms.py lists them, and one test runs them all.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Record = dict  # one native record
START = datetime.datetime(2026, 3, 10, 9, 0, 0, tzinfo=datetime.timezone.utc)
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WINDOW = DAY


class Step(NamedTuple):
    """One record and its part: write, act, optional (off by default), setup, or noise.

    A finding need not name the actor of noise.
    """

    part: str
    record: Record


def write(record: Record) -> Step:
    """Mark what opens the case."""
    return Step("write", record)


def act(record: Record) -> Step:
    """Mark what happens `delay` after the write."""
    return Step("act", record)


def setup(record: Record) -> Step:
    """Mark the intruder's other steps."""
    return Step("setup", record)


def optional(record: Record) -> Step:
    """Mark what only an optional log shows."""
    return Step("optional", record)


def noise(record: Record) -> Step:
    """Mark what proves nothing."""
    return Step("noise", record)


@dataclass(frozen=True)
class Chain:
    """Steps in order, and what the finding must say.

    `names` must occur in the finding's JSON, `says` match its JSON as regular expressions (without
    case), `counts` be told in the explanation or the totals. `visible` holds what only optional
    logs show.
    """

    steps: list[Step]
    names: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    visible: list[str] = field(default_factory=list)
    automation: list[str] = field(default_factory=list)

    def records(self) -> list[Record]:
        """Return the records in order."""
        return [step.record for step in self.steps]

    def of(self, *parts: str) -> list[Record]:
        """Return the records of some parts."""
        return [step.record for step in self.steps if step.part in parts]


@dataclass(frozen=True)
class Scenario:
    """An attack, with what its variants must give.

    `build(delay, stranger)` gives the chain: `delay` is seconds from the last write to the last
    acts, and with `stranger` something else acts (another function, flow, script or user) than was
    written. `backwards`, `stranger`, `late`, `unlogged`: "fires", "quiet" or "either", with the
    reason.
    """

    id: str
    title: str
    build: Callable[[float, bool], Chain]
    delay: float = 10 * MINUTE
    window: float = WINDOW
    backwards: str = "quiet"
    stranger: str = "quiet"
    late: str = "quiet"
    unlogged: str = "fires"
    reason: str = ""


@dataclass(frozen=True)
class Quiet:
    """A look-alike or trap that must give nothing of medium severity or more."""

    id: str
    title: str
    build: Callable[[], list[Record]]


class Variant(NamedTuple):
    """An attack in another form than its scenario has; a finding must hold the names."""

    title: str
    build: Callable[[], list[Record]]
    names: tuple[str, ...] = ()


class Platform(NamedTuple):
    """How a platform's records are written to disk, and where they bear their time.

    `wrappers` write records into a folder and return the paths; `seconds` reads a record's time as
    seconds after START; `moved` returns a copy of the record at another time.
    """

    name: str
    attacks: tuple[Scenario, ...]
    quiet: tuple[Quiet, ...]
    wrappers: Mapping[str, Callable[[Path, list[Any]], list[str]]]
    seconds: Callable[[Record], float]
    moved: Callable[[Record, float], Record]


def at(seconds: float) -> datetime.datetime:
    """Return the moment so many seconds after START (UTC)."""
    return START + datetime.timedelta(seconds=seconds)


def seconds_after_start(text: str) -> float:
    """Return an ISO time, with any number of digits after the second, in seconds after START."""
    whole, _, rest = text.replace("Z", "+00:00").partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :] or ("" if whole[-6:-5] in ("+", "-") else "+00:00")
    time = datetime.datetime.fromisoformat(whole + zone)
    return (time - START).total_seconds() + float(f"0.{digits or 0}")
