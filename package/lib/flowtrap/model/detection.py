"""A compiled detection: stages, the chain that joins them, and verdicts over a case.

The shapes are those of the runtime JSON that the compiler writes; `Detection.from_dict` reads it
back. Authors write YAML (docs/detection-format.md), never this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from .errors import DetectionError
from .finding import SEVERITIES
from .window import WHEN, span_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

Condition = list[Any]  # ["and", …] and its kin: see flowtrap.match.condition


@dataclass(frozen=True)
class Stage:
    """A condition on one event of one feed, and what to keep of the event.

    `keys` and `facts` map a name within the detection to an event field. A missing key is no hit.
    """

    name: str
    feed: str
    condition: Condition
    keys: Mapping[str, str]
    facts: Mapping[str, str]

    @classmethod
    def from_dict(cls, name: str, row: Mapping[str, Any]) -> Stage:
        """Read one stage."""
        return cls(name, row["feed"], row["condition"], dict(row["keys"]), dict(row["facts"]))

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True)
class Relation:
    """How a related stage is joined: `match` pairs the parent's key with the stage's own.

    The parent is the anchor, or the related stage named by `parent` (YAML `from`). With `of_anchor`
    (YAML `of: anchor`) such a parent lends its keys alone: time is counted from the anchor only.
    """

    stage: str
    match: tuple[tuple[str, str], ...]
    parent_keys: tuple[str, ...]
    when: str
    parent: str | None = None
    of_anchor: bool = False

    @property
    def own_keys(self) -> tuple[str, ...]:
        """Return the stage's side of the match."""
        return tuple(own for _, own in self.match)

    @classmethod
    def from_dict(cls, stage: str, row: Mapping[str, Any]) -> Relation:
        """Read one relation."""
        if row["when"] not in WHEN:
            raise DetectionError(f"{row['when']!r} is not a direction", place=f"related.{stage}")
        match = tuple(row["match"].items())
        parent_keys = tuple(parent for parent, _ in match)
        of_anchor = row.get("of") == "anchor"
        return cls(stage, match, parent_keys, row["when"], row.get("from"), of_anchor)


@dataclass(frozen=True)
class Membership:
    """A condition on a key or fact: op is in or not_in (a tunable), equals or not_equals."""

    field: str
    op: str
    operand: str


@dataclass(frozen=True)
class FirstSeen:
    """Holds if no hit of the stage with equal key lies in the period before (semantics 10)."""

    key: tuple[str, ...]
    over_ms: int
    learn_ms: int


HitCondition = Union[Membership, FirstSeen]


def _condition(row: Mapping[str, Any]) -> HitCondition:
    if row["op"] == "first_seen":
        return FirstSeen(tuple(row["key"]), span_ms(row["over"]), span_ms(row["learn"]))
    operand = row["tunable"] if row["op"] in ("in", "not_in") else row["value"]
    return Membership(row["field"], row["op"], str(operand))


@dataclass(frozen=True)
class Requirement:
    """A count, or a count of distinct values, that R_s must reach; 0 means none at all."""

    stage: str
    at_least: int
    distinct: str | None = None
    where: tuple[HitCondition, ...] = ()

    @classmethod
    def from_dict(cls, stage: str, row: Mapping[str, Any]) -> Requirement:
        """Read one requirement."""
        where = tuple(_condition(item) for item in row.get("where") or ())
        return cls(stage, int(row["at_least"]), row.get("distinct"), where)


@dataclass(frozen=True)
class Verdict:
    """A rule over the hits of one case. `say` is the finding's sentence."""

    name: str
    severity: str
    risk: int
    say: str
    require: tuple[Requirement, ...]
    anchor: tuple[HitCondition, ...]
    present: frozenset[str]  # the stages that must have hits

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Verdict:
        """Read one verdict."""
        if row["severity"] not in SEVERITIES:
            raise DetectionError(f"{row['severity']!r} is not a severity", place=row["name"])
        require = [
            Requirement.from_dict(stage, item)
            for stage, rule in row["require"].items()
            for item in (rule if isinstance(rule, list) else [rule])
        ]
        anchor = tuple(_condition(item) for item in row.get("anchor") or ())
        return cls(
            name=row["name"],
            severity=row["severity"],
            risk=int(row["risk"]),
            say=row["say"],
            require=tuple(require),
            anchor=anchor,
            present=frozenset(rule.stage for rule in require if rule.at_least),
        )


@dataclass(frozen=True)
class Suppression:
    """Anchors, or hits of `stage`, whose key or fact a tunable list names are taken out."""

    stage: str | None
    key: str
    tunable: str


@dataclass(frozen=True)
class Detection:
    """One shipped detection."""

    name: str
    id: str
    title: str
    analytic: str
    attack: Mapping[str, Any]
    stages: Mapping[str, Stage]
    anchor: str
    case: tuple[str, ...]
    window: Mapping[str, str] | str
    relations: tuple[Relation, ...]
    verdicts: tuple[Verdict, ...]
    suppress: tuple[Suppression, ...] = ()
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tunables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Detection:
        """Read a compiled detection; `document` keeps the prose (triage, references, …)."""
        chain = row["chain"]
        relations = [Relation.from_dict(*item) for item in (chain.get("related") or {}).items()]
        verdicts = sorted(map(Verdict.from_dict, row["verdicts"]), key=lambda v: -v.risk)
        suppress = [
            Suppression(item.get("stage"), item["key"], item["in"])
            for item in row.get("suppress") or ()
        ]
        prose = ("triage", "false_positives", "references", "blind")
        return cls(
            name=row["name"],
            id=row["id"],
            title=row["title"],
            analytic=row["analytic"],
            attack=row["attack"],
            stages={name: Stage.from_dict(name, stage) for name, stage in row["stages"].items()},
            anchor=chain["anchor"],
            case=tuple(chain["case"]),
            window=chain["window"],
            relations=tuple(sorted(relations, key=lambda r: _depth(r, relations))),
            verdicts=tuple(verdicts),
            suppress=tuple(suppress),
            entities={kind: tuple(names) for kind, names in (row.get("entities") or {}).items()},
            tunables=row.get("tunables") or {},
            document={name: row[name] for name in prose if name in row},
        )

    def defaults(self) -> dict[str, Any]:
        """Return the default of every tunable."""
        return {name: row["default"] for name, row in self.tunables.items()}


def _depth(relation: Relation, relations: list[Relation]) -> int:
    """Return how many hops lie between the anchor and this stage, so that parents come first."""
    depth, parents = 0, {r.stage: r.parent for r in relations}
    stage = relation.parent
    while stage is not None:
        depth += 1
        if depth > len(relations):
            raise DetectionError("relations lead in a circle", place=f"related.{relation.stage}")
        stage = parents.get(stage)
    return depth
