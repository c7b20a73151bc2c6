"""YAML as plain data that knows its lines.

The rules are those of YAML 1.2 where 1.1 surprises: times stay text, only true and false are
booleans, and an account id with leading zeros stays as it is written. Anchors and merge keys work;
a key written twice is an error.

Example: `read(path).place(("stages", "write"))` -> `aws_lambda_chain.yml:12: stages.write`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from flowtrap.model.errors import DetectionError

if TYPE_CHECKING:
    from pathlib import Path

Path_: TypeAlias = tuple[str | int, ...]

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc, valid-type]
    """A safe loader whose plain scalars are text, null, true, false or a decimal number."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-+0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first
    )


@dataclass(frozen=True)
class Document:
    """One file: its value, and the line (from 1) of every path in it."""

    path: Path
    value: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def place(self, path: Path_ = ()) -> str:
        """Return `file.yml:31: chain.window`."""
        where = dotted(path)
        return f"{self.path.name}:{self.line(path)}" + (f": {where}" if where else "")

    def at(self, path: Path_, default: Any = None) -> Any:
        """Return the value at a path, or the default where there is none."""
        node = self.value
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return default
        return node


def dotted(path: Path_) -> str:
    """Return `stages.write.keys[2]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def read(path: Path) -> Document:
    """Read a YAML file; raise DetectionError with its line if it is not good YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DetectionError(f"cannot be read: {error}", place=str(path)) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """Read YAML text; `path` is for messages."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Path_, int] = {}
            value = None if node is None else _Plain(loader, lines, path).value(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"is not YAML: {error.problem or error.context}"
        raise DetectionError(problem, place=f"{path.name}:{line}") from None
    except yaml.YAMLError as error:
        raise DetectionError(f"is not YAML: {error}", place=path.name) from None
    return Document(path, value, lines)


class _Plain:
    """Turns nodes into plain values, noting lines on the way."""

    def __init__(self, loader: Any, lines: dict[Path_, int], path: Path) -> None:
        self._loader = loader
        self._lines = lines
        self._path = path
        self._flat: set[int] = set()

    def value(self, node: yaml.Node, path: Path_) -> Any:
        """Return the plain value of a node."""
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN:
            problem = f"the tag {node.tag!r} is not known"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, n)) for n, child in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        if id(node) not in self._flat:
            self._refuse_repeats(node)
            self._loader.flatten_mapping(node)
            self._flat.add(id(node))
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*path, key)
            self._lines[here] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, here)
        return result

    def _refuse_repeats(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be text", problem_mark=key.start_mark
                )
            if key.value in seen and key.tag != _MERGE:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is written twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
