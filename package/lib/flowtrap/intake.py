"""Takes records to the engine: parse, unwrap, recognise, normalise, match, add.

    intake = Intake(engine, matcher, ALWAYS, report, on_event)
    intake.take_line(b'{"eventName": …}', Context("trail.json"), 7)

What cannot be read is counted and reported, and never ends a run.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap.feed import decode
from flowtrap.feed.framing import split_exact
from flowtrap.feed.wrappers import unwrap
from flowtrap.model.errors import FlowtrapError, InputError, RecordError
from flowtrap.normalise.elastic.table import as_native
from flowtrap.normalise.table import FEEDS, recognise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowtrap.correlation.engine import Engine
    from flowtrap.match.matcher import Matcher
    from flowtrap.model.detection import Detection
    from flowtrap.model.event import Event
    from flowtrap.model.feed import FeedSpec
    from flowtrap.model.hit import Hit
    from flowtrap.model.tunable import Tunables

Report = Callable[[FlowtrapError], None]
OnEvent = Callable[["Event"], None]
LONGEST_TEXT = 1_000_000  # a text record is shorter; and so are the lines that show a feed
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Context(NamedTuple):
    """What a line needs to be read: its place's name, and the columns of a text with a header."""

    label: str
    columns: tuple[str, ...] | None = None


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


def every_default(detections: Sequence[Detection], tunables: Tunables) -> Tunables:
    """Return the tunables over the defaults of all detections: one name, one meaning."""
    defaults: dict[str, Any] = {}
    for detection in detections:
        defaults.update(detection.defaults())
    return tunables.over(defaults)


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
        only: Callable[[bytes], bool] = lambda line: True,
    ) -> None:
        self._seen_kept = seen_kept
        self._only = only
        self._engine = engine
        self._matcher = matcher
        self._span = span
        self._report = report
        self._on_event = on_event
        self._seen: set[int] = set()
        self._likely: FeedSpec | None = None
        self.rebuilt = 0  # records read from the fields of Elastic documents

    def take_line(self, line: bytes, context: Context, number: int) -> None:
        """Parse one line and take what it holds; a line that cannot be parsed is counted."""
        text = line.strip()
        if not text or not self._only(text):
            return
        place = f"{context.label}:{number}" if number else context.label
        if context.columns and text[:1] != b"{":
            words = text.decode("utf-8", "replace")
            if _is_header(context.columns, words):
                return
            self.take(words, place, context.columns)
            return
        try:
            decoded = decode.loads(text)
        except ValueError as error:
            pieces = split_exact(text)
            first, second = next(pieces, b""), next(pieces, b"")
            if second:  # a document's records that were not told apart
                for piece in chain((first, second), pieces):
                    self.take_line(piece, context, number)
                return
            self.spoil(f"not a record: {error}", place)
            return
        self.take(decoded, place)

    def spoil(self, problem: str, place: str) -> None:
        """Count a record that cannot be read, and say so."""
        self._engine.counters.read += 1
        self._engine.counters.parse_error += 1
        self._report(InputError(problem, place=place, cure="it was left out"))

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


def _what(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}"


def _is_header(columns: tuple[str, ...], line: str) -> bool:
    return line.split(None, len(columns))[: len(columns)] == list(columns)
