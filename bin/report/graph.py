"""The graph of a case, laid out by rule: who acts, the automation and its identity, targets, more.

The same case gives the same drawing. A column shows its first nodes and sums up the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .deeds import ACTS_AS, RUNS_AS, Cast, Node, deeds, origins
from .names import AUTOMATIONS, IDENTITIES, clip, kind_name, short_name
from .routes import COLUMN_GAP, DETOUR, NODE_WIDTH, ROW_GAP, Place, route, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrap.model.finding import Entity

    from .deeds import Deed
    from .events import Happening
    from .raw import RawEvents
    from .routes import Route

WHO, AUTOMATION, TARGETS, AFTER = range(4)  # AFTER: what the targets then did
NODE_HEIGHT, ORIGIN_HEIGHT = 46.0, 17.0
MARGIN = 8.0
MOST_IN_A_COLUMN = 6
LABEL_LENGTH = 17
LABEL_ROOM = 58.0  # half a label
_RELATIONS = (RUNS_AS, ACTS_AS)  # what holds, rather than what was done


@dataclass(frozen=True)
class Box:
    """A node in its place; `x`, `y` are its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    kind_text: str
    text: str
    origin: str
    value: str


@dataclass(frozen=True)
class Edge:
    """A line with an arrow head; `path` is SVG path data made of numbers only."""

    path: str
    label: str
    label_x: float
    label_y: float
    sentence: str
    quiet: bool


@dataclass(frozen=True)
class Graph:
    """Everything the drawing holds."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class _Link:
    source: Node
    target: Node
    actions: tuple[str, ...]
    numbers: tuple[int, ...]


def graph(entities: Sequence[Entity], events: Sequence[Happening], raw: RawEvents) -> Graph | None:
    """Return the drawing, None where the evidence links nothing."""
    cast = Cast(entities, events)
    done = deeds(cast, events)
    columns = _columns(done)
    links = _links(done, _summed_up(columns))
    if not links:
        return None
    sources = origins(cast, entities, events, raw)
    places, width, height = _places(columns, sources)
    routes = []
    for link in links:
        way = route(places[link.source], places[link.target], height)
        height += DETOUR if way.detour else 0
        routes.append(way)
    width = max(width, *(way.x + LABEL_ROOM for way in routes))
    boxes = tuple(_box(node, place, sources.get(node, [])) for node, place in places.items())
    return Graph(width, height, boxes, _edges(links, routes))


def _columns(done: Sequence[Deed]) -> list[list[Node]]:
    """Return the nodes of each column, in the order in which they appear."""
    nodes = list(dict.fromkeys(node for deed in done for node in (deed.source, deed.target)))
    doers: dict[Node, int] = {}
    touched: dict[Node, int] = {}
    for position, deed in enumerate(done):
        doers.setdefault(deed.source, position)
        touched.setdefault(deed.target, position)
    place: dict[Node, int] = {}
    for node in nodes:
        acts_first = node in doers and doers[node] <= touched.get(node, doers[node])
        place[node] = _column(node, acts_first=acts_first)
    for deed in done:
        if place[deed.source] == place[deed.target] == TARGETS:
            place[deed.target] = AFTER
    columns = [[node for node in nodes if place[node] == column] for column in range(4)]
    columns[AUTOMATION].sort(key=lambda node: node.type in IDENTITIES)
    return columns


def _column(node: Node, *, acts_first: bool) -> int:
    if node.type in AUTOMATIONS or node.type in IDENTITIES:
        return AUTOMATION
    return WHO if acts_first else TARGETS


def _summed_up(columns: list[list[Node]]) -> dict[Node, Node]:
    """Cut long columns in place; return the node that stands for each of those cut off."""
    instead: dict[Node, Node] = {}
    for number, column in enumerate(columns):
        rest = column[MOST_IN_A_COLUMN - 1 :]
        if len(column) > MOST_IN_A_COLUMN:
            sum_up = Node("more", f"{len(rest)} more in {number}")
            column[MOST_IN_A_COLUMN - 1 :] = [sum_up]
            instead.update(dict.fromkeys(rest, sum_up))
    return instead


def _links(done: Iterable[Deed], instead: dict[Node, Node]) -> list[_Link]:
    found: dict[tuple[Node, Node], list[Deed]] = {}
    for deed in done:
        ends = (instead.get(deed.source, deed.source), instead.get(deed.target, deed.target))
        if ends[0] != ends[1]:
            found.setdefault(ends, []).append(deed)
    return [
        _Link(
            source,
            target,
            tuple(dict.fromkeys(deed.action for deed in row)),
            tuple(dict.fromkeys(deed.number for deed in row)),
        )
        for (source, target), row in found.items()
    ]


def _places(
    columns: list[list[Node]], sources: dict[Node, list[str]]
) -> tuple[dict[Node, Place], float, float]:
    heights = {
        node: NODE_HEIGHT + (ORIGIN_HEIGHT if node in sources else 0)
        for column in columns
        for node in column
    }
    used = [column for column in columns if column]
    lengths = [sum(heights[n] for n in c) + (len(c) - 1) * ROW_GAP for c in used]
    height = 2 * MARGIN + max(lengths)
    places: dict[Node, Place] = {}
    for number, (column, length) in enumerate(zip(used, lengths, strict=True)):
        x, y = MARGIN + number * (NODE_WIDTH + COLUMN_GAP), (height - length) / 2
        for node in column:
            places[node] = Place(x, y, heights[node])
            y += heights[node] + ROW_GAP
    width = 2 * MARGIN + len(used) * (NODE_WIDTH + COLUMN_GAP) - COLUMN_GAP
    return places, width, height


def _edges(links: Sequence[_Link], routes: Sequence[Route]) -> tuple[Edge, ...]:
    heights = spread([(way.x, way.y) for way in routes])
    return tuple(
        Edge(
            way.path,
            _label(link),
            way.x,
            y,
            _sentence(link),
            link.actions[0] in _RELATIONS,
        )
        for link, way, y in zip(links, routes, heights, strict=True)
    )


def _label(link: _Link) -> str:
    if link.actions[0] in _RELATIONS:
        return link.actions[0]
    count = len(link.numbers)
    times = f" ×{count}" if count > 1 else ""
    tail = f" +{len(link.actions) - 1}" if len(link.actions) > 1 else times
    return clip(link.actions[0], LABEL_LENGTH - len(tail)) + tail


def _sentence(link: _Link) -> str:
    actions = ", ".join(clip(action, 60) for action in link.actions[:5])
    numbers = ", ".join(map(str, link.numbers[:12])) + ("…" if len(link.numbers) > 12 else "")
    noun = "events" if len(link.numbers) > 1 else "event"
    ends = _text(link.source, 60), _text(link.target, 60)
    return f"{ends[0]} → {ends[1]}: {actions} ({noun} {numbers})"


def _box(node: Node, place: Place, sources: Sequence[str]) -> Box:
    kind = "automation" if node.type in AUTOMATIONS else node.type
    more = f" +{len(sources) - 1}" if len(sources) > 1 else ""
    return Box(
        place.x,
        place.y,
        NODE_WIDTH,
        place.height,
        "identity" if node.type in IDENTITIES else kind,
        "and" if node.type == "more" else kind_name(node.type),
        _text(node, 22),
        f"from {clip(sources[0], 24 - len(more))}{more}" if sources else "",
        clip(node.value, 600),
    )


def _text(node: Node, most: int) -> str:
    value = node.value.partition(" in ")[0] if node.type == "more" else short_name(node.value)
    return clip(value, most)
