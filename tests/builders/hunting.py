"""Runs the shipped detections over records, as `hunt` does, and says what a finding leaves out."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import compiler
from builders import aws
from flowtrap.content import runtime
from flowtrap.model.finding import SEVERITIES
from flowtrap.model.tunable import Tunables
from flowtrap.pipeline import Hunt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from builders.scenario import Chain
    from builders.scenarios_aws import Attack
    from flowtrap.model.finding import Finding

NOW_MS = int((aws.START.timestamp() + 60 * aws.DAY) * 1000)
ALARMING = SEVERITIES[SEVERITIES.index("medium") :]
ADDRESS = re.compile(r"\d+(\.\d+){3}")


@dataclass(frozen=True)
class Outcome:
    """What one hunt gave."""

    findings: list[Finding]
    hunt: Hunt
    messages: list[str]

    @property
    def alarms(self) -> list[Finding]:
        """Return the findings of medium severity or more."""
        return [finding for finding in self.findings if finding.severity in ALARMING]

    def plain(self) -> list[dict[str, Any]]:
        """Return the findings as plain data in a fixed order."""
        rows = [finding.to_dict() for finding in self.findings]
        return sorted(rows, key=lambda row: (row["detection"], row["finding_id"]))


@functools.lru_cache(maxsize=1)
def detections() -> tuple[Any, ...]:
    """Return the shipped detections, compiled."""
    return tuple(runtime.load(json.dumps(compiler.compile_all()).encode()))


def hunt(
    *portions: Iterable[object],
    paths: Iterable[str] = (),
    values: Mapping[str, Any] | None = None,
    **options: Any,
) -> Outcome:
    """Hunt over portions of decoded records, then over files; `values` are tunables."""
    messages: list[str] = []
    scratch: list[IO[bytes]] = []

    def spill() -> IO[bytes]:
        scratch.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed below
        return scratch[-1]

    one = Hunt(
        detections(),
        Tunables(values or {}, now_ms=NOW_MS),
        spill=spill,
        report=lambda error: messages.append(str(error)),
        **options,
    )
    for portion in portions:
        one.events(portion)
    one.read(list(paths))
    outcome = Outcome(one.findings(), one, messages)
    for file in scratch:
        file.close()
    return outcome


def text_of(finding: Finding) -> str:
    """Return a finding as the JSON that people and machines read."""
    return json.dumps(finding.to_dict(), ensure_ascii=False)


def wanted_names(attack: Attack, chain: Chain, *, logged: bool = True) -> set[str]:
    """Return what the finding must name: the automation, its role, all actors and addresses.

    `logged`: whether the optional data events are there.
    """
    fn = attack.world.fn
    parts = ("setup", "write", "act", "optional") if logged else ("setup", "write", "act")
    names = {*(chain.automation or (fn.arn, fn.role_arn)), *chain.names}
    names |= set(chain.visible) if logged else set()
    for record in chain.of(*parts):
        names.add(record["userIdentity"]["arn"])
        if ADDRESS.fullmatch(record["sourceIPAddress"]):
            names.add(record["sourceIPAddress"])
    return names


def left_out(attack: Attack, chain: Chain, finding: Finding, *, logged: bool = True) -> list[str]:
    """Return what a finding of an AWS attack ought to say and does not."""
    names = wanted_names(attack, chain, logged=logged)
    return _unsaid(names, chain, finding) + _times_left_out(chain, finding)


def missing(chain: Chain, finding: Finding, *, logged: bool = True) -> list[str]:
    """Return what a finding of another platform's attack ought to say and does not."""
    seen = chain.visible if logged else ()
    return _unsaid({*chain.automation, *chain.names, *seen}, chain, finding)


def _unsaid(names: set[str], chain: Chain, finding: Finding) -> list[str]:
    text = text_of(finding)
    gaps = sorted(name for name in names if name not in text)
    gaps += [f"/{words}/" for words in chain.says if not re.search(words, text, re.IGNORECASE)]
    totals = finding.evidence_totals.values()
    return gaps + [
        f"count {n}"
        for n in chain.counts
        if n not in totals and not re.search(rf"\b{n}\b", finding.explanation)
    ]


def _times_left_out(chain: Chain, finding: Finding) -> list[str]:
    times = sorted(record["eventTime"] for record in chain.of("setup", "write", "act"))
    gaps = []
    if finding.first_time > times[0]:
        gaps.append(f"first time {times[0]} (it says {finding.first_time})")
    if finding.last_time < times[-1]:
        gaps.append(f"last time {times[-1]} (it says {finding.last_time})")
    return gaps
