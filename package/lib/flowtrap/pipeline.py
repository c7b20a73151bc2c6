"""A hunt from end to end: exported logs in, findings out.

    hunt = Hunt(detections, tunables, spill=tempfile.TemporaryFile)
    hunt.read(["exports/"])
    for finding in hunt.findings():
        ...
    hunt.counters.read

`read` sifts, parses, normalises and matches each record and hands its hits to the engine. Records
that can only be related to something wait until all input is read (feed.waiting); `findings` lets
those in that meet an anchor, then closes the cases.
"""

from __future__ import annotations

from itertools import islice
from typing import IO, TYPE_CHECKING, Callable

from flowtrap.correlation.engine import Engine
from flowtrap.correlation.hit_log import DEFAULT_LIMITS, Limits
from flowtrap.feed import decode
from flowtrap.feed.framing import record_lines
from flowtrap.feed.sources import Source, walk
from flowtrap.feed.waiting import WaitingRoom
from flowtrap.feed.wrappers import unwrap
from flowtrap.match.matcher import Matcher
from flowtrap.model.errors import FlowtrapError, InputError
from flowtrap.normalise.table import FEEDS, recognise

from .intake import ALWAYS, LONGEST_TEXT, Context, Intake, every_default
from .sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowtrap.correlation.engine import Suppressed
    from flowtrap.model.counters import Counters
    from flowtrap.model.detection import Detection
    from flowtrap.model.feed import FeedSpec
    from flowtrap.model.finding import Finding
    from flowtrap.model.tunable import Tunables

    from .intake import OnEvent, Report, Span

LINES_TO_RECOGNISE = 20
NOTES_PER_SOURCE = 20
LINES_A_TICK = 500


def _nowhere() -> int:
    return 0


class Hunt:
    """One pass over exported logs.

    `spill` opens scratch files; `report` takes messages of one line; `progress` the bytes read.
    `on_event` sees each event that was tried against the stages; `only` tells which lines to read.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        tunables: Tunables,
        *,
        spill: Callable[[], IO[bytes]],
        limits: Limits = DEFAULT_LIMITS,
        span: Span = ALWAYS,
        accelerators: bool = True,
        sifting: bool = True,
        report: Report = lambda error: None,
        progress: Callable[[int], None] = lambda size_bytes: None,
        on_event: OnEvent = lambda event: None,
        only: Callable[[bytes], bool] = lambda line: True,
    ) -> None:
        decode.set_accelerators(accelerators)
        self.engine = Engine(detections, tunables, limits=limits, spill=spill)
        matcher = Matcher(self.engine.stages, every_default(detections, tunables))
        self._matcher = matcher
        self._intake = Intake(self.engine, matcher, span, self._note, on_event, only=only)
        self._report = report
        self._progress = progress
        self._sifting = sifting
        self._incomplete = False
        self._noted: dict[str, int] = {}
        self._room = WaitingRoom(spill, self._lose)
        self._sieve = Sieve(self.engine, matcher, self._intake, self._room)

    def read(self, paths: Sequence[str]) -> None:
        """Read files, folders and `-`; what cannot be read is reported and the rest is read."""
        for source in walk(paths, self._lose):
            try:
                self._read_source(source)
            except FlowtrapError as error:
                self._lose(error)
            except OSError as error:
                self._lose(InputError(error.strerror or str(error), place=source.label))

    def _read_source(self, source: Source) -> None:
        before, rebuilt = self.engine.counters.to_dict(), self._intake.rebuilt
        with source.open() as stream:
            framed = record_lines(stream, source.label, self._lose)
            lines = iter(framed.lines)
            head, spec, columns = self._recognise_feed(lines, source.label)
            again = source.again() if framed.plain and source.seekable else None
            context = Context(source.label, columns)
            self._sieve.begin(context, again, source.size_bytes)
            self._progress(0)
            for number, line in enumerate(head, 1):
                self._intake.take_line(line, context, number)
            tell = stream.tell if again else _nowhere
            self._read_lines(lines, spec, tell, context, len(head), of_documents=not framed.plain)
        self._progress(source.size_bytes)
        if spec is None:
            self._say_if_strange(source.label, before)
        self._say_if_rebuilt(source.label, self._intake.rebuilt - rebuilt)

    def _say_if_strange(self, label: str, before: dict[str, int]) -> None:
        """Say once of a source that nothing in it was recognised."""
        counters = self.engine.counters
        strangers = counters.unrecognised - before["unrecognised"]
        if strangers and strangers == counters.read - before["read"]:
            known = ", ".join(spec.name for spec in FEEDS)
            problem = f"none of its {strangers} records is of a known feed"
            self._note(InputError(problem, place=label, cure=f"known are {known}"))

    def _say_if_rebuilt(self, label: str, count: int) -> None:
        """Say once of a source that its records were read from fields, which do not bear all."""
        if count:
            problem = f"{count:,} documents kept no event.original, so their fields were read"
            cure = "docs/elastic-mapping.md tells what those lack"
            self._note(InputError(problem, place=label, cure=cure))

    def _recognise_feed(
        self, lines: Iterator[bytes], label: str
    ) -> tuple[list[bytes], FeedSpec | None, tuple[str, ...] | None]:
        """Read on until a line shows its feed; return the lines read, the feed, its columns.

        Lines too long to be kept are taken at once, and blank in what is returned.
        """
        head: list[bytes] = []
        for number, line in enumerate(islice(lines, LINES_TO_RECOGNISE), 1):
            if len(line) > LONGEST_TEXT:
                self._intake.take_line(line, Context(label), number)
                head.append(b"")
                continue
            head.append(line)
            text = line.decode("utf-8", "replace").strip()
            for spec in FEEDS:
                columns = spec.text.header(text) if spec.text else None
                if columns:
                    return head, spec, columns
            spec_found = self._feed_of(line)
            if spec_found:
                return head, spec_found, None
        return head, None, None

    def _feed_of(self, line: bytes) -> FeedSpec | None:
        try:
            record = next(iter(unwrap(decode.loads(line))), None)
        except ValueError:
            return None
        return recognise(record) if isinstance(record, dict) else None

    def _read_lines(
        self,
        lines: Iterator[bytes],
        spec: FeedSpec | None,
        tell: Callable[[], int],
        context: Context,
        before: int,
        *,
        of_documents: bool,
    ) -> None:
        if spec is None or not self._sifting:
            for number, line in enumerate(lines, before + 1):
                self._intake.take_line(line, context, number)
            return
        door = self._sieve.door(spec.name)
        for taken, line in enumerate(door.sift(lines, tell, of_documents=of_documents)):
            self._intake.take_line(line, context, before + door.number)
            if not taken % LINES_A_TICK:
                self._progress(tell())
        if door.off:
            problem = "half of it may matter, so it is read without the byte filter"
            self._note(InputError(problem, place=context.label))

    def _lose(self, error: FlowtrapError) -> None:
        """Report something that could not be read: the run is incomplete."""
        self._incomplete = True
        self._report(error)

    def _note(self, error: FlowtrapError) -> None:
        """Report something about one record, but not the same place's hundredth."""
        source = error.place.rpartition(":")[0] or error.place
        self._noted[source] = self._noted.get(source, 0) + 1
        if self._noted[source] <= NOTES_PER_SOURCE:
            self._report(error)
        elif self._noted[source] == NOTES_PER_SOURCE + 1:
            self._report(InputError("more of the same: see the counters", place=source))

    def events(self, records: Iterable[object]) -> None:
        """Take records that are already decoded."""
        for number, record in enumerate(records, 1):
            self._intake.take(record, f"record {number}")

    def findings(self) -> list[Finding]:
        """Return the findings of all that was read, once, at the end; scratch files are closed."""
        self._sieve.settle()
        self.counters.no_key = self._matcher.no_key
        found = self.engine.flush(final=True, incomplete=self.incomplete)
        self._room.close()
        self.engine.logs.close()
        return found

    @property
    def counters(self) -> Counters:
        """Return what happened to every record so far."""
        return self.engine.counters

    @property
    def incomplete(self) -> bool:
        """Whether anything that may hold evidence was lost."""
        return self._incomplete or self.engine.counters.incomplete

    @property
    def suppressed(self) -> list[Suppressed]:
        """Return what tunables took out."""
        return self.engine.suppressed
