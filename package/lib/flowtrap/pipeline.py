"""The one module that joins the rooms: bytes in, findings out.

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

from functools import partial
from itertools import chain, islice
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    Callable,
    NamedTuple,
)

from flowtrap.correlation.engine import Engine
from flowtrap.correlation.hit_log import DEFAULT_LIMITS, Limits
from flowtrap.correlation.semi_join import Waits, join_fields
from flowtrap.feed import decode
from flowtrap.feed.framing import record_lines, split_exact
from flowtrap.feed.front_door import FrontDoor, Need
from flowtrap.feed.sources import Source, walk
from flowtrap.feed.waiting import WaitingRoom
from flowtrap.feed.wrappers import unwrap
from flowtrap.match.literals import required
from flowtrap.match.matcher import Matcher
from flowtrap.model.errors import FlowtrapError, InputError, RecordError
from flowtrap.normalise.elastic.table import as_native
from flowtrap.normalise.table import FEEDS, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flowtrap.correlation.engine import Suppressed
    from flowtrap.model.counters import Counters
    from flowtrap.model.detection import Detection
    from flowtrap.model.event import Event
    from flowtrap.model.feed import FeedSpec
    from flowtrap.model.finding import Finding
    from flowtrap.model.hit import Hit
    from flowtrap.model.tunable import Tunables

Report = Callable[[FlowtrapError], None]
OnEvent = Callable[["Event"], None]
LINES_TO_RECOGNISE = 20
LONGEST_TEXT = 1_000_000  # a text record is shorter; and so are the lines that show a feed
NOTES_PER_SOURCE = 20
LINES_A_TICK = 500


UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def _is_of(spec: FeedSpec, line: bytes) -> bool:
    """Tell whether all that a line holds is of a feed."""
    try:
        records = list(unwrap(decode.loads(line)))
    except UNFORESEEN:
        return False
    return bool(records) and all(
        isinstance(record, dict) and recognise(record, spec) is spec for record in records
    )


class _Context(NamedTuple):
    """What a record that waited needs to be read again."""

    label: str
    columns: tuple[str, ...] | None


def every_default(detections: Sequence[Detection], tunables: Tunables) -> Tunables:
    """Return the tunables over the defaults of all detections: one name, one meaning."""
    defaults: dict[str, Any] = {}
    for detection in detections:
        defaults.update(detection.defaults())
    return tunables.over(defaults)


def _what(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}"


def _nowhere() -> int:
    return 0


def _is_header(columns: tuple[str, ...], line: str) -> bool:
    return line.split(None, len(columns))[: len(columns)] == list(columns)


class Span(NamedTuple):
    """The part of time that is looked at; both ends count, None is open."""

    since_ms: int | None = None
    until_ms: int | None = None

    def holds(self, time_ms: int) -> bool:
        """Tell whether a time lies in it."""
        return (self.since_ms is None or time_ms >= self.since_ms) and (
            self.until_ms is None or time_ms <= self.until_ms
        )


ALWAYS = Span()


class Intake:
    """Takes decoded records to the engine: unwrap, recognise, normalise, match, add.

    `seen_kept` bounds how many events are remembered: one that comes again after so many others is
    counted as matched, and changes nothing, for its hits are equal.
    """

    def __init__(
        self,
        engine: Engine,
        matcher: Matcher,
        span: Span,
        report: Report,
        on_event: OnEvent,
        *,
        seen_kept: int | None = None,
    ) -> None:
        self._seen_kept = seen_kept
        self._engine = engine
        self._matcher = matcher
        self._span = span
        self._report = report
        self._on_event = on_event
        self._seen: set[int] = set()
        self._likely: FeedSpec | None = None
        self.rebuilt = 0  # records read from the fields of Elastic documents

    def take(self, decoded: object, place: str, columns: tuple[str, ...] | None = None) -> None:
        """Take what one line decoded to: a record, or a wrapper of several."""
        for record in unwrap(decoded):
            self._engine.counters.read += 1
            if isinstance(record, str):
                self._take_text(record[:LONGEST_TEXT], place, columns)
            else:
                self.take_record(record, place)

    def _take_text(self, text: str, place: str, columns: tuple[str, ...] | None) -> None:
        for spec in FEEDS:
            known = columns or (spec.text.header(text) if spec.text else None)
            if spec.text and known:
                self._normalise(spec, spec.text.parse(known, text), place)
                return
        self._engine.counters.unrecognised += 1

    def take_record(self, record: Mapping[str, Any], place: str) -> None:
        """Take one native record; `read` has counted it."""
        spec = recognise(record, self._likely)
        if spec is None:
            self._take_document(record, place)
        else:
            self._likely = spec
            self._normalise(spec, record, place)

    def _take_document(self, document: Mapping[str, Any], place: str) -> None:
        """Take what is no native record: an Elastic document without its original, or a stranger.

        No feed's own records look like documents, so that natives pay nothing for them.
        """
        record = as_native(document)
        spec = recognise(record) if record is not document else None
        if spec is None:
            self._engine.counters.unrecognised += 1
        else:
            self.rebuilt += 1
            self._normalise(spec, record, place)

    def _normalise(self, spec: FeedSpec, record: Mapping[str, Any], place: str) -> None:
        counters = self._engine.counters
        try:
            event = spec.normalise(record)
            hits = self._matcher.hits(event) if self._span.holds(event.time_ms) else None
        except RecordError as error:
            counters.no_time += 1
            self._report(RecordError(error.problem, place=place, cure=error.cure))
            return
        except UNFORESEEN as error:  # whoever wrote the record must not end the hunt
            counters.parse_error += 1
            problem = f"a record of {spec.name} cannot be read: {_what(error)}"
            self._report(RecordError(problem, place=place, cure="it was left out"))
            return
        if hits is None:
            counters.filtered_out += 1
            return
        self._on_event(event)
        if hits:
            self._add(event, hits)
        else:
            counters.unmatched += 1

    def _add(self, event: Event, hits: list[tuple[int, Hit]]) -> None:
        counters = self._engine.counters
        identity = hash((event.feed, event.event_id))
        if identity in self._seen:
            counters.duplicate += 1
            return
        if self._seen_kept is not None and len(self._seen) >= self._seen_kept:
            self._seen.clear()
        self._seen.add(identity)
        counters.matched += 1
        for index, hit in hits:
            self._engine.add(index, hit)


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
        self._matcher = Matcher(self.engine.stages, every_default(detections, tunables))
        self._intake = Intake(self.engine, self._matcher, span, self._note, on_event)
        self._report = report
        self._progress = progress
        self._sifting = sifting
        self._only = only
        self._incomplete = False
        self._noted: dict[str, int] = {}
        self._waiting = WaitingRoom(spill, self._lose)
        self._waits = Waits(self.engine, self._waiting)
        self._doors = {
            spec.name: FrontDoor(
                spec, partial(self._needs, spec), self._waiting.wait, partial(_is_of, spec)
            )
            for spec in FEEDS
        }

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
            context = _Context(source.label, columns)
            self._waiting.begin(source.label, again, source.size_bytes, context)
            self._progress(0)
            for number, line in enumerate(head, 1):
                self._take_line(line, context, number)
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
                self._take_line(line, _Context(label, None), number)
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
        context: _Context,
        before: int,
        *,
        of_documents: bool,
    ) -> None:
        if spec is None or not self._sifting:
            for number, line in enumerate(lines, before + 1):
                self._take_line(line, context, number)
            return
        door = self._doors[spec.name]
        for taken, line in enumerate(door.sift(lines, tell, of_documents=of_documents)):
            self._take_line(line, context, before + door.number)
            if not taken % LINES_A_TICK:
                self._progress(tell())
        if door.off:
            problem = "half of it may matter, so it is read without the byte filter"
            self._note(InputError(problem, place=context.label))

    def _take_line(self, line: bytes, context: _Context, number: int) -> None:
        """Parse one line and take what it holds; a line that cannot be parsed is counted."""
        text = line.strip()
        if not text or not self._only(text):
            return
        place = f"{context.label}:{number}" if number else context.label
        if context.columns and text[:1] != b"{":
            words = text.decode("utf-8", "replace")
            if _is_header(context.columns, words):
                return
            self._intake.take(words, place, context.columns)
            return
        try:
            decoded = decode.loads(text)
        except ValueError as error:
            pieces = split_exact(text)
            first, second = next(pieces, b""), next(pieces, b"")
            if second:  # a document's records that were not told apart
                for piece in chain((first, second), pieces):
                    self._take_line(piece, context, number)
                return
            self._spoil(f"not a record: {error}", place)
            return
        self._intake.take(decoded, place)

    def _spoil(self, problem: str, place: str) -> None:
        """Count a record that cannot be read, and say so."""
        self.engine.counters.read += 1
        self.engine.counters.parse_error += 1
        self._note(InputError(problem, place=place, cure="it was left out"))

    def _needs(self, spec: FeedSpec, name: str) -> tuple[Need, ...]:
        """Return what the stages that a name leaves possible ask of a raw record."""
        if spec.name_field:
            stages = self._matcher.possible(spec.name, {spec.name_field: name})
        else:
            stages = tuple(n for n, s in enumerate(self.engine.stages) if s.feed == spec.name)
        alike: dict[tuple[str, bool, bytes], list[int]] = {}
        for index in stages:
            field, waits = self._key_of(spec, index)
            texts = required(self.engine.stages[index].condition, spec.raw_fields)
            text = max(texts, key=lambda text: (len(text), text), default=b"")
            alike.setdefault((field, waits, text), []).append(index)
        needs = [
            Need(
                spec.raw_keys.get(field),
                self._waits.group(field, tuple(chosen)) if waits else None,
                text,
            )
            for (field, waits, text), chosen in sorted(alike.items())
        ]
        return tuple(sorted(needs, key=lambda need: (need.key is not None, need.group is not None)))

    def _key_of(self, spec: FeedSpec, index: int) -> tuple[str, bool]:
        """Return a field of a stage that raw bytes show, or "", and whether it may wait by it."""
        joins = join_fields(self.engine.plan, index)
        keys = self.engine.stages[index].keys.values()
        for field in spec.raw_keys:
            if field in joins:
                return field, True
        return next((field for field in spec.raw_keys if field in keys), ""), False

    def _take_waiting(self, places: Iterable[int]) -> None:
        for line, context in self._waiting.take(places):
            if line.strip():
                self._take_line(line, context, 0)
            else:
                self._spoil("a record is no longer there", context.label)

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
        self._waits.settle(self._take_waiting)
        self._count_passed_over()
        found = self.engine.flush(final=True, incomplete=self.incomplete)
        self._waiting.close()
        self.engine.logs.close()
        return found

    def _count_passed_over(self) -> None:
        """Count what the front doors passed over and what waited in vain as filtered out."""
        counters = self.engine.counters
        passed_over = sum(door.filtered + door.waiting for door in self._doors.values())
        counters.read += passed_over - self._waiting.taken
        counters.filtered_out += passed_over - self._waiting.taken
        counters.no_key = self._matcher.no_key

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
