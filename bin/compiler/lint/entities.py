"""Entities: known types, taken from keys and facts that some stage has (design, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject

TYPES = (
    "function", "flow", "script", "user", "role", "service_account", "app", "src", "dest", "url",
    "account",
)  # fmt: skip


class EntityTypes(Check):
    """A detection names entities, of the types that every output knows."""

    id = "entity_types"
    hint = f"use {', '.join(TYPES)}"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each type."""
        if not subject.runtime["entities"]:
            yield self.issue(subject.document, (), "names no entities", "add entities:")
        for kind in subject.runtime["entities"]:
            if kind not in TYPES:
                problem = f"{kind!r} is not a type of entity"
                yield self.issue(subject.document, ("entities", kind), problem)


class EntityNames(Check):
    """An entity is a key or fact of some stage."""

    id = "entity_names"
    hint = "name a key or fact"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each name."""
        known = {name for stage in subject.stages for name in subject.names_of(stage)}
        for kind, names in subject.runtime["entities"].items():
            for name in names:
                if name not in known:
                    problem = f"{name!r} is no key or fact of any stage"
                    yield self.issue(subject.document, ("entities", kind), problem)
