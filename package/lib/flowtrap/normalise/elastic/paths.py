"""Reads and writes fields of a document, whether its paths are nested or joined by dots.

Example: `at({"event.action": "Invoke"}, "event.action")` and
`at({"event": {"action": ["Invoke"]}}, "event.action")` are both `Invoke`.
"""

from __future__ import annotations

from typing import Any

LINK = "\0"  # stands for a key that holds dots until it is in its place
EMPTY: tuple[object, ...] = (None, "", "-", [], {})


def at(node: Any, path: str) -> Any:
    """Return what lies at a path, else None; a list of one scalar is that scalar.

    Members that share the path as a dotted prefix are returned as one object. Searches and
    exports (`fields`) write every value as a list; ECS itself does not tell one from many.
    """
    return alone(_find(node, path))


def alone(value: Any) -> Any:
    """Return the one scalar of a list of one, else the value itself."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], (dict, list)):
        return value[0]
    return value


def _find(node: Any, path: str) -> Any:
    if not path:
        return node
    if not isinstance(node, dict):
        return None
    if path in node:
        return node[path]
    head, tail = path, ""
    while "." in head:
        head, _, last = head.rpartition(".")
        tail = f"{last}.{tail}" if tail else last
        if head in node:
            return _find(node[head], tail)
    prefix = f"{path}."
    below = {
        key[len(prefix) :]: value
        for key, value in node.items()
        if key.__class__ is str and key.startswith(prefix)
    }
    return _nested(below) if below else None


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Return dotted members as nested ones; an address with a scheme is one key.

    If all are lists, a search's `fields` made them so, and a list of one is its value.
    """
    listed = all(isinstance(value, list) for value in flat.values())
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        given = value[0] if listed and len(value) == 1 else value
        head, scheme, _ = path.partition("://")
        if scheme:  # Example: identity.claims.http://schemas.microsoft.com/claims/tenantid
            above, _, name = head.rpartition(".")
            put(nested, f"{above}.{LINK}" if above else LINK, given)
            holder = at(nested, above)
            holder[name + path[len(head) :]] = holder.pop(LINK)
        else:
            put(nested, path, given)
    return nested


def put(node: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a path, making the objects on the way; a scalar on the way is replaced."""
    *heads, last = path.split(".")
    for head in heads:
        below = node.get(head)
        if not isinstance(below, dict):
            below = node[head] = {}
        node = below
    node[last] = value


def take(node: dict[str, Any], path: str) -> Any:
    """Remove what lies at a nested path and return it, else None; empty objects go as well."""
    head, _, rest = path.partition(".")
    if not rest or not isinstance(node.get(head), dict):
        return node.pop(path, None) if not rest else None
    value = take(node[head], rest)
    if not node[head]:
        del node[head]
    return value


def pruned(value: Any) -> Any:
    """Return a copy without nulls, empty texts, lists and objects, as the pipelines store it."""
    if isinstance(value, dict):
        inner = {key: pruned(below) for key, below in value.items()}
        return {key: below for key, below in inner.items() if below not in (None, "", [], {})}
    if isinstance(value, list):
        return [below for below in map(pruned, value) if below not in (None, "", [], {})]
    return value
