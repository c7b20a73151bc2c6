"""A plan as one ES|QL query: the exact sliding-window join.

`edges` gives the lines that anchors and hits have. Here those of one need and key meet, and what
lies outside the window goes. A need over several relations is joined once a relation: a hit's `hop`
is the next key. Last, anchors are judged and put together to cases.

Example: `query_of(plan, recent="15 minutes")`; with `recent=None` old cases are told as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import words
from .edges import alone, edges, marks, selected, told
from .native import NAMESPACE
from .words import TRUE, joined

if TYPE_CHECKING:
    from .plan import Plan, Verdict

_HEAD = ("a_t", "a_in", "a_id")
_SHOWN = {"actor": "user.name", "src": "source.address"}
_OF_A_CASE = (
    "flowtrap.verdict", "flowtrap.severity", "flowtrap.risk_score", "flowtrap.first_time",
    "flowtrap.last_time", "flowtrap.anchors", "flowtrap.evidence",
)  # fmt: skip
ROWS = 1_000


def query_of(plan: Plan, recent: str | None, *, by_namespace: bool = False) -> str:
    """Return the query; its rows are cases.

    With `by_namespace`, events of different data stream namespaces are never joined.
    """
    apart = [NAMESPACE] if by_namespace else []
    parts = (selected(plan, apart), edges(plan, apart), _joined(plan), _judged(plan, recent, apart))
    return "\n| ".join(command for part in parts for command in part)


# --- the join ----------------------------------------------------------------------------------


def _joined(plan: Plan) -> list[str]:
    """Return the commands that give a row for each anchor and hit inside the window."""
    firsts = [f"{n}.{len(need.path)}" for n, need in enumerate(plan.needs) if need.first]
    once = f"CASE(q IN {words.texts(firsts)}, lo, hi)" if firsts else "hi"
    deepest = max((len(need.path) for need in plan.needs), default=1)
    lines = [
        f"EVAL late = {once}",
        'EVAL tail = CONCAT("|", d, "|", hop)',
        'EVAL a = CASE(side == "a", CONCAT(SUBSTRING(lo, 1, LOCATE(lo, "|") - 1), "|", lo), null), '
        'h1 = CASE(side == "h", CONCAT(lo, tail), null), '
        'h2 = CASE(side == "h", CONCAT(late, tail), null)',
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
    parts = ['q == "x"'] if alone(plan) else []
    for (when, of_anchor), numbers in ways.items():
        base = "ta" if of_anchor else "tv"
        spans = {
            "after": f"tr >= {base} AND tr <= {base} + {span}",
            "before": f"tr <= {base} AND tr >= {base} - {span}",
            "around": f"tr >= {base} - {span} AND tr <= {base} + {span}",
            "first": "tr < ta",
            "self": "a_id == r_id",
        }
        parts.append(f"(q IN {words.texts(numbers)} AND {spans[when]})")
    apart = f"tr >= ta - {span} AND tr <= ta + {span}"
    itself = [*(["x"] if alone(plan) else []), *ways.get(("self", False), ())]
    own = f"(a_id != r_id OR q IN {words.texts(itself)})" if itself else "a_id != r_id"
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
        if need.at_least and need.path[-1].when != "self":
            stages.append(f'q == "{q}", "{need.path[-1].stage}"')
    name = f"CASE({', '.join(stages)}, null)" if stages else "null::keyword"
    case = [*(["namespace"] if apart else []), *plan.detection["chain"]["case"]]
    shown = {name: _SHOWN[name] for name in told(plan)}
    parts = (*_HEAD, "bits", *(f"k_{name}" for name in (*case, *shown)))
    kept = [f"flowtrap.{name}" for name in case]
    verdicts = list(enumerate(plan.verdicts))
    lines = [
        f"EVAL stage = {name}",
        'EVAL seen = CASE(stage IS NULL, null, CONCAT(stage, ":", r_id)), '
        "rt = CASE(stage IS NULL, null, r_t)",
        f"STATS {', '.join(counts)}, lo = MIN(rt), hi = MAX(rt), ids = VALUES(seen) BY own",
        f'DISSECT own "{"|".join(f"%{{{part}}}" for part in parts)}"',
        f"EVAL {', '.join(f'v{n} = {_holds(plan, v)}' for n, v in verdicts)}",
        f"EVAL best = CASE({', '.join(_named(n, v) for n, v in verdicts)}, null), "
        f"since = CASE({', '.join(_since(plan, n, v) for n, v in verdicts)}, null)",
        "WHERE best IS NOT NULL",
    ]
    if recent:
        lines.append(f"WHERE TO_DATETIME(since) >= NOW() - {recent}")
    values = [f"{column} = VALUES(k_{name})" for name, column in shown.items()]
    values += ["flowtrap.anchors = VALUES(a_id)", "flowtrap.evidence = VALUES(ids)"]
    by = [f"{column} = k_{name}" for column, name in zip(kept, case, strict=True)]
    return [
        *lines,
        "EVAL lo = COALESCE(LEAST(a_t, lo), a_t), hi = COALESCE(GREATEST(a_t, hi), a_t)",
        "STATS best = MAX(best), flowtrap.first_time = MIN(lo), flowtrap.last_time = MAX(hi), "
        f"{', '.join(values)} BY {', '.join(by)}",
        'DISSECT best "%{risk}|%{flowtrap.severity}|%{flowtrap.verdict}"',
        "EVAL flowtrap.risk_score = TO_INTEGER(risk) - 1000",
        f"KEEP {', '.join([*kept, *_OF_A_CASE, *shown.values()])}",
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
        place = marks(plan).index(verdict.anchor) + 1
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
