"""The first half of a rule's query: the events of all stages, and the edges that they have.

An edge is a line of `side, need, key, distinct, hop, bucket, home` with tabs between: side `a` for
an anchor, `h` for a hit; need as NUMBER.RELATION; the key that both must share; what hits are
counted by; the key of the next relation, where there is one; what tells hits apart that must not
stand for one another; and the account and domain of a hit that must be of another domain than the
site's own. Those domains are edges too, of side `d`. Of each edge the first and the last event are
kept.

Example: `h\t0.1\t123456789012|billing\t\t\t2026-03-10T06:00:00.000Z\t`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import native, words
from .plan import HOME
from .words import FALSE, TRUE, Inexpressible, joined

if TYPE_CHECKING:
    from .plan import Need, Plan, Step

_OF_AN_EVENT = ("@timestamp", "event.ingested", "event.id", "event.action")
_TIME = len("2026-03-10T06:00:00.000Z")
_REST, _TAB = 4, ', "\\t", '  # members of an edge behind its key, and what lies between
_CLEAN = "clean({0})"  # stands for a value that holds no separator, until `_separate` names it
_CLEANED = re.compile(r"clean\(((?:[^()]|\([^()]*\))*)\)")
_CLEANER = 'REPLACE({0}, "[|\\t]", "_")'
# Not every integration gives event.id, and Google gives the acts of one activity the same.
_ID = "COALESCE(" + _CLEANER.format('CONCAT(event.id, "/", event.action)') + ", _id)"


# --- events ------------------------------------------------------------------------------------


def selected(plan: Plan, apart: list[str]) -> list[str]:
    """Return the commands from the index to events with a flag for each stage."""
    stages = plan.stages()
    selecting = []
    for stage in stages:
        said = plan.feed_of(stage)
        wide = said.selecting(plan.detection["stages"][stage]["condition"])
        selecting.append(joined("and", [said.feed.own, wide]))
    for name in _asked(plan):
        plan.column(*name)
    feeds = {said.feed.name: said for said in map(plan.feed_of, stages)}
    flags = [f"s{n} = {plan.flags[stage]}" for n, stage in enumerate(stages)]
    listed = plan.lists.commands(" ".join(flags))
    of_hits = plan.lists.commands(" ".join(_conditions(plan, stages)))
    # What the other stages used is not computed; flags name their columns.
    named = " ".join([*flags, *_conditions(plan, stages), *listed, *of_hits])
    commands = native.Commands()
    keys: list[str] = []
    many: list[str] = []
    for said in feeds.values():
        asked = {f for f in said.used if said.feed.column(f) in named}
        asked |= {f for stage, name in _asked(plan) for f in [_field(plan, stage, name)]
                  if plan.feed_of(stage) is said}  # fmt: skip
        commands.add(said.feed.commands(asked))
        keys += [said.feed.column(f) for f in sorted(asked)]
        many += [said.feed.column(f) for f in sorted(asked) if said.feed.fields[f].many]
    return [
        f"FROM {native.source(said.feed for said in feeds.values())} METADATA _id",
        f"WHERE {joined('or', selecting)}",
        *commands.lines(" ".join([named, *keys]), [*_OF_AN_EVENT, *apart]),
        *(f"MV_EXPAND {name}" for name in many),
        *listed,
        f"EVAL {', '.join(flags)}",
        f"WHERE {' OR '.join(f's{n}' for n in range(len(stages)))}",
        *of_hits,
    ]


def _field(plan: Plan, stage: str, name: str) -> str:
    row = plan.detection["stages"][stage]
    return str({**row["facts"], **row["keys"]}[name])


def _asked(plan: Plan) -> list[tuple[str, str]]:
    """Return the keys and facts, each of a stage, that the join itself takes."""
    found = [(plan.anchor, name) for name in (*plan.detection["chain"]["case"], *told(plan))]
    found += [(stage, name) for stage in plan.telling() for name in ("account", HOME)]
    for need in plan.needs:
        before = plan.anchor
        for step in need.path:
            found += [(before, name) for name in step.parent_keys]
            found += [(step.stage, name) for name in step.own_keys]
            before = step.stage
        found += [(before, name) for name in need.first]
        if need.distinct:
            found.append((before, need.distinct))
        if need.outside:
            found += [(before, "account"), (before, need.outside)]
    return list(dict.fromkeys(found))


def told(plan: Plan) -> list[str]:
    """Return the anchor's facts that an alert shows."""
    case: list[str] = plan.detection["chain"]["case"]
    found = []
    for name in ("actor", "src"):
        try:
            plan.column(plan.anchor, name)
        except Inexpressible:
            continue
        if name not in case:
            found.append(name)
    return found


def _conditions(plan: Plan, stages: list[str]) -> list[str]:
    """Return what is asked of hits beyond their stage's condition."""
    asked = [plan.suppressed[stage] for stage in stages]
    return [*asked, *(need.where for need in plan.needs), *(v.anchor for v in plan.verdicts)]


# --- edges -------------------------------------------------------------------------------------


def edges(plan: Plan, apart: list[str]) -> list[str]:
    """Return the commands that give a row for each edge, thinned."""
    stages = plan.stages()
    flag = {stage: f"s{n}" for n, stage in enumerate(stages)}
    anchor = joined("and", [flag[plan.anchor], _not(plan.suppressed[plan.anchor])])
    parts: list[tuple[str, str]] = []
    if alone(plan):
        parts += [_edge(anchor, side, "x", ["id"], "id") for side in "ah"]
    for number, need in enumerate(plan.needs):
        first = need.path[0]
        keys = [*apart, *_keys(plan, plan.anchor, first.parent_keys)]
        parts.append(_edge(anchor, "a", f"{number}.1", keys, "id"))
        for level, step in enumerate(need.path, 1):
            last = level == len(need.path)
            here = plan.suppressed[step.stage] if step.when != "first" else FALSE
            holds = joined("and", [flag[step.stage], _not(here), need.where if last else TRUE])
            own = [*apart, *_keys(plan, step.stage, step.own_keys)]
            hop = '""' if last else _hop(plan, need.path[level - 1].stage, need.path[level], apart)
            distinct = _distinct(plan, need) if last else '""'
            parts.append(_edge(holds, "h", f"{number}.{level}", own, distinct, hop,
                               _thin(plan, need, apart) if last else _bucket(plan),
                               _domain(plan, need, apart) if last else '""'))  # fmt: skip
    parts += [_own_domain(plan, stage, flag[stage], apart) for stage in plan.telling()]
    conditions = marks(plan)
    case = [*apart, *(plan.column(plan.anchor, n) for n in plan.detection["chain"]["case"])]
    shown = [f'COALESCE({plan.column(plan.anchor, name)}, "-")' for name in told(plan)]
    bits = ", ".join(f'CASE(COALESCE({mark}, false), "1", "0")' for mark in conditions) or '"1"'
    pack = ', "|", '.join(map(_CLEAN.format, (*case, *shown)))
    named = [(f"e{n}", *part) for n, part in enumerate(parts)]
    chain = "e0"
    for name, _, _ in named[1:]:
        chain = f"MV_APPEND({chain}, {name})"
    return [
        "EVAL t = TO_STRING(@timestamp), came = TO_STRING(COALESCE(event.ingested, @timestamp))",
        f'EVAL bits = CONCAT({bits}, "")',
        f"EVAL id = {_ID}",
        'EVAL hit = CONCAT(t, "|", came, "|", id)',
        *_separate([("anchor", anchor, f'CONCAT(hit, "|", bits, "|", {pack})'), *named]),
        f"EVAL edge = {chain}",
        "MV_EXPAND edge",
        'WHERE edge != ""',
        'EVAL p = CASE(STARTS_WITH(edge, "a"), anchor, hit)',
        "STATS lo = MIN(p), hi = MAX(p) BY edge",
        _APART,
        *_outside(plan),
        *_firsts(plan),
    ]


def _separate(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the commands that give each name its line where its condition holds, "" elsewhere.

    What a CASE holds is computed before it, for all rows at once: within it, row by row.
    """
    found = dict.fromkeys(value for _, _, line in lines for value in _CLEANED.findall(line))
    clean = {value: f"c{n}" for n, value in enumerate(found)}
    cleaned = [f"{name} = {_CLEANER.format(value)}" for value, name in clean.items()]
    texts = [
        f"{name}_is = {_CLEANED.sub(lambda value: clean[value[1]], line)}"
        for name, _, line in lines
    ]
    sure = [f'{name}_is = COALESCE({name}_is, "")' for name, _, _ in lines]
    cases = [f'{name} = CASE({holds}, {name}_is, "")' for name, holds, _ in lines]
    return [f"EVAL {', '.join(some)}" for some in (cleaned, texts, sure, cases)]


_APART = 'DISSECT edge "%{side}\\t%{q}\\t%{key}\\t%{d}\\t%{hop}\\t%{thin}\\t%{home}"'
_PACKED = 'CONCAT(lo, "\\t", hi, "\\t", edge)'
_UNPACK = ("MV_EXPAND pack", 'DISSECT pack "%{lo}\\t%{hi}\\t%{edge}"', _APART)


def _outside(plan: Plan) -> list[str]:
    """Return the commands that leave out hits whose domain is one of the site's own."""
    if not plan.telling():
        return []
    return [
        'EVAL together = CASE(home == "", edge, home)',
        f'STATS pack = VALUES({_PACKED}), own = COUNT(*) WHERE side == "d" BY together',
        *_UNPACK,
        'WHERE side != "d" AND (own == 0 OR home == "")',
    ]


def _firsts(plan: Plan) -> list[str]:
    """Return the commands that keep, of the hits that must be new, the first of each key."""
    needs = enumerate(plan.needs)
    new = [f"{n}.{len(need.path)}" for n, need in needs if need.first and need.at_least]
    if not new:
        return []
    of_new = f'(side == "h" AND q IN {words.texts(new)})'
    return [
        f'EVAL together = CASE({of_new}, CONCAT(q, "\\t", thin), edge)',
        f"STATS pack = VALUES({_PACKED}), since = MIN(SUBSTRING(lo, 1, {_TIME})) BY together",
        *_UNPACK,
        f"WHERE NOT {of_new} OR SUBSTRING(lo, 1, {_TIME}) == since",
    ]


def _keys(plan: Plan, stage: str, names: tuple[str, ...]) -> list[str]:
    """Return the columns of a relation's keys; without any, an event is related to itself."""
    return [plan.column(stage, name) for name in names] or ["id"]


def _domain(plan: Plan, need: Need, apart: list[str]) -> str:
    """Return the account and domain by which a hit is held against the site's own."""
    if not need.outside or not plan.telling():
        return '""'
    stage = need.path[-1].stage
    columns = [plan.column(stage, name) for name in ("account", need.outside)]
    return f'COALESCE(CONCAT({_key([*apart, *columns])}), "")'


def _own_domain(plan: Plan, stage: str, flag: str, apart: list[str]) -> tuple[str, str]:
    """Return condition and line of the edge by which an event tells of an own domain."""
    columns = [plan.column(stage, name) for name in ("account", HOME)]
    return flag, f'CONCAT("d\\t\\t\\t\\t\\t\\t", {_key([*apart, *columns])})'


def _not(said: str) -> str:
    return TRUE if said == FALSE else f"NOT {said}"


def _key(columns: list[str]) -> str:
    return ', "|", '.join(map(_CLEAN.format, columns))


def _hop(plan: Plan, stage: str, step: Step, apart: list[str]) -> str:
    """Return the next relation's key as a hit of `stage` lends it, one text."""
    return f'CONCAT({_key([*apart, *(plan.column(stage, n) for n in step.parent_keys)])}, "")'


def _edge(holds: str, side: str, q: str, keys: list[str], *rest: str) -> tuple[str, str]:
    """Return an edge's condition and line; `rest` is distinct, hop and so on."""
    given = _TAB.join([*rest, *(['""'] * (_REST - len(rest)))])
    return holds, f'CONCAT("{side}\\t{q}\\t", {_key(keys)}{_TAB}{given})'


def _distinct(plan: Plan, need: Need) -> str:
    if need.distinct:
        return _CLEAN.format(f'COALESCE({plan.column(need.path[-1].stage, need.distinct)}, "")')
    return "id" if need.at_least > 1 else '""'


def _thin(plan: Plan, need: Need, apart: list[str]) -> str:
    """Return what tells hits apart that must not stand for one another."""
    if need.first:
        stage = need.path[-1].stage
        columns = [f'COALESCE({plan.column(stage, name)}, "")' for name in need.first]
        return _key([*apart, *columns])
    return _bucket(plan)


def _bucket(plan: Plan) -> str:
    """Return a stretch of time no longer than the window, so that two events a stretch suffice."""
    return f"TO_STRING(DATE_TRUNC({max(1, plan.window_ms // 4_000)} seconds, @timestamp))"


def alone(plan: Plan) -> bool:
    """Tell whether some verdict asks for nothing that must be there."""
    return any(not any(plan.needs[n].at_least for n in v.needs) for v in plan.verdicts)


def marks(plan: Plan) -> list[str]:
    """Return the distinct conditions on the anchor."""
    return [said for said in dict.fromkeys(v.anchor for v in plan.verdicts) if said != TRUE]
