"""Who did what to whom, read out of a case's evidence; nothing is claimed that no event says.

Example: mallory's `CreateFunction …:billing with role …:billing-role` gives mallory → billing
(CreateFunction) and billing → billing-role (runs as). An actor whose name ends in a role and the
automation's own name is that automation, at work as that role. `deploy-bot` and `…:user/deploy-bot`
of one case are one node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .names import AUTOMATIONS, IDENTITIES, short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrap.model.finding import Entity

    from .events import Happening
    from .raw import RawEvents

UNKNOWN = "unknown actor"
RUNS_AS = "runs as"
ACTS_AS = "acts as"
_WORD = re.compile(r"[^\s,;()\"'=<>\[\]{}]+")
_LONG = 12  # a value this long is looked for inside words too


@dataclass(frozen=True)
class Node:
    """Someone or something: an entity, another actor (type ""), or a thing touched ("what")."""

    type: str
    value: str


@dataclass(frozen=True)
class Deed:
    """One event's line from one node to another."""

    source: Node
    target: Node
    action: str
    number: int


class Cast:
    """The nodes that a case knows before its events are read."""

    def __init__(self, entities: Sequence[Entity], events: Sequence[Happening]) -> None:
        self._by_value = _known(entities)
        self.automations = [n for n in self._by_value.values() if n.type in AUTOMATIONS]
        for event in events:
            actor = event.evidence.actor
            if actor.casefold() not in self._by_value:
                self._by_value[actor.casefold()] = self._other(actor)
        self.nodes = list(dict.fromkeys(self._by_value.values()))

    def actor(self, value: str) -> Node:
        """Return the node of an event's actor."""
        return self._by_value[value.casefold()]

    def _other(self, actor: str) -> Node:
        last = short_name(actor).casefold()
        for node in self.automations:
            if last == short_name(node.value).casefold():
                return node
        return Node("", actor or UNKNOWN)

    def mentioned(self, text: str) -> list[Node]:
        """Return the nodes that a summary names, in full or by their last part."""
        folded = text.casefold()
        found = {word.rstrip(".:") for word in _WORD.findall(folded)}
        return [node for node in self.nodes if _names(node, found, folded)]


def _known(entities: Sequence[Entity]) -> dict[str, Node]:
    """Return the node of each entity but addresses; a bare name stands for the full value of it."""
    full = {
        (entity.type, short_name(entity.value)): entity.value
        for entity in reversed(entities)
        if short_name(entity.value) != entity.value
    }
    return {
        entity.value.casefold(): Node(
            entity.type, full.get((entity.type, entity.value), entity.value)
        )
        for entity in reversed(entities)
        if entity.type != "src"
    }


def _names(node: Node, found: set[str], folded: str) -> bool:
    value = node.value.casefold()
    if value in found or (len(value) >= _LONG and value in folded):
        return True
    return short_name(value) in found


def deeds(cast: Cast, events: Sequence[Happening]) -> list[Deed]:
    """Return the deeds of a case in the order of its events."""
    return [deed for event in events for deed in _of_event(event, cast)]


def origins(
    cast: Cast, entities: Sequence[Entity], events: Sequence[Happening], raw: RawEvents
) -> dict[Node, list[str]]:
    """Return the source addresses of each actor, as far as the raw records of its events tell."""
    sources = [entity.value for entity in entities if entity.type == "src"]
    found: dict[Node, dict[str, None]] = {}
    for event in events:
        record = raw.found.get(event.key)
        for value in sources if record else ():
            if record and value.casefold() in record.values:
                found.setdefault(cast.actor(event.evidence.actor), {})[value] = None
    return {node: list(values) for node, values in found.items()}


def _of_event(event: Happening, cast: Cast) -> Iterator[Deed]:
    item = event.evidence
    actor = cast.actor(item.actor)
    if actor in cast.automations and item.actor != actor.value:
        yield from _acting_as(event, actor, cast)
    mentioned = cast.mentioned(item.summary)
    others = [node for node in mentioned if node != actor]
    automations = [node for node in others if node in cast.automations]
    identities = [node for node in others if node.type in IDENTITIES]
    if automations and identities:
        others = [node for node in others if node not in identities]
        for automation in automations:
            for identity in identities:
                yield Deed(automation, identity, RUNS_AS, event.number)
    for node in others:
        yield Deed(actor, node, item.action, event.number)
    if not mentioned:
        what = item.summary.removeprefix(item.action).strip(" :") or item.action
        yield Deed(actor, Node("what", what), item.action, event.number)


def _acting_as(event: Happening, actor: Node, cast: Cast) -> Iterator[Deed]:
    parts = set(re.split(r"[/:]", event.evidence.actor.casefold()))
    for node in cast.nodes:
        if node.type in IDENTITIES and short_name(node.value).casefold() in parts:
            yield Deed(actor, node, ACTS_AS, event.number)
