"""What happened to every record, counted: nothing is dropped silently (design, section 5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass
class Counters:
    """`read` is the sum of the seven lines below it; the rest count hits and anchors.

    filtered_out: no stage can match, or its key meets no anchor; not parsed.
    unmatched: parsed, matched no stage.    duplicate: same feed and id as a matched one.
    """

    read: int = 0
    matched: int = 0
    unmatched: int = 0
    filtered_out: int = 0
    duplicate: int = 0
    parse_error: int = 0
    no_time: int = 0
    unrecognised: int = 0
    no_key: int = 0
    late: int = 0
    expired: int = 0
    spilled: int = 0
    evicted: int = 0
    suppressed: int = 0
    unlearned: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the counters by name, in this order."""
        return asdict(self)

    def add(self, other: dict[str, int]) -> None:
        """Add another run's counters to these."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + int(other.get(item.name, 0)))

    @property
    def incomplete(self) -> bool:
        """Whether anything was lost that may hold evidence."""
        return bool(self.late or self.evicted or self.parse_error or self.no_time)
