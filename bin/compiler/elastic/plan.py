"""What a detection's verdicts must join, in a form that a query can be made of.

A `Need` is one requirement of a verdict: hits of a stage, reached from the anchor over a path of
relations. Needs that several verdicts share are joined once. A verdict that needs what the
integration's fields do not tell is left out; `Plan.lost` says which and why.

Example: `plan_of(detection, blocks, tunables, Lists).needs[0].path[-1].stage` is the first stage
that is joined.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowtrap.model.window import span_ms

from . import conditions, native
from .conditions import MISSES, OVER
from .words import FALSE, TRUE, Inexpressible, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowtrap.model.tunable import Tunables

    from .conditions import Words
    from .lists import Lists

Row = dict[str, Any]
HOME = "home_domain"  # the fact that a site's own domains are inferred from
LEAST_RISK = 40  # medium: what is below is context, not an alert


@dataclass(frozen=True)
class Step:
    """One relation on the way from the anchor: keys of the parent's hit and the stage's own."""

    stage: str
    parent_keys: tuple[str, ...]
    own_keys: tuple[str, ...]
    when: str
    of_anchor: bool


@dataclass(frozen=True)
class Need:
    """Hits of the last step's stage: how many, distinct by what, and which of them count.

    `first` is a key that must not have been seen before; `outside` a domain that must be none of
    the site's own, as its records tell them. A step whose `when` is `self` is the anchor's own.
    """

    path: tuple[Step, ...]
    at_least: int
    distinct: str | None
    first: tuple[str, ...]
    where: str
    outside: str = ""


@dataclass(frozen=True)
class Verdict:
    """A verdict: the needs' numbers, and the condition on the anchor ("true" where none)."""

    name: str
    severity: str
    risk: int
    needs: tuple[int, ...]
    anchor: str


@dataclass
class Plan:
    """All that a query is made of. `flags` has each stage's condition, keys included."""

    detection: Row
    window_ms: int
    words: dict[str, Words]
    lists: Lists
    flags: dict[str, str] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)

    @property
    def anchor(self) -> str:
        """Return the anchor's name."""
        return str(self.detection["chain"]["anchor"])

    def feed_of(self, stage: str) -> Words:
        """Return the words of a stage's feed."""
        return self.words[self.detection["stages"][stage]["feed"]]

    def column(self, stage: str, name: str) -> str:
        """Return the column of a key or fact; raise Inexpressible where there is none."""
        row, said = self.detection["stages"][stage], self.feed_of(stage)
        own = {**row["facts"], **row["keys"]}.get(name)
        if own is None or own not in said.feed.fields:
            raise Inexpressible(f"{own or name} of {row['feed']}")
        said.used.add(own)
        return said.feed.column(own)

    def stages(self) -> list[str]:
        """Return the stages that are asked for: those that the needs join, the anchor first."""
        found = [self.anchor, *(step.stage for need in self.needs for step in need.path)]
        return list(dict.fromkeys([*found, *self.telling()]))

    def telling(self) -> list[str]:
        """Return the stages that tell of the site's own domains, where a need asks for those."""
        if not any(need.outside for need in self.needs):
            return []
        stages = self.detection["stages"]
        return [
            name
            for name, row in stages.items()
            if HOME in {**row["facts"], **row["keys"]}
            and self.flags[name] != FALSE
            and {HOME, "account"} <= set(self.feed_of(name).feed.fields)
        ]


def plan_of(
    detection: Row,
    blocks: Mapping[str, Any],
    tunables: Tunables,
    lists: type[Lists],
    *,
    runtime_fields: bool = False,
) -> Plan:
    """Return the plan of a runtime form; `blocks` are its stages' Sigma blocks.

    `lists` makes what the plan asks of tunable lists, a value of `lists.LISTS`. With
    `runtime_fields` it reads what those of `elastic deploy --runtime-fields` make readable.
    """
    asked = lists(detection, tunables)
    spelled: dict[str, str] = {}
    for block in blocks.values():
        spelled |= conditions.spellings(block)
    said = {}
    for name in dict.fromkeys(stage["feed"] for stage in detection["stages"].values()):
        own = native.feed(name, runtime=runtime_fields)
        if own:
            said[name] = conditions.Words(own, spelled, asked)
    window = detection["chain"]["window"]
    span = span_ms(window) if isinstance(window, str) else tunables.span_ms(window["tunable"])
    plan = Plan(detection, span, said, asked)
    for stage in detection["stages"]:
        plan.flags[stage] = _flag(plan, stage)
        plan.suppressed[stage] = _suppressed(plan, stage)
    if plan.flags[plan.anchor] != FALSE:
        for row in sorted(detection["verdicts"], key=lambda row: -row["risk"]):
            if row["risk"] >= LEAST_RISK:
                _add_verdict(plan, row)
    return plan


def _flag(plan: Plan, stage: str) -> str:
    """Return a stage's condition with its keys present, false where it cannot be said."""
    row = plan.detection["stages"][stage]
    said = plan.words.get(row["feed"])
    if said is None:
        plan.lost[f"stage {stage}: no integration has the feed {row['feed']}"] = MISSES
        return FALSE
    before = dict(said.lost)
    said.lost.clear()
    condition = said.exact(row["condition"])
    for what, effect in said.lost.items():
        plan.lost[f"stage {stage}: {what}"] = effect
    said.lost.update(before)
    present = []
    for name in row["keys"]:
        try:
            plan.column(stage, name)
            present.append(said.feed.present(row["keys"][name]))
        except Inexpressible:
            plan.lost.setdefault(f"stage {stage}: the key {name}", OVER)
    return joined("and", [said.feed.own, condition, *dict.fromkeys(present)])


def _suppressed(plan: Plan, stage: str) -> str:
    """Return what a stage's suppress entries quiet, false where nothing."""
    parts = []
    for row in plan.detection.get("suppress") or ():
        if (row["stage"] or plan.anchor) != stage or plan.flags[stage] == FALSE:
            continue
        try:
            parts.append(_listed(plan, stage, row["key"], row["in"]))
        except Inexpressible as error:
            plan.lost[f"suppression by {error}"] = OVER
    return joined("or", parts)


def _listed(plan: Plan, stage: str, name: str, tunable: str) -> str:
    row = plan.detection["stages"][stage]
    own = {**row["facts"], **row["keys"]}.get(name, name)
    try:
        scope = plan.column(stage, "account")
    except Inexpressible:
        scope = None
    return plan.feed_of(stage).listed(own, tunable, scope)


def _add_verdict(plan: Plan, row: Row) -> None:
    try:
        needs = list(_needs(plan, row))
        anchor, first, outside = _conditions(plan, plan.anchor, row["anchor"])
    except Inexpressible as error:
        plan.left_out.append(f"{row['name']} ({row['severity']}): {error}")
        return
    if anchor == FALSE:
        plan.left_out.append(f"{row['name']} ({row['severity']}): its condition on the anchor")
        return
    if first:
        step = Step(plan.anchor, first, first, "first", False)
        needs.append(Need((step,), 0, None, first, TRUE))
    if outside:
        itself = Step(plan.anchor, (), (), "self", False)
        needs.append(Need((itself,), 1, None, (), TRUE, outside))
    numbers = []
    for need in needs:
        if need not in plan.needs:
            plan.needs.append(need)
        numbers.append(plan.needs.index(need))
    plan.verdicts.append(
        Verdict(row["name"], row["severity"], row["risk"], tuple(dict.fromkeys(numbers)), anchor)
    )


def _needs(plan: Plan, row: Row) -> Iterator[Need]:
    for stage, rules in row["require"].items():
        for rule in rules if isinstance(rules, list) else [rules]:
            try:
                yield _need(plan, stage, rule)
            except Inexpressible as error:
                if rule["at_least"]:
                    raise
                plan.lost[f"{row['name']}: absence of {stage} ({error})"] = OVER


def _need(plan: Plan, stage: str, rule: Row) -> Need:
    path = tuple(_path(plan, stage))
    for step in path:
        if plan.flags[step.stage] == FALSE:
            raise Inexpressible(f"stage {step.stage}")
        for name in step.own_keys:
            plan.column(step.stage, name)
    for before, step in zip((plan.anchor, *(s.stage for s in path)), path, strict=False):
        for name in step.parent_keys:
            plan.column(before, name)
    if rule["distinct"]:
        plan.column(stage, rule["distinct"])
    where, first, outside = _conditions(plan, stage, rule["where"])
    if where == FALSE:
        raise Inexpressible(f"what is asked of {stage}")
    return Need(path, rule["at_least"], rule["distinct"], first, where, outside)


def _path(plan: Plan, stage: str) -> Iterator[Step]:
    relation = plan.detection["chain"]["related"][stage]
    if relation.get("from"):
        yield from _path(plan, relation["from"])
    yield Step(
        stage,
        tuple(relation["match"]),
        tuple(relation["match"].values()),
        relation["when"],
        relation.get("of") == "anchor",
    )


def _conditions(plan: Plan, stage: str, rows: list[Row]) -> tuple[str, tuple[str, ...], str]:
    """Return comparisons as a condition, the key that must be first seen, the domain outside."""
    parts: list[str] = []
    first: tuple[str, ...] = ()
    outside = ""
    facts = plan.detection["stages"][stage]
    for row in rows:
        if row["op"] == "first_seen":
            first = _first(plan, stage, row)
            continue
        own = str({**facts["facts"], **facts["keys"]}.get(row["field"], row["field"]))
        negated = row["op"].startswith("not")
        try:
            said = _compared(plan, stage, row, own)
        except Inexpressible as error:
            if not negated:
                raise
            plan.lost[f"exception: {error}"] = OVER
            continue
        parts.append({FALSE: TRUE}.get(said, f"NOT {said}") if negated else said)
        if negated and _inferred(plan, row):
            outside = outside or row["field"]
    return joined("and", parts), first, outside


def _compared(plan: Plan, stage: str, row: Row, own: str) -> str:
    said = plan.feed_of(stage)
    if "tunable" not in row:
        return said.equal(own, row["value"])
    listed = _listed(plan, stage, row["field"], row["tunable"])
    if _inferred(plan, row):
        plan.lost[f"{row['tunable']}: own domains that no event of this rule tells"] = OVER
        if f"same_{own}" in said.feed.fields:
            return joined("or", [listed, said.equal(f"same_{own}", "true")])
    return listed


def _inferred(plan: Plan, row: Row) -> bool:
    """Tell whether a comparison is with a list that the site's own records fill."""
    tunable = plan.detection["tunables"].get(row.get("tunable"), {})
    known = plan.lists.tunables
    return tunable.get("infer") == HOME and not known.patterns(row["tunable"]).entries


def _first(plan: Plan, stage: str, row: Row) -> tuple[str, ...]:
    """Return the key that must be new, () where a part of it cannot be said."""
    learnt = (
        "" if row["learn"] in (None, "0d") else f", and nothing is learnt for {row['learn']} first"
    )
    plan.lost[f"first seen in {row['over']}: only the rule's look-back is known{learnt}"] = OVER
    try:
        for name in row["key"]:
            plan.column(stage, name)
    except Inexpressible as error:
        plan.lost[f"first seen by {error}: every such event counts"] = OVER
        return ()
    return tuple(row["key"])
