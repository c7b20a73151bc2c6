"""Records of every feed, bent: values of wrong types, odd keys, texts that do more than say.

The seeds are the records of the detections' own tests, so that a feed added to the table is covered
with its first detection.
"""

from __future__ import annotations

import copy
import functools
import json
import random
from typing import Any

from compiler import yaml_document
from compiler.runtime_json import DETECTIONS, detection_paths
from flowtrap.feed.wrappers import unwrap
from flowtrap.normalise.table import FEEDS, recognise

SEEDS_OF_A_FEED = 200
DEEP: Any = functools.reduce(lambda inner, _: [inner], range(400), "x")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 1.5, 1e308, 10**400, -(10**20), 253402300800, 1767225600000,
    "", "-", "<null>", " ", "x", "null", "0", "\0", "\n", "\r\n\t", "\x1b[2J", "\u202egpj", "\ud800",
    "a" * 5000, "9" * 400, "NaN", "-Infinity", "../../etc/passwd", "<script>alert(1)</script>",
    "%s%n{0}{x}", "[{]", "{", '{"a":1}', '[{"name":[]}]', "[]", "null,", "=cmd()", "::::::", "/////",
    "arn:aws:lambda:::function:", "arn:", "projects//", "/subscriptions//", "a@", "@b", "@", "#EXT#",
    "https://", "http://[", "http://[::1", "//", "https://x:99999999999/", "10.0.0.1:", "[::1]:443",
    "2026-99-99T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2016-12-31T23:59:60Z",
    "/Date(99999999999999999999)/", "٣", "²", "💩", "ß", "İ",
    [], {}, [[]], [{}], [None], [1, "a", None, [], {}], [[["a"]]], {"": ""}, {"a": []}, {"name": {}},
    {"Name": 1, "Value": 2}, [{"name": 1}], [{"Name": "x"}], [{"Name": [], "Value": {}}], {"value": None},
    {"__proto__": {"x": 1}, "constructor": 2, "__class__": 3}, {"x.y": {"z": [1]}}, ["", "-"], DEEP,
)  # fmt: skip
KEYS = (
    "__proto__",
    "",
    "eventName",
    "name",
    "Name",
    "value",
    "id",
    "type",
    "a.b",
    "\n",
    "\ud800",
    "@",
)


@functools.lru_cache(maxsize=1)
def seeds() -> dict[str, list[Any]]:
    """Return native records by feed."""
    found: dict[str, list[Any]] = {spec.name: [] for spec in FEEDS}
    for path in detection_paths(DETECTIONS):
        for case in yaml_document.read(path).at(("tests",), ()):
            for event in case["events"]:
                for record in unwrap(event):
                    spec = recognise(record) if isinstance(record, dict) else None
                    if spec and len(found[spec.name]) < SEEDS_OF_A_FEED:
                        found[spec.name].append(record)
                    elif isinstance(record, str):
                        _add_text(found, record)
    return found


def _add_text(found: dict[str, list[Any]], line: str) -> None:
    for spec in FEEDS:
        columns = spec.text.header(line) if spec.text else None
        if spec.text and columns:
            found[spec.name].append(dict(spec.text.parse(columns, line)))
            return


def bent(record: Any, dice: random.Random) -> Any:
    """Return a copy of a record with a few of its parts made strange."""
    made = copy.deepcopy(record)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        _bend_once(made, dice)
    return made


def _bend_once(made: Any, dice: random.Random) -> None:
    places = list(_places(made))
    if not places:
        return
    holder, key = dice.choice(places)
    how = dice.random()
    if how < 0.6:
        holder[key] = copy.deepcopy(dice.choice(VALUES))
    elif how < 0.7:
        holder[key] = [holder[key]] * dice.choice((1, 2))
    elif how < 0.75:
        holder[key] = {dice.choice(KEYS): holder[key]}
    elif how < 0.8:
        holder[key] = json.dumps(holder[key])
    elif how < 0.85 and isinstance(holder[key], str):
        holder[key] = _torn(holder[key], dice)
    elif how < 0.95 and isinstance(holder, dict):
        holder[dice.choice(KEYS)] = copy.deepcopy(dice.choice(VALUES))
    elif isinstance(holder, dict):
        del holder[key]


def _torn(text: str, dice: random.Random) -> str:
    """Return a text cut short, or with something put in."""
    at = dice.randrange(len(text) + 1)
    texts = [value for value in VALUES if isinstance(value, str)]
    return text[:at] + dice.choice(("", dice.choice(texts) + text[at:]))


def _places(node: Any, depth: int = 0) -> Any:
    """Yield (container, key) for every part of a record."""
    if depth > 12:
        return
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in list(items):
        yield node, key
        yield from _places(value, depth + 1)
