"""A plan as one ES|QL query: the exact sliding-window join.

Every event writes what it joins by as `edges`, lines of `side, need, key, distinct, hop, bucket`
with tabs between; anchors write side `a`, hits side `h`. Edges are thinned to the first and last
event of each, then anchors and hits of one need and key meet, and what lies outside the window
goes. A need over several relations is joined once a relation: a hit's `hop` is the next key. Last,
anchors are judged and put together to cases.

Example: `query_of(plan, recent="15 minutes")`; with `recent=None` old cases are told as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import words
from .conditions import FALSE, TRUE, joined
from .words import Inexpressible

if TYPE_CHECKING:
    from .plan import Need, Plan, Step, Verdict

_CLEAN = 'REPLACE({0}, "[|\\t]", "_")'
# Not every integration gives event.id, and Google gives the acts of one activity the same.
_ID = "COALESCE(" + _CLEAN.format('CONCAT(event.id, "/", event.action)') + ", _id)"
_HEAD = ("a_t", "a_in", "a_id")
ROWS = 1_000
NAMESPACE = "data_stream.namespace"


def query_of(plan: Plan, recent: str | None, *, by_namespace: bool = False) -> str:
    """Return the query; its rows are cases.

    With `by_namespace`, events of different data stream namespaces are never joined.
    """
    apart = [NAMESPACE] if by_namespace else []
    parts = (_selected(plan), _edges(plan, apart), _joined(plan), _judged(plan, recent, apart))
    return "\n| ".join(command for part in parts for command in part)


# --- events ------------------------------------------------------------------------------------


def _selected(plan: Plan) -> list[str]:
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
    # What the other stages used is not computed; flags name their columns.
    named = " ".join([*(plan.flags[s] + plan.suppressed[s] for s in stages), *_conditions(plan)])
    commands, many = [], []
    for said in feeds.values():
        asked = {f for f in said.used if said.feed.column(f) in named}
        asked |= {f for stage, name in _asked(plan) for f in [_field(plan, stage, name)]
                  if plan.feed_of(stage) is said}  # fmt: skip
        commands += said.feed.commands(asked)
        many += [said.feed.column(f) for f in sorted(asked) if said.feed.fields[f].many]
    index = ", ".join(dict.fromkeys(said.feed.index for said in feeds.values()))
    flags = [f"s{n} = {plan.flags[stage]}" for n, stage in enumerate(stages)]
    return [
        f"FROM {index} METADATA _id",
        f"WHERE {joined('or', selecting)}",
        *dict.fromkeys(commands),
        *(f"MV_EXPAND {name}" for name in many),
        f"EVAL {', '.join(flags)}",
        f"WHERE {' OR '.join(f's{n}' for n in range(len(stages)))}",
    ]


def _field(plan: Plan, stage: str, name: str) -> str:
    row = plan.detection["stages"][stage]
    return str({**row["facts"], **row["keys"]}[name])


def _asked(plan: Plan) -> list[tuple[str, str]]:
    """Return the keys and facts, each of a stage, that the join itself takes."""
    found = [(plan.anchor, name) for name in (*plan.detection["chain"]["case"], *_told(plan))]
    for need in plan.needs:
        before = plan.anchor
        for step in need.path:
            found += [(before, name) for name in step.parent_keys]
            found += [(step.stage, name) for name in step.own_keys]
            before = step.stage
        found += [(before, name) for name in need.first]
        if need.distinct:
            found.append((before, need.distinct))
    return list(dict.fromkeys(found))


def _told(plan: Plan) -> list[str]:
    """Return the anchor's facts that an alert shows."""
    case, told = plan.detection["chain"]["case"], []
    for name in ("actor", "src"):
        try:
            plan.column(plan.anchor, name)
        except Inexpressible:
            continue
        if name not in case:
            told.append(name)
    return told


def _conditions(plan: Plan) -> list[str]:
    return [*(need.where for need in plan.needs), *(v.anchor for v in plan.verdicts)]


# --- edges -------------------------------------------------------------------------------------


def _edges(plan: Plan, apart: list[str]) -> list[str]:
    """Return the commands that give a row for each edge, thinned."""
    stages = plan.stages()
    flag = {stage: f"s{n}" for n, stage in enumerate(stages)}
    anchor = joined("and", [flag[plan.anchor], _not(plan.suppressed[plan.anchor])])
    parts = []
    if _alone(plan):
        parts += [_edge(anchor, side, "x", ["id"], "id") for side in "ah"]
    for number, need in enumerate(plan.needs):
        first = need.path[0]
        keys = [*apart, *(plan.column(plan.anchor, name) for name in first.parent_keys)]
        parts.append(_edge(anchor, "a", f"{number}.1", keys, "id"))
        for level, step in enumerate(need.path, 1):
            last = level == len(need.path)
            here = plan.suppressed[step.stage] if step.when != "first" else FALSE
            holds = joined("and", [flag[step.stage], _not(here), need.where if last else TRUE])
            own = [*apart, *(plan.column(step.stage, name) for name in step.own_keys)]
            hop = '""' if last else _hop(plan, need.path[level - 1].stage, need.path[level], apart)
            distinct = _distinct(plan, need) if last else '""'
            parts.append(_edge(holds, "h", f"{number}.{level}", own, distinct, hop,
                               _thin(plan, need) if last else _bucket(plan)))  # fmt: skip
    marks = _marks(plan)
    case = [*apart, *(plan.column(plan.anchor, n) for n in plan.detection["chain"]["case"])]
    told = [f'COALESCE({plan.column(plan.anchor, name)}, "-")' for name in _told(plan)]
    bits = ", ".join(f'CASE(COALESCE({mark}, false), "1", "0")' for mark in marks) or '"1"'
    pack = ', "|", '.join(map(_CLEAN.format, (*case, *told)))
    names = [f"e{n}" for n in range(len(parts))]
    chain = names[0]
    for name in names[1:]:
        chain = f"MV_APPEND({chain}, {name})"
    return [
        "EVAL t = TO_STRING(@timestamp), came = TO_STRING(COALESCE(event.ingested, @timestamp))",
        f'EVAL bits = CONCAT({bits}, "")',
        f"EVAL id = {_ID}",
        'EVAL hit = CONCAT(t, "|", came, "|", id)',
        f'EVAL anchor = CASE({anchor}, CONCAT(hit, "|", bits, "|", {pack}), "")',
        f"EVAL {', '.join(f'{name} = {part}' for name, part in zip(names, parts, strict=True))}",
        f"EVAL edge = {chain}",
        "MV_EXPAND edge",
        'WHERE edge != ""',
        'EVAL p = CASE(STARTS_WITH(edge, "a"), anchor, hit)',
        "STATS lo = MIN(p), hi = MAX(p) BY edge",
        'DISSECT edge "%{side}\\t%{q}\\t%{key}\\t%{d}\\t%{hop}\\t%{}"',
    ]


def _not(said: str) -> str:
    return TRUE if said == FALSE else f"NOT {said}"


def _key(columns: list[str]) -> str:
    return ', "|", '.join(map(_CLEAN.format, columns))


def _hop(plan: Plan, stage: str, step: Step, apart: list[str]) -> str:
    """Return the next relation's key as a hit of `stage` lends it, one text."""
    return f"CONCAT({_key([*apart, *(plan.column(stage, n) for n in step.parent_keys)])}, \"\")"


def _edge(
    holds: str, side: str, q: str, keys: list[str], d: str = '""', hop: str = '""', thin: str = '""'
) -> str:
    inner = f'CONCAT("{side}\\t{q}\\t", {_key(keys)}, "\\t", {d}, "\\t", {hop}, "\\t", {thin})'
    return f'COALESCE(CASE({holds}, {inner}, ""), "")'


def _distinct(plan: Plan, need: Need) -> str:
    if need.distinct:
        return _CLEAN.format(f'COALESCE({plan.column(need.path[-1].stage, need.distinct)}, "")')
    return "id" if need.at_least > 1 else '""'


def _thin(plan: Plan, need: Need) -> str:
    """Return what tells hits apart that must not stand for one another."""
    if need.first:
        stage = need.path[-1].stage
        return _key([f'COALESCE({plan.column(stage, name)}, "")' for name in need.first])
    return _bucket(plan)


def _bucket(plan: Plan) -> str:
    """Return a stretch of time no longer than the window, so that two events a stretch suffice."""
    return f"TO_STRING(DATE_TRUNC({max(1, plan.window_ms // 4_000)} seconds, @timestamp))"


def _alone(plan: Plan) -> bool:
    """Tell whether some verdict asks for nothing that must be there."""
    return any(not any(plan.needs[n].at_least for n in v.needs) for v in plan.verdicts)


def _marks(plan: Plan) -> list[str]:
    """Return the distinct conditions on the anchor."""
    return [said for said in dict.fromkeys(v.anchor for v in plan.verdicts) if said != TRUE]


# --- the join ----------------------------------------------------------------------------------


def _joined(plan: Plan) -> list[str]:
    """Return the commands that give a row for each anchor and hit inside the window."""
    firsts = [
        f"{n}.{len(need.path)}" for n, need in enumerate(plan.needs) if need.first
    ]
    once = f"CASE(q IN {words.texts(firsts)}, lo, hi)" if firsts else "hi"
    deepest = max((len(need.path) for need in plan.needs), default=1)
    lines = [
        f"EVAL late = {once}",
        'EVAL tail = CONCAT("|", d, "|", hop)',
        'EVAL a = CASE(side == "a", CONCAT(SUBSTRING(lo, 1, LOCATE(lo, "|") - 1), "|", lo), null), '
        'h1 = CASE(side == "h", CONCAT(lo, tail), null), h2 = CASE(side == "h", CONCAT(late, tail), null)',
        "STATS a = VALUES(a), h = VALUES(MV_APPEND(h1, h2)) BY q, key",
        *_met(plan, 1),
    ]
    for level in range(2, deepest + 1):
        lines += _next(plan, level)
    return lines


def _met(plan: Plan, level: int) -> list[str]:
    """Return the commands that pair anchors with hits and keep the pairs inside the window."""
    later = [
        f"{n}.{deep}"
        for n, need in enumerate(plan.needs)
        for deep in range(level + 1, len(need.path) + 1)
    ]
    waiting = f" OR q IN {words.texts(later)}" if later else ""
    inside = _inside(plan)
    return [
        f"WHERE h IS NOT NULL AND (a IS NOT NULL{waiting})",
        "MV_EXPAND a",
        "MV_EXPAND h",
        'DISSECT a "%{via}|%{own}"',
        'DISSECT own "%{a_t}|%{a_in}|%{a_id}|%{}"',
        'DISSECT h "%{r_t}|%{r_in}|%{r_id}|%{d}|%{hop}"',
        "EVAL ta = TO_DATETIME(a_t), tr = TO_DATETIME(r_t), tv = TO_DATETIME(via)",
        f"WHERE a IS NULL OR {inside}" if later else f"WHERE {inside}",
    ]


def _inside(plan: Plan) -> str:
    """Return whether a hit lies in the window, for each way of lying in it."""
    span = f"{plan.window_ms // 1000} seconds"
    ways: dict[tuple[str, bool], list[str]] = {}
    for number, need in enumerate(plan.needs):
        for level, step in enumerate(need.path, 1):
            ways.setdefault((step.when, step.of_anchor), []).append(f"{number}.{level}")
    parts = ['q == "x"'] if _alone(plan) else []
    for (when, of_anchor), numbers in ways.items():
        base = "ta" if of_anchor else "tv"
        spans = {
            "after": f"tr >= {base} AND tr <= {base} + {span}",
            "before": f"tr <= {base} AND tr >= {base} - {span}",
            "around": f"tr >= {base} - {span} AND tr <= {base} + {span}",
            "first": "tr < ta",
        }
        parts.append(f"(q IN {words.texts(numbers)} AND {spans[when]})")
    apart = f"tr >= ta - {span} AND tr <= ta + {span}"
    own = '(a_id != r_id OR q == "x")' if _alone(plan) else "a_id != r_id"
    firsts = " OR ".join(f'q == "{n}"' for n in ways.get(("first", False), ()))
    near = f"({apart}{f' OR {firsts}' if firsts else ''})"
    return f"({own} AND {near} AND ({' OR '.join(parts)}))"


def _next(plan: Plan, level: int) -> list[str]:
    """Return the commands of one more relation: hits reached lend their keys to the next."""
    hops = [f"{n}.{level - 1}" for n, need in enumerate(plan.needs) if len(need.path) >= level]
    of_anchor = [
        f"{n}.{level - 1}"
        for n, need in enumerate(plan.needs)
        if len(need.path) >= level and need.path[level - 1].of_anchor
    ]
    via = f"CASE(q IN {words.texts(of_anchor)}, via, r_t)" if of_anchor else "r_t"
    step = f'CONCAT(SUBSTRING(q, 1, LOCATE(q, ".")), "{level}")'
    return [
        f"EVAL hops = q IN {words.texts(hops)} AND a IS NOT NULL, since = {via}, deeper = {step}",
        'EVAL lent = CONCAT(since, "|", own), pair = CONCAT(a, "|", h)',
        "EVAL key = CASE(hops, hop, a IS NOT NULL, pair, key), q = CASE(hops, deeper, q), "
        "a = CASE(hops, lent, a), h = CASE(hops, null, h)",
        "STATS a = VALUES(a), h = VALUES(h) BY q, key",
        *_met(plan, level),
    ]


# --- verdicts ----------------------------------------------------------------------------------


def _judged(plan: Plan, recent: str | None, apart: list[str]) -> list[str]:
    """Return the commands from pairs to cases."""
    counts, stages = [], []
    for number, need in enumerate(plan.needs):
        q = f"{number}.{len(need.path)}"
        many = need.distinct or need.at_least > 1
        what = "COUNT_DISTINCT(d)" if many else "COUNT(*)"
        some = ' AND d != ""' if need.distinct else ""
        counts.append(f'n{number} = {what} WHERE q == "{q}"{some}')
        when = "MAX" if need.at_least > 1 else "MIN"
        counts.append(f'i{number} = {when}(r_in) WHERE q == "{q}"')
        if need.at_least:
            stages.append(f'q == "{q}", "{need.path[-1].stage}"')
    name = f'CASE({", ".join(stages)}, null)' if stages else "null::keyword"
    case, told = [*(["namespace"] if apart else []), *plan.detection["chain"]["case"]], _told(plan)
    inner = "|".join(f"%{{{part}}}" for part in (*_HEAD, "bits", *(f"k_{n}" for n in (*case, *told))))
    kept = [f"flowtrap.{name}" for name in case]
    lines = [
        f"EVAL stage = {name}",
        'EVAL seen = CASE(stage IS NULL, null, CONCAT(stage, ":", r_id)), rt = CASE(stage IS NULL, null, r_t)',
        f"STATS {', '.join([*counts, 'lo = MIN(rt)', 'hi = MAX(rt)', 'ids = VALUES(seen)'])} BY own",
        f'DISSECT own "{inner}"',
        f"EVAL {', '.join(f'v{n} = {_holds(plan, v)}' for n, v in enumerate(plan.verdicts))}",
        f"EVAL best = CASE({', '.join(_named(n, v) for n, v in enumerate(plan.verdicts))}, null), "
        f"since = CASE({', '.join(_since(plan, n, v) for n, v in enumerate(plan.verdicts))}, null)",
        "WHERE best IS NOT NULL",
    ]
    if recent:
        lines.append(f"WHERE TO_DATETIME(since) >= NOW() - {recent}")
    shown = {"actor": "user.name", "src": "source.address"}
    values = [f"{shown[name]} = VALUES(k_{name})" for name in told]
    by = [f"{column} = k_{name}" for column, name in zip(kept, case, strict=True)]
    return [
        *lines,
        "EVAL lo = COALESCE(LEAST(a_t, lo), a_t), hi = COALESCE(GREATEST(a_t, hi), a_t)",
        "STATS best = MAX(best), flowtrap.first_time = MIN(lo), flowtrap.last_time = MAX(hi), "
        + "".join(f"{value}, " for value in values)
        + f"flowtrap.anchors = VALUES(a_id), flowtrap.evidence = VALUES(ids) BY {', '.join(by)}",
        'DISSECT best "%{risk}|%{flowtrap.severity}|%{flowtrap.verdict}"',
        "EVAL flowtrap.risk_score = TO_INTEGER(risk) - 1000",
        f"KEEP {', '.join([*kept, 'flowtrap.verdict', 'flowtrap.severity', 'flowtrap.risk_score', 'flowtrap.first_time', 'flowtrap.last_time', *(shown[n] for n in told), 'flowtrap.anchors', 'flowtrap.evidence'])}",
        f"LIMIT {ROWS}",
    ]


def _holds(plan: Plan, verdict: Verdict) -> str:
    parts, closed = [], False
    for number in verdict.needs:
        need = plan.needs[number]
        if need.at_least:
            parts.append(f"n{number} >= {need.at_least}")
        else:
            parts.append(f"n{number} == 0")
            closed |= need.path[-1].when in ("after", "around")
    if verdict.anchor != TRUE:
        place = _marks(plan).index(verdict.anchor) + 1
        parts.append(f'SUBSTRING(bits, {place}, 1) == "1"')
    if closed:
        parts.append(f"TO_DATETIME(a_t) + {plan.window_ms // 1000} seconds <= NOW()")
    return joined("and", parts)


def _named(number: int, verdict: Verdict) -> str:
    return f'v{number}, "{verdict.risk + 1000}|{verdict.severity}|{verdict.name}"'


def _since(plan: Plan, number: int, verdict: Verdict) -> str:
    """Return when a verdict became true: when the last of what it needs arrived."""
    known = [f"i{n}" for n in verdict.needs if plan.needs[n].at_least]
    if any(not plan.needs[n].at_least and plan.needs[n].path[-1].when in ("after", "around")
           for n in verdict.needs):  # fmt: skip
        known.append(f"TO_STRING(TO_DATETIME(a_t) + {plan.window_ms // 1000} seconds)")
    arrived = f"GREATEST({', '.join(['a_in', *known])})" if known else "a_in"
    return f"v{number}, {arrived}"
