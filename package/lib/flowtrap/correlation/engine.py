"""The correlation engine: add hits in any order, then flush the cases they make.

Example:
    engine = Engine(detections, tunables)
    engine.add(index, hit)          # index: position in engine.stages
    findings = engine.flush()       # a function of the set of hits, whatever their order
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.model.counters import Counters
from flowtrap.model.hit import Hit, hit_values

from . import state
from .cases import judge_log
from .entry import head, pack, pack_keys
from .expiry import Expiry
from .findings import Teller
from .hit_log import DEFAULT_LIMITS, HitLogs, Limits, OpenSpill
from .learnt import Learnt, scope_of
from .plan import Plan, Use
from .related import Relations, keys_of, past_key
from .told import Told, ToldCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrap.model.detection import Detection
    from flowtrap.model.finding import Finding, Superseded
    from flowtrap.model.tunable import TunableEntry, Tunables

SUPPRESSED_SHOWN = 10_000


class Suppressed(NamedTuple):
    """A hit that a tunable took out before any verdict, and the entry that did it."""

    detection: str
    stage: str
    tunable: str
    entry: TunableEntry
    hit: Hit


class Engine:
    """Correlates the hits of any number of detections.

    `lateness_ms` is how late an event may arrive in later runs; None (a hunt) keeps everything
    to the end. `spill` opens a temporary file for logs beyond `limits`.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        tunables: Tunables,
        *,
        limits: Limits = DEFAULT_LIMITS,
        lateness_ms: int | None = None,
        spill: OpenSpill | None = None,
    ) -> None:
        self._plan = Plan(detections, tunables)
        self._lateness_ms = lateness_ms
        self._limits = limits
        self._spill = spill
        self._forget()
        self.stages = tuple(self._plan.stages)

    def _forget(self) -> None:
        self.logs = HitLogs(self._limits, self._spill)
        self.counters = Counters()
        self.suppressed: list[Suppressed] = []
        self.learnt = Learnt()
        self._earliest: dict[int, int] = {}
        self._latest_ms: int | None = None
        self._watermark_ms: int | None = None
        self.late_before_ms: int | None = None  # the watermark when what is added came
        self.superseded: list[Superseded] = []
        self.told = Told()
        self.read: set[bytes] = set()  # the heads of this run's events
        self.known: set[bytes] = set()  # of events that runs before this one have read

    @property
    def plan(self) -> Plan:
        """Return what the engine worked out of its detections."""
        return self._plan

    def add(self, index: int, hit: Hit) -> None:
        """Take a hit of the distinct stage at `index`; O(1). What is read again changes nothing."""
        entry = pack(hit)
        if self._lateness_ms is not None and self._is_known(head(entry)):
            return
        if self._latest_ms is None or hit.time_ms > self._latest_ms:
            self._latest_ms = hit.time_ms
        if self.late_before_ms is not None and hit.time_ms < self.late_before_ms:
            self.counters.late += 1
        if self._plan.telling[index]:
            self.learnt.learn(self._plan.telling[index], hit)
        fills = self._plan.fills[index]
        for table, names in fills.past:
            known = self._earliest.get(table)
            if known is None or hit.time_ms < known:
                self._earliest[table] = hit.time_ms
            self.logs.append(table, past_key(hit, names), pack_keys(hit, names))
        self.put(fills.routes, hit, entry)
        for use in fills.guarded:
            if not self._is_suppressed(use, hit):
                self.put(use.routes, hit, entry)

    def _is_known(self, mark: bytes) -> bool:
        """Tell whether an earlier run has read an event.

        It must not be taken again: some of what it rests on may have been forgotten meanwhile.
        """
        self.read.add(mark)
        return mark in self.known

    def known_since(self, table: int, time_ms: int) -> bool:
        """Tell whether a past goes back to a time."""
        return self._earliest.get(table, time_ms + 1) <= time_ms

    def put(self, routes: Iterable[tuple[int, tuple[str, ...]]], hit: Hit, entry: bytes) -> None:
        """Put a hit into tables, under the keys by which anchors and relations look for it."""
        for table, names in routes:
            for key in keys_of(hit, names):
                self.logs.append(table, key, entry)

    def _is_suppressed(self, use: Use, hit: Hit) -> bool:
        for tunable, name, patterns in use.suppress:
            found = patterns.find(hit_values(hit, name), scope_of(hit))
            if found:
                self.counters.suppressed += 1
                if len(self.suppressed) < SUPPRESSED_SHOWN:
                    name = self._plan.detections[use.detection].name
                    self.suppressed.append(Suppressed(name, use.stage.name, tunable, found, hit))
                return True
        return False

    def flush(
        self,
        *,
        now_ms: int | None = None,
        settled_ms: int | None = None,
        final: bool = True,
        incomplete: bool = False,
    ) -> list[Finding]:
        """Return the cases: all of them, or (`final=False`) those new or changed since the last.

        `superseded` then holds what was told before and is no case of its own any more. A flush
        that is not final moves the watermark and forgets what it leaves behind. `now_ms` keeps
        events with a time in the future from moving it; before `settled_ms` nothing is to come.
        """
        if not final:
            self._move_watermark(now_ms, settled_ms)
        expiry = Expiry(self._plan, self._watermark_ms)
        cases: list[ToldCase] = []
        for number in range(len(self._plan.detections)):
            cases += self._flush_detection(number, final, incomplete, expiry)
        self.counters.spilled, self.counters.evicted = self.logs.spilled, self.logs.evicted
        self.superseded = self.told.superseded(cases, certain=not self.logs.evicted)
        findings = [case.finding for case in cases]
        if not final:
            findings = self.told.changed(cases)
            self.counters.expired += expiry.sweep(self.logs)
        self.told.remember(cases, final=final)
        return sorted(findings, key=lambda f: (f.first_time, f.detection, f.finding_id))

    def _flush_detection(
        self, number: int, final: bool, incomplete: bool, expiry: Expiry
    ) -> list[ToldCase]:
        relations = self.relations(number)
        table = relations.uses[relations.detection.anchor].anchor_table or 0
        teller = Teller(relations, incomplete)
        cases = []
        for key, log in self.logs.scan(table):
            for case in judge_log(log, relations, self._watermark_ms, final):
                is_open = expiry.pin(number, table, key, case)
                absorbed = teller.later_ids(case) if self.told else ()
                cases.append(ToldCase(teller.finding(case), absorbed, is_open))
        self.counters.unlearned += len(relations.unlearned)
        return cases

    def relations(self, number: int) -> Relations:
        """Return what answers for one detection as long as no hit is added."""
        return Relations(self._plan, number, self.logs, self._earliest, self.learnt)

    def _move_watermark(self, now_ms: int | None, settled_ms: int | None) -> None:
        marks = [mark for mark in (self._watermark_ms, settled_ms) if mark is not None]
        if self._latest_ms is not None and self._lateness_ms is not None:
            latest = self._latest_ms if now_ms is None else min(self._latest_ms, now_ms)
            marks.append(latest - self._lateness_ms)
        self._watermark_ms = self.late_before_ms = max(marks, default=None)

    def snapshot(self) -> dict[str, Any]:
        """Return the engine's state as plain data; save it after the findings are out."""
        return state.snapshot(self)

    def restore(self, saved: dict[str, Any]) -> None:
        """Take up a state that `snapshot` returned; raises StateError if it cannot be used."""
        self._forget()
        state.restore(self, saved)
