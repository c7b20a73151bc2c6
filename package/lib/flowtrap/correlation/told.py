"""What was told of cases that are still open: a run tells what is new, and what stands no longer.

A case bears the id of its first anchor. When an earlier anchor gets its verdict later, or two cases
grow together, what was told under the later anchor's id is superseded: it is told once more, with
the id of the case that it is a part of now. See docs/decisions/0006.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.model.finding import Finding, Superseded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class ToldCase(NamedTuple):
    """A case as it stands: its finding, the ids it would bear if it began later, is it open."""

    finding: Finding
    absorbed: tuple[str, ...]
    is_open: bool


class Said(NamedTuple):
    """What is remembered of a finding that was told; an empty digest is told again."""

    detection: str
    revision: int
    last_time: str
    digest: str


class Told:
    """The findings told of open cases, by id; false where there is none."""

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}

    def __bool__(self) -> bool:
        return bool(self._said)

    def changed(self, cases: Iterable[ToldCase]) -> list[Finding]:
        """Return the findings that are new or differ from what was said."""
        return [
            finding
            for finding, *_ in cases
            if finding.finding_id not in self._said
            or self._said[finding.finding_id].digest != _digest(finding)
        ]

    def superseded(self, cases: Sequence[ToldCase], *, certain: bool) -> list[Superseded]:
        """Return what was told and is no case of its own any more.

        Not `certain` (hits were dropped for want of room): only what another case holds now.
        """
        if not self._said:
            return []
        standing = {case.finding.finding_id for case in cases}
        heirs = {name: case.finding.finding_id for case in cases for name in case.absorbed}
        return [
            Superseded(name, said.revision + 1, said.detection, said.last_time, heirs.get(name))
            for name, said in self._said.items()
            if name not in standing and (certain or name in heirs)
        ]

    def remember(self, cases: Iterable[ToldCase], *, final: bool) -> None:
        """Keep what is told of open cases. A final flush may have judged what is undecided."""
        self._said = {
            found.finding_id: Said(
                found.detection, found.revision, found.last_time, "" if final else _digest(found)
            )
            for found, _, is_open in cases
            if is_open
        }

    def rows(self) -> dict[str, list[Any]]:
        """Return everything as plain data, for saved state."""
        return {name: list(said) for name, said in self._said.items()}

    def restore(self, rows: Mapping[str, Sequence[Any]]) -> None:
        """Take up what `rows` returned."""
        for name, (detection, revision, last_time, digest) in rows.items():
            self._said[name] = Said(str(detection), int(revision), str(last_time), str(digest))


def _digest(finding: Finding) -> str:
    """Return what two findings share if they say the same; that a run lost events is not said."""
    text = repr(replace(finding, incomplete=False))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
