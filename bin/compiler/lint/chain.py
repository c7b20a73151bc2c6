"""The chain: every stage has a place in it, and every key it names is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check import Check, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import Subject


class StagesUsed(Check):
    """Every stage is the anchor or related to it."""

    id = "stages_used"
    hint = "relate it in chain.related, or drop it"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look for stages without a place."""
        chain = subject.runtime["chain"]
        for name in subject.stages:
            if name != chain["anchor"] and name not in chain["related"]:
                yield self.issue(
                    subject.document, ("stages", name), f"{name!r} is not in the chain"
                )


class RelationStages(Check):
    """The anchor and every related stage are defined; `from` leads to the anchor."""

    id = "relation_stages"
    hint = "define it under stages"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at the anchor and each relation."""
        chain = subject.runtime["chain"]
        document, path = subject.document, ("chain", "related")
        if chain["anchor"] not in subject.stages:
            problem = f"{chain['anchor']!r} is no stage"
            yield self.issue(document, ("chain", "anchor"), problem)
        for name, relation in chain["related"].items():
            if name not in subject.stages:
                yield self.issue(document, (*path, name), f"{name!r} is no stage")
            if name == chain["anchor"]:
                problem = "the anchor cannot be related to itself"
                yield self.issue(document, (*path, name), problem, "define a second stage")
            parent = relation.get("from")
            if parent is not None and parent not in chain["related"]:
                problem = f"{parent!r} is no related stage"
                yield self.issue(document, (*path, name, "from"), problem, "leave from: out")
            elif _circles(name, chain["related"]):
                problem = f"{name!r} leads back to itself"
                yield self.issue(document, (*path, name, "from"), problem, "start at the anchor")


def _circles(name: str, related: dict[str, dict[str, str]]) -> bool:
    seen: set[str] = set()
    step: str | None = name
    while step in related:
        if step in seen:
            return True
        seen.add(step)
        step = related[step].get("from")
    return False


class GroupMembers(Check):
    """A group of `either` has its own name, related stages as members, and is never absent."""

    id = "group_members"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each group."""
        related = subject.runtime["chain"]["related"]
        for group, members in subject.groups.items():
            path = ("chain", "either", group)
            if group in subject.stages:
                problem = f"{group!r} is a stage as well"
                yield self.issue(subject.document, path, problem, "rename the group")
            for number, name in enumerate(members):
                if name not in related:
                    problem = f"{name!r} is no related stage"
                    yield self.issue(subject.document, (*path, number), problem)
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            for name, rule in verdict["require"].items():
                rules = rule if isinstance(rule, list) else [rule]
                if name in subject.groups and not all(one["at_least"] for one in rules):
                    problem = f"{name!r} is a group, which cannot be required to be absent"
                    where = ("verdicts", number, "require", name)
                    yield self.issue(subject.document, where, problem, "name its stages")


class GroupsApart(Check):
    """A verdict asks a stage once: itself, or as a member of one group."""

    id = "groups_apart"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at what each verdict requires."""
        for number, verdict in enumerate(subject.runtime["verdicts"]):
            asked: set[str] = set()
            for name in verdict["require"]:
                members = set(subject.groups.get(name, [name]))
                for twice in sorted(members & asked):
                    where = ("verdicts", number, "require", name)
                    problem = f"{twice!r} is required twice, of which one would be lost"
                    yield self.issue(subject.document, where, problem, "ask for it once")
                asked |= members


class MatchKeys(Check):
    """`match` joins a key of the parent with a key of the stage."""

    id = "match_keys"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at both sides of each pair."""
        chain = subject.runtime["chain"]
        for name, relation in chain["related"].items():
            parent = relation.get("from") or chain["anchor"]
            for ours, theirs in relation["match"].items():
                for stage, key in ((parent, ours), (name, theirs)):
                    source = subject.stages.get(stage)
                    # The parent may ask by a fact too, one of many values; its own side is a key.
                    if (
                        source
                        and key not in source.keys
                        and not (stage == parent and key in source.facts)
                    ):
                        path = ("chain", "related", name, "match", ours)
                        yield self.issue(
                            subject.document,
                            path,
                            f"{key!r} is no key of {stage!r}",
                            f"its keys are {', '.join(source.keys)}",
                        )


class CaseKeys(Check):
    """A case is told apart by keys of the anchor."""

    id = "case_keys"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each case key."""
        source = subject.stages.get(subject.anchor)
        for number, key in enumerate(subject.runtime["chain"]["case"] if source else ()):
            if source and key not in source.keys:
                yield self.issue(
                    subject.document,
                    ("chain", "case", number),
                    f"{key!r} is no key of the anchor",
                    f"its keys are {', '.join(source.keys)}",
                )
