"""A feed as Elastic's integration stores it: how ES|QL computes each field that detections ask for.

`feeds/<feed>.yml` has one line a field:

    eventName: {column: event.action}                      the index is asked, and filters by it
    function:  {eval: 'COALESCE({arn_name}, {said})'}      computed; {…} names other fields
    said:      {json: [requestParameters, functionName]}   read out of event.original, where kept
    doc_id:    {param: doc_id, columns: [COLUMN]}          a parameter of Google's, else a column
    said:      {…, map: [COLUMN, functionName]}            else out of a text `{a=b, c=d}`

`lower: true` says that a value is lower case already; `many: true` that there may be several, each
an event of its own; `set: true` that there may be several, written `;a;b;`, of which any may match.
A field that is not in the file cannot be asked natively.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import words

FEEDS = Path(__file__).with_name("feeds")
_NAME = re.compile(r"\{([A-Za-z@][\w.@]*)\}")
_PARAMETER = (
    r'"name"\s*:\s*"NAME"\s*,\s*"(?:value|intValue|boolValue|multiValue)"'
    r'\s*:\s*\[?\s*"?(?<VALUE>[^"\],}]+)'
)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COLUMN = re.compile(r"(?<![\w.])@?[a-z][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)+")


@dataclass(frozen=True)
class Field:
    """How one field is had; exactly one of `column`, `eval` and the readings is given."""

    name: str
    column: str = ""
    eval: str = ""
    readings: tuple[tuple[str, str], ...] = ()  # (what is read, the pattern around the value)
    lower: bool = False
    many: bool = False
    set: bool = False
    hint: str = ""


@dataclass(frozen=True)
class NativeFeed:
    """One feed's place and fields in Elasticsearch."""

    name: str
    short: str
    datasets: tuple[str, ...]
    index: str
    package: dict[str, str]
    fields: dict[str, Field]
    notes: tuple[str, ...]

    @property
    def own(self) -> str:
        """Return the condition that an event is of this feed."""
        return f"event.dataset IN {words.texts(self.datasets)}"

    def column(self, field: str) -> str:
        """Return the name by which a query has a field: the index's own, or ours."""
        own = self.fields[field]
        return own.column or f"{self.short}_{re.sub(r'[^a-z0-9]+', '_', _snake(field))}"

    def present(self, field: str) -> str:
        """Return whether a field has a value.

        Of a computed column IS NOT NULL is not asked: 8.19 infers from it that every column in the
        computation has a value, those inside COALESCE too, and finds nothing.
        """
        column = self.column(field)
        if self.fields[field].column:
            return f"{column} IS NOT NULL"
        return f'COALESCE({column}, "") != ""'

    def commands(self, wanted: set[str]) -> list[str]:
        """Return the commands that compute the wanted fields, each once, in working order."""
        found: list[str] = []
        done: set[str] = set()

        def add(name: str) -> None:
            if name in done or name not in self.fields:
                return
            done.add(name)
            own = self.fields[name]
            for text in (own.eval, *(source for source, _ in own.readings)):
                for other in _NAME.findall(text):
                    add(other)
            found.extend(self._commands(own))

        for name in sorted(wanted):
            add(name)
        return found

    def _commands(self, own: Field) -> list[str]:
        target = self.column(own.name)
        if own.column:
            return []
        if own.eval:
            return [f"EVAL {target} = {self._named(own.eval)}"]
        several = len(own.readings) > 1
        parts = [f"{target}_{n}" if several else target for n in range(len(own.readings))]
        greps = [
            f"GROK {self._named(source)} {words.text(pattern.replace('VALUE', part))}"
            for part, (source, pattern) in zip(parts, own.readings, strict=True)
        ]
        if not several:
            return greps
        return [*greps, f"EVAL {target} = COALESCE({', '.join(parts)})"]

    def _named(self, text: str) -> str:
        return _NAME.sub(lambda found: self.column(found[1]), text)


def columns_of(query: str) -> list[str]:
    """Return the columns of the index that a query names: without them it would fail."""
    bare = _STRING.sub("", query.partition("\n")[2])
    return sorted(name for name in set(_COLUMN.findall(bare)) if not name.startswith("flowtrap."))


@cache
def feed(name: str) -> NativeFeed | None:
    """Return a feed's file, None where the integrations have no such feed."""
    path = FEEDS / f"{name}.yml"
    if not path.is_file():
        return None
    row: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    fields = {key: _field(key, value) for key, value in row["fields"].items()}
    return NativeFeed(
        name, row["short"], _texts(row["dataset"]), row["index"], row["package"], fields,
        tuple(row.get("notes", ())),
    )  # fmt: skip


def _field(name: str, row: dict[str, Any]) -> Field:
    readings = [("event.original", _json_pattern(path)) for path in _listed(row.get("json"))]
    readings += [(column, _map_pattern(key)) for column, key in _listed(row.get("map"))]
    if "param" in row:
        readings.append(("event.original", _PARAMETER.replace("NAME", row["param"])))
        readings.extend((column, "(?<VALUE>.+)") for column in row.get("columns", ()))
    readings += [(column, pattern) for column, pattern in _listed(row.get("grok"))]
    return Field(
        name, row.get("column", ""), row.get("eval", ""), tuple(readings),
        bool(row.get("lower")), bool(row.get("many")), bool(row.get("set")), row.get("hint", ""),
    )  # fmt: skip


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _listed(value: Any) -> list[Any]:
    """Return one reading, or several, as a list of them."""
    if value is None:
        return []
    return value if isinstance(value[0], list) else [value]


def _json_pattern(path: list[str]) -> str:
    """Return a pattern for a member of a member of a JSON text.

    A quote inside a value is escaped there, so that no value can pass for a member's name.
    """
    *parents, key = path
    before = "".join(
        f'"{p}"\\s*:\\s*\\{{(?:(?!"(?:responseElements|requestID)"\\s*:).)*?' for p in parents
    )
    return f'{before}"{key}"\\s*:\\s*"?(?<VALUE>(?:[^"\\\\,}}\\]]|\\\\.)+)'


def _map_pattern(key: str) -> str:
    """Return a pattern for a member of a Java map's text, `{a=b, c={d=e}}`."""
    return f"[{{ ]{key}=\\[?(?<VALUE>[^,}}\\]]+)"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
