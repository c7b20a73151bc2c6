"""What `elastic deploy` installs: shelves of named bodies, and the plan to bring them up to date.

    steps = plan(shelves)                     # asks what is there, changes nothing
    for step in steps: print(step)
    carry_out(steps)

A shelf knows only what Flowtrap put there: each thing bears the digest of the body that it was made
of, so that what is equal is left alone, and what somebody else made is neither changed nor removed.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Body = dict[str, Any]
MARK = "flowtrap"


class Shelf(Protocol):
    """One kind of thing in a cluster or in Kibana. All methods raise ClusterError."""

    kind: str
    wanted: Mapping[str, Body]

    def installed(self) -> Mapping[str, str]:
        """Return the digest of each thing of ours that is there, "" where it tells none."""

    def put(self, names: Sequence[str]) -> None:
        """Create or replace the wanted things of these names."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove these things; what is gone already is no error."""


class Step(NamedTuple):
    """What is to be done to some things of one shelf: create, update, remove or keep."""

    verb: str
    shelf: Shelf
    names: tuple[str, ...]

    def __str__(self) -> str:
        count = len(self.names)
        what = ", ".join(self.names) if count <= MOST_NAMED else f"{count} of them"
        return f"{self.verb} {self.shelf.kind}: {what}"


MOST_NAMED = 6


def digest(body: Body) -> str:
    """Return a short hash of a body; equal bodies have equal ones."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def plan(shelves: Iterable[Shelf]) -> list[Step]:
    """Return what brings every shelf up to date, in their order; what is no longer wanted goes."""
    steps = []
    for shelf in shelves:
        there = shelf.installed()
        chosen: dict[str, list[str]] = {"create": [], "update": [], "keep": []}
        for name, body in shelf.wanted.items():
            known = there.get(name)
            verb = "create" if known is None else "keep" if known == digest(body) else "update"
            chosen[verb].append(name)
        chosen["remove"] = sorted(there.keys() - shelf.wanted.keys())
        steps += _steps(shelf, chosen)
    return steps


def removal(shelves: Sequence[Shelf]) -> list[Step]:
    """Return what takes everything of ours away, the last installed first."""
    steps = []
    for shelf in reversed(shelves):
        steps += _steps(shelf, {"remove": sorted(shelf.installed())})
    return steps


def _steps(shelf: Shelf, chosen: Mapping[str, Sequence[str]]) -> list[Step]:
    return [Step(verb, shelf, tuple(names)) for verb, names in chosen.items() if names]


def carry_out(step: Step) -> None:
    """Do one step; doing it again after a failure is harmless."""
    if step.verb == "remove":
        step.shelf.remove(step.names)
    elif step.verb != "keep":
        step.shelf.put(step.names)
