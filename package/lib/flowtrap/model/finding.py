"""The finding record: the same field names in every output (design, section 6)."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

SEVERITIES = ("informational", "low", "medium", "high", "critical")
EVIDENCE_SHOWN = 20
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@dataclass(frozen=True)
class Entity:
    """Someone or something that took part, by the vendor's own value."""

    type: str
    value: str


@dataclass(frozen=True)
class Evidence:
    """One event of the case."""

    stage: str
    time: str
    event_id: str
    feed: str
    action: str
    actor: str
    summary: str


@dataclass(frozen=True)
class Finding:
    """One case. Times are RFC 3339 UTC; `evidence_totals` counts what `evidence` may cut short."""

    finding_id: str
    revision: int
    detection: str
    title: str
    analytic: str
    strategy: str
    techniques: tuple[str, ...]
    verdict: str
    severity: str
    risk_score: int
    first_time: str
    last_time: str
    entities: tuple[Entity, ...]
    evidence: tuple[Evidence, ...]
    evidence_totals: dict[str, int]
    explanation: str
    incomplete: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, keys in the order of the design."""
        return asdict(self)


class Superseded(NamedTuple):
    """A finding that was told and is no case of its own any more.

    `superseded_by` is the id of the case that it is a part of now, None where no verdict holds.
    """

    finding_id: str
    revision: int
    detection: str
    last_time: str
    superseded_by: str | None


def rfc3339(time_ms: int) -> str:
    """Return `2026-01-31T09:30:00Z`, with milliseconds only where there are any."""
    moment = _EPOCH + datetime.timedelta(milliseconds=time_ms)
    text = moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
