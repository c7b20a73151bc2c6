"""Random small detections, and random hits with many ties, copies and few distinct keys.

Everything lies on a grid of five seconds with windows of 5, 10 and 20 s, so that window ends are
hit exactly all the time; now and then a time lies one millisecond beside the grid.

Example: `case = draw(cases()); case.detections, case.tunables, case.hits("write")`.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from flowtrap.model.detection import Detection
from flowtrap.model.hit import Hit
from flowtrap.model.tunable import Tunables

GRID_MS = 5_000
START_MS = 1_700_000_000_000
NOW_MS = START_MS + 86_400_000
STEPS = 9
CUT = 0.25  # how often a run ends after an event

ALPHABET = {
    "account": ("1", "2"),
    "function": ("f", "g"),
    "role": ("r", "q"),
    "eni": ("e1", "e2"),
    "dest": ("d1", "d2"),
    "actor": ("al", "bo", "CI-x"),
    "privilege": ("admin", "read", "Write"),
}
KEYS = {
    "write": ("account", "function", "role"),
    "grant": ("account", "role"),
    "run": ("account", "function"),
    "effect": ("function",),
    "eni": ("function", "eni"),
    "flow": ("eni", "dest"),
    "far": ("dest",),
}
FACTS = ("actor", "privilege")
RELATIONS: dict[str, tuple[dict[str, str], str]] = {  # stage -> (match, the parent or "")
    "grant": ({"account": "account", "role": "role"}, ""),
    "run": ({"account": "account", "function": "function"}, ""),
    "effect": ({"function": "function"}, ""),
    "eni": ({"function": "function"}, ""),
    "flow": ({"eni": "eni"}, "eni"),
    "far": ({"dest": "dest"}, "flow"),
}
WHEN = ("before", "after", "around")
TUNABLES = {
    "time_window": {"kind": "duration", "default": "10s", "description": ""},
    "quiet_actors": {"kind": "list", "default": [], "description": ""},
    "sensitive": {"kind": "list", "default": ["adm*"], "description": ""},
}


class RandomEvent(NamedTuple):
    """An event as the matcher would leave it: for each stage it matches, the values of its hits."""

    event_id: str
    time_ms: int
    values: dict[str, list[dict[str, Any]]]

    def hits(self) -> list[tuple[str, Hit]]:
        """Return (stage, hit) for every hit."""
        return [(stage, self._hit(row)) for stage, rows in self.values.items() for row in rows]

    def _hit(self, row: dict[str, Any]) -> Hit:
        summary = f"summary of {self.event_id}"
        return Hit(self.time_ms, self.event_id, "feed", "act", "someone", summary, row)


class RandomCase(NamedTuple):
    """Detections, what the user set, and the set of events."""

    rows: list[dict[str, Any]]
    settings: dict[str, Any]
    events: list[RandomEvent]

    @property
    def detections(self) -> list[Detection]:
        """Return the compiled detections."""
        return [Detection.from_dict(row) for row in self.rows]

    @property
    def tunables(self) -> Tunables:
        """Return what the user set."""
        return Tunables(self.settings, now_ms=NOW_MS)

    def hits(self, stage: str) -> list[Hit]:
        """Return all hits of a stage."""
        return [hit for event in self.events for name, hit in event.hits() if name == stage]


def stage_row(name: str) -> dict[str, Any]:
    """Return the one definition of a stage, so that detections share it."""
    return {
        "feed": "feed",
        "condition": ["in", "action", [name]],
        "keys": {key: key for key in KEYS[name]},
        "facts": {fact: fact for fact in FACTS},
    }


def detection_row(
    relations: dict[str, str],
    verdicts: list[dict[str, Any]],
    *,
    name: str = "random",
    case: tuple[str, ...] = ("account", "function"),
    window: Any = "10s",
    suppress: tuple[dict[str, Any], ...] = (),
    of_anchor: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return a compiled detection over the stages above; `relations` is stage -> when.

    The parents of the stages in `of_anchor` lend their keys alone.
    """
    related = {}
    for stage, when in relations.items():
        match, parent = RELATIONS[stage]
        related[stage] = {"match": match, "when": when, **({"from": parent} if parent else {})}
        if parent and stage in of_anchor:
            related[stage]["of"] = "anchor"
    return {
        "name": name,
        "id": "00000000-0000-4000-8000-000000000000",
        "title": "Random",
        "analytic": "AN1053",
        "attack": {
            "strategy": "DET0374",
            "techniques": ["T1648"],
            "tactics": ["execution"],
            "data_components": ["DC0069"],
        },
        "stages": {stage: stage_row(stage) for stage in ["write", *relations]},
        "chain": {"anchor": "write", "case": list(case), "window": window, "related": related},
        "verdicts": verdicts,
        "suppress": list(suppress),
        "entities": {"function": ["function"], "user": ["actor"], "role": ["role"]},
        "tunables": TUNABLES,
    }


def verdict_row(require: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a verdict; `anchor`, `risk` and the rest may be given."""
    row = {"name": "v", "severity": "high", "risk": 70, "say": "{function} did", "anchor": []}
    full = {s: {"at_least": r} if isinstance(r, int) else r for s, r in require.items()}
    return {**row, "require": full, **more}


@st.composite
def _conditions(draw: Any, stage: str) -> list[dict[str, Any]]:
    if draw(st.integers(0, 3)):
        return []
    kind = draw(st.sampled_from(("in", "not_in", "equals", "not_equals", "first_seen")))
    if kind == "first_seen":
        names = draw(st.sampled_from((["function"], ["actor"], ["privilege"], ["role", "actor"])))
        names = [name for name in names if name in (*KEYS[stage], *FACTS)] or ["actor"]
        over, learn = draw(st.sampled_from((5, 10, 20))), draw(st.sampled_from((0, 5, 15)))
        return [{"op": kind, "key": names, "over": f"{over}s", "learn": f"{learn}s"}]
    name = draw(st.sampled_from((*KEYS[stage], *FACTS)))
    if kind in ("in", "not_in"):
        return [{"op": kind, "field": name, "tunable": draw(st.sampled_from(_LISTS))}]
    return [{"op": kind, "field": name, "value": draw(st.sampled_from(ALPHABET[name])).lower()}]


_LISTS = ("quiet_actors", "sensitive")


@st.composite
def _requirements(draw: Any, stage: str) -> dict[str, Any]:
    distinct = draw(st.sampled_from((None, None, None, "actor", "privilege", KEYS[stage][0])))
    return {
        "at_least": draw(st.sampled_from((1, 1, 1, 2, 2, 3, 0))),
        "distinct": distinct,
        "where": draw(_conditions(stage)),
    }


@st.composite
def _verdicts(draw: Any, stages: list[str]) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(1, 3))):
        asked = draw(st.lists(st.sampled_from(stages), min_size=1, max_size=2, unique=True))
        severity = draw(st.sampled_from(("low", "medium", "high")))
        rows.append(
            verdict_row(
                {stage: draw(_requirements(stage)) for stage in asked},
                name=f"v{number}",
                severity=severity,
                risk=draw(st.sampled_from((30, 50, 50, 90))),
                anchor=draw(_conditions("write")),
            )
        )
    return rows


@st.composite
def _detections(draw: Any, name: str) -> dict[str, Any]:
    chosen = draw(st.sampled_from(_SHAPES))
    relations = {stage: draw(st.sampled_from(WHEN)) for stage in chosen}
    window = draw(st.sampled_from(("5s", "10s", "20s", {"tunable": "time_window"})))
    suppress = draw(st.sampled_from(_SUPPRESSIONS))
    return detection_row(
        relations,
        draw(_verdicts(list(chosen))),
        name=name,
        case=draw(st.sampled_from((("account", "function"), ("function",), ("account",)))),
        window=window,
        suppress=tuple(row for row in suppress if row["stage"] in (None, "write", *chosen)),
        of_anchor=draw(st.sampled_from(((), ("flow",), ("far",), ("flow", "far")))),
    )


_SHAPES = (
    ("effect",),
    ("grant", "effect"),
    ("run", "effect"),
    ("grant", "run", "effect"),
    ("eni", "flow"),
    ("eni", "flow", "effect"),
    ("eni", "flow", "far"),
    ("run", "eni", "flow", "far"),
)
_SUPPRESSIONS: tuple[tuple[dict[str, Any], ...], ...] = (
    (),
    (),
    ({"stage": None, "key": "actor", "in": "quiet_actors"},),
    ({"stage": "effect", "key": "privilege", "in": "sensitive"},),
    (
        {"stage": "flow", "key": "actor", "in": "quiet_actors"},
        {"stage": "eni", "key": "function", "in": "sensitive"},
        {"stage": "write", "key": "role", "in": "quiet_actors"},
    ),
)
_QUIET = (
    [],
    ["ci-*"],
    [{"pattern": "al", "scope": "1"}, "r"],
    [{"pattern": "*", "expires": "2001-01-31"}, "bo"],
)


@st.composite
def _events(draw: Any, stages: list[str], most: int) -> list[RandomEvent]:
    """Return events whose values come from one drawn seed: cheap to draw, still shrinks in number."""
    count = draw(st.integers(0, most))
    dice = random.Random(draw(st.integers(0, 2**32)))
    return [_event(dice, f"e{number:02}", stages) for number in range(count)]


def _event(dice: random.Random, event_id: str, stages: list[str]) -> RandomEvent:
    time_ms = START_MS + GRID_MS * dice.randrange(STEPS)
    if dice.random() < 0.1:
        time_ms += dice.choice((-1, 1))
    matched = dice.sample(stages, k=min(len(stages), 1 if dice.random() < 0.8 else 2))
    if dice.random() < 0.3 and "write" not in matched:
        matched.append("write")
    return RandomEvent(event_id, time_ms, {stage: _rows(dice, stage) for stage in matched})


def _rows(dice: random.Random, stage: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for _ in range(1 if dice.random() < 0.85 else 2):
        row: dict[str, Any] = {key: dice.choice(ALPHABET[key]) for key in KEYS[stage]}
        if dice.random() < 0.9:
            row["actor"] = dice.choice(ALPHABET["actor"])
        if dice.random() < 0.8:
            count = dice.choice((1, 1, 2))
            picked = dice.sample(ALPHABET["privilege"], k=count)
            row["privilege"] = picked[0] if count == 1 else tuple(picked)
        if row not in rows:
            rows.append(row)
    return rows


@st.composite
def cases(draw: Any, most: int = 16) -> RandomCase:
    """Return one or two detections that share stages, and up to `most` events."""
    rows = [draw(_detections(f"random_{number}")) for number in range(draw(st.integers(1, 2)))]
    stages = list(dict.fromkeys(stage for row in rows for stage in row["stages"]))
    settings: dict[str, Any] = {"quiet_actors": draw(st.sampled_from(_QUIET))}
    return RandomCase(rows, settings, draw(_events(stages, most)))


@st.composite
def deliveries(draw: Any, case: RandomCase) -> list[list[RandomEvent]]:
    """Return the case's events in some order, some of them again, cut into successive runs."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    order = list(case.events)
    order += [event for event in case.events if dice.random() < 0.3]
    dice.shuffle(order)
    if draw(st.booleans()):
        order.sort(key=lambda event: event.time_ms)
    runs: list[list[RandomEvent]] = [[]]
    for event in order:
        if dice.random() < CUT:
            runs.append([])
        runs[-1].append(event)
    return runs


@st.composite
def star_events(draw: Any, most: int = 60) -> list[RandomEvent]:
    """Return up to `most` events of the anchor and the stages related to it directly."""
    return draw(_events(["write", "grant", "run", "effect"], most))
