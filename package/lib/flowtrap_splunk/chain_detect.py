"""`| chaindetect`: events in any order, the findings of a detection out.

    `flowtrap_aws_cloudtrail` eventName IN (CreateFunction*, …) | fields _time, _raw
    | chaindetect detection=aws_lambda_created_then_acted state=lambda_created

Without `state` it judges what it is given. With it, open cases wait in the KV store: each run reads
the events that were indexed since, and gives the findings that are new or say more. Runs may
overlap: an event read twice counts once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from flowtrap.correlation.engine import Engine
from flowtrap.correlation.hit_log import Limits
from flowtrap.intake import ALWAYS, Intake, every_default
from flowtrap.match.matcher import Matcher
from flowtrap.model.tunable import Tunables

from . import events
from .detections import select
from .errors import OptionError
from .finding_rows import finding_table
from .hit_buffer import HitBuffer
from .kv_state import KVState
from .options import Option, Options
from .protocol import NO_ROWS, Table
from .settings import read_tunables
from .sift import Sift
from .splunkd import Splunkd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowtrap.model.counters import Counters
    from flowtrap.model.detection import Detection
    from flowtrap.model.errors import FlowtrapError
    from flowtrap.model.finding import Finding

    from .protocol import PassOver
    from .serve import Messages, SearchInfo

OPTIONS = (
    Option("detection", None, "detection=aws_lambda_*"),
    Option("state", "", "state=lambda_chain"),
    Option("lateness", "2h", "lateness=2h"),
    Option("silence", "24h", "silence=24h"),
    Option("window", "", "window=24h"),
    Option("explain", "false", "explain=true"),
    Option("final", "false", "final=true"),
    Option("maxhits", "100000", "maxhits=100000"),
)
NOTES = 5


class ChainDetect:
    """The command; `take` gives nothing, `finish` the findings."""

    kind = "reporting"
    preview = False

    def __init__(self, info: SearchInfo, messages: Messages) -> None:
        options = Options(info.args, OPTIONS)
        self._info, self._messages = info, messages
        self._state_name = options.name("state")
        self._final = options.switch("final") or not self._state_name
        self._explain = options.switch("explain")
        self._lateness_ms = options.span_ms("lateness")
        self._silence_ms = max(options.span_ms("silence"), self._lateness_ms)
        self._limits = Limits(options.number("maxhits", 100, 5_000_000), evict=True)
        self._detections = select(options.words("detection"))
        self._windows: dict[str, str] = {}
        if options.text("window"):
            options.span_ms("window")
            names = map(_window_name, self._detections)
            self._windows = dict.fromkeys(names, options.text("window"))
        self._state: KVState | None = None
        self._held_before: dict[int, int] = {}
        self._notes = 0
        self._events = self._passed_over = 0
        self._begun = False

    # -- before the first event ------------------------------------------------------------------

    def _begin(self) -> None:
        """Read the tunables and build the engine; not at getinfo, which splunkd asks for often."""
        self._begun = True
        tunables = Tunables(self._tunable_values(), now_ms=_now_ms())
        lateness_ms = self._lateness_ms if self._state_name else None
        self._engine = Engine(
            self._detections, tunables, limits=self._limits, lateness_ms=lateness_ms
        )
        self._matcher = Matcher(self._engine.stages, every_default(self._detections, tunables))
        self._sift = Sift(self._matcher, frozenset(s.feed for s in self._engine.stages))
        self._buffer = HitBuffer(self._limits.hits_in_memory) if self._is_stateful else None
        taker = cast("Engine", self._buffer or self._engine)
        self._counters = taker.counters
        self._intake = Intake(
            taker, self._matcher, ALWAYS, self._note, lambda event: None,
            seen_kept=self._limits.hits_in_memory,
        )  # fmt: skip

    @property
    def _is_stateful(self) -> bool:
        return bool(self._state_name) and not self._info.preview

    def _tunable_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if self._info.session_key:
            values = read_tunables(self._splunkd(), self._detections, self._messages)
        return {**values, **self._windows}

    def _splunkd(self) -> Splunkd:
        return Splunkd(self._info.splunkd_uri, self._info.session_key)

    def _note(self, error: FlowtrapError) -> None:
        self._notes += 1
        if self._notes <= NOTES:
            self._messages.warn(f"chaindetect: {error}")

    # -- events ----------------------------------------------------------------------------------

    def choose(self, columns: Sequence[str]) -> PassOver | None:
        """Return what tells boring events, where rows hold `_raw` and Splunk's own fields alone."""
        if not self._begun:
            self._begin()
        alone = events.RAW in columns and not events.columns_of(columns)
        return self._passes_over if alone and self._sift.fields else None

    def _passes_over(self, row: bytes) -> bool:
        if self._sift.rules_out_csv(row):
            self._passed_over += 1
            return True
        return False

    def take(self, table: Table) -> Table:
        """Take one chunk of events."""
        names = list(table.columns)
        raw_at = names.index(events.RAW) if events.RAW in names else len(names)
        columns = events.columns_of(names)
        rules_out = self._sift.rules_out
        names_at = [names.index(name) for name in self._sift.fields if name in names]
        names_told = len(names_at) == len(self._sift.fields) > 0
        number = self._events
        for number, row in enumerate(table.rows, self._events + 1):
            raw = row[raw_at] if raw_at < len(row) else ""
            if raw:
                if rules_out(raw):
                    self._passed_over += 1
                else:
                    self._take_raw(raw, number)
            elif row:
                told = names_told and len(row) > max(names_at)
                if told and self._sift.rules_out_names([row[at] for at in names_at]):
                    self._passed_over += 1
                else:
                    self._take_fields(columns, row, number)
        self._events = number
        self._counters.read += self._passed_over
        self._counters.filtered_out += self._passed_over
        self._passed_over = 0
        return NO_ROWS

    def _take_raw(self, raw: str, number: int) -> None:
        try:
            decoded = events.decoded(raw)
        except ValueError:
            self._counters.read += 1
            self._counters.parse_error += 1
            return
        self._intake.take(decoded, f"event {number}")

    def _take_fields(self, columns: list[events.Column], row: Sequence[str], number: int) -> None:
        record = events.from_fields(columns, row)
        self._intake.take(record or "[no fields]", f"event {number}")

    # -- findings --------------------------------------------------------------------------------

    def finish(self) -> Table:
        """Return the findings; with a state, what is to be saved is in the store by then."""
        if not self._begun:
            self._begin()
        self._counters.no_key = self._matcher.no_key
        if self._info.preview and self._state_name:
            return finding_table([])
        findings = self._saved() if self._is_stateful else self._flushed(self._counters.incomplete)
        self._report(len(findings))
        return finding_table(findings, self._engine.superseded)

    def _saved(self) -> list[Finding]:
        """Go on from the saved state; stage the new one."""
        assert self._buffer is not None
        self._state = KVState(self._splunkd(), self._state_name, self._info.sid)
        self._state.acquire()
        try:
            saved = self._state.load()
            if saved is not None:
                self._engine.restore(saved)
            self._held_before = dict(self._engine.logs.appended)
            self._buffer.pour(self._engine)
            lost = self._buffer.counters.incomplete or self._engine.counters.incomplete
            findings = self._flushed(lost or self._engine.logs.evicted > 0)
            size = self._state.stage(self._engine.snapshot())
        except BaseException:
            self._state.release()
            raise
        evicted = self._buffer.counters.evicted
        self._engine.counters.add(self._buffer.counters.to_dict())
        self._counters = self._engine.counters
        self._counters.evicted = self._engine.logs.evicted + evicted
        self._messages.info(
            f"chaindetect: state {self._state_name} is {size.plain_bytes:,} bytes, stored as"
            f" {size.stored_bytes:,} in {size.parts} parts"
            f" (at most {self._limits.hits_in_memory:,} hits are kept)"
        )
        return findings

    def _flushed(self, incomplete: bool) -> list[Finding]:
        return self._engine.flush(
            now_ms=_now_ms(),
            settled_ms=self._settled_ms(),
            final=self._final,
            incomplete=incomplete,
        )

    def _settled_ms(self) -> int | None:
        """Return the time before which nothing is to come, however silent the sources are.

        The search has read up to the end of its time range; without an end the clock says nothing.
        """
        if not self._info.latest_s:
            return None
        return min(int(self._info.latest_s * 1000), _now_ms()) - self._silence_ms

    def settle(self) -> None:
        """Make the staged state the one that the next run goes on from."""
        if self._state is not None:
            try:
                self._state.commit()
            finally:
                self._state.release()

    # -- what is told ----------------------------------------------------------------------------

    def _report(self, findings: int) -> None:
        counted = {name: n for name, n in self._counters.to_dict().items() if n and name != "read"}
        told = ", ".join(f"{n:,} {name}" for name, n in counted.items())
        self._messages.info(
            f"chaindetect: read {self._counters.read:,} records"
            f"{': ' if told else ''}{told}; {findings:,} findings"
        )
        for text in _losses(self._counters):
            self._messages.warn(f"chaindetect: incomplete: {text}")
        if self._notes > NOTES:
            self._messages.warn(f"chaindetect: {self._notes - NOTES:,} more events of that kind")
        if self._explain:
            for text in self._stages():
                self._messages.info(f"chaindetect: {text}")

    def _stages(self) -> list[str]:
        """Return, per detection, how many hits each stage has, so that a blind one shows."""
        before = self._held_before
        lines = []
        for number, detection in enumerate(self._detections):
            parts = []
            for name, use in self._engine.plan.by_name[number].items():
                tables = [t for t in (use.anchor_table, use.relation_table) if t is not None]
                added = self._engine.logs.appended
                hits = max((added.get(t, 0) - before.get(t, 0) for t in tables), default=0)
                parts.append(f"{name} {hits:,}{' (anchor)' if name == detection.anchor else ''}")
            lines.append(f"{detection.name}: hits by stage: {', '.join(parts)}")
        return lines


def _window_name(detection: Detection) -> str:
    if isinstance(detection.window, str):
        cure = f"leave window out: {detection.name} has a fixed one of {detection.window}"
        raise OptionError("window cannot be set", cure=cure)
    return str(detection.window["tunable"])


def _losses(counters: Counters) -> list[str]:
    texts = {
        "parse_error": "events are no whole JSON: if they were cut, raise TRUNCATE in props.conf",
        "no_time": "records have no usable time",
        "late": "events came later than lateness allows: raise it",
        "evicted": "hits were dropped for want of room: filter more, or raise maxhits",
    }
    return [f"{n:,} {texts[k]}" for k, n in counters.to_dict().items() if n and k in texts]


def _now_ms() -> int:
    return int(time.time() * 1000)
