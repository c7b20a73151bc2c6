"""A second look at the input, for the raw records behind the evidence that a report shows.

Findings hold ids and summaries only. Files are read again: first the lines that bear a wanted id,
then, for ids that feeds derive (VPC flow logs have none), line by line up to MOST_LINES. Standard
input and pipes are gone after the hunt.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from flowtrap.model.tunable import Tunables
from flowtrap.pipeline import Hunt
from report import RawEvent, RawEvents, raw_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flowtrap.model.event import Event
    from flowtrap.model.finding import Finding

MOST_LINES = 2_000_000
MOST_CHARACTERS = 24_000_000
_TOKEN = re.compile(rb"[\w.:/+=@~-]{4,}")
_PIPED = "Raw events were not kept: standard input and pipes cannot be read again."
_NOT_FOUND = "The raw events were not found again within the bounds of a report."


class _Enough(Exception):  # no error: it ends the second look
    """All that is wanted has been found, or the bounds are reached."""


class _Collector:
    """Keeps the first record of each wanted event."""

    def __init__(self, wanted: Iterable[tuple[str, str]]) -> None:
        self.wanted = set(wanted)
        self.found: dict[tuple[str, str], RawEvent] = {}
        self._ids = {name.encode("utf-8", "surrogatepass") for _, name in self.wanted}
        self._lines = 0
        self._characters = 0

    def take(self, event: Event) -> None:
        """Keep an event's record if it is wanted; raise _Enough at the end."""
        key = (event.feed, event.event_id)
        if key in self.wanted:
            self.wanted.remove(key)
            self.found[key] = raw_event(event.record)
            self._characters += len(self.found[key].text)
        if not self.wanted or self._characters >= MOST_CHARACTERS:
            raise _Enough

    def may_hold(self, line: bytes) -> bool:
        """Tell whether a line bears the id of a wanted event as it stands."""
        return not self._ids.isdisjoint(_TOKEN.findall(line))

    def each(self, _line: bytes) -> bool:
        """Take every line, up to the bound."""
        self._lines += 1
        if self._lines > MOST_LINES:
            raise _Enough
        return True


def raw_events(
    paths: Sequence[str],
    findings: Sequence[Finding],
    *,
    accelerators: bool,
    progress: Callable[[int], None],
) -> RawEvents:
    """Return the records of the findings' evidence that can be read again."""
    again = [path for path in paths if Path(path).is_file() or Path(path).is_dir()]
    collector = _Collector((e.feed, e.event_id) for f in findings for e in f.evidence)
    if collector.wanted and again:
        for only in (collector.may_hold, collector.each):
            if not _round(again, collector, only, accelerators, progress):
                break
    return RawEvents(collector.found, _NOT_FOUND if again else _PIPED)


def _round(
    paths: Sequence[str],
    collector: _Collector,
    only: Callable[[bytes], bool],
    accelerators: bool,
    progress: Callable[[int], None],
) -> bool:
    """Read the paths once; return whether there is reason for another round."""
    with ExitStack() as scratch:
        reader = Hunt(
            (),
            Tunables({}, now_ms=0),
            spill=lambda: scratch.enter_context(TemporaryFile()),
            accelerators=accelerators,
            sifting=False,
            on_event=collector.take,
            only=only,
            progress=progress,
        )
        try:
            reader.read(paths)
        except _Enough:
            return False
    return True
