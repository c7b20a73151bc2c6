"""A feed as Elastic's integration stores it: how ES|QL computes each field that detections ask for.

`feeds/<feed>.yml` has one line a field:

    eventName: {column: event.action}                      the index is asked, and filters by it
    function:  {eval: 'COALESCE({arn_name}, {said})'}      computed; {…} names other fields
    said:      {json: [requestParameters, functionName]}   read out of event.original, where kept
    said:      {…, map: [COLUMN, functionName]}            else out of a text `{a=b, c=d}`
    doc_id:    {param: doc_id, columns: [COLUMN]}          a parameter of Google's, else a column
    public:    {holds: [[FIELD, …], [VALUE, …]]}           whether a flattened field has a value

`lower: true` says that a value is lower case already; `many: true` that there may be several, each
an event of its own; `set: true` that there may be several, written `;a;b;`, of which any may match.
A field that is not in the file cannot be asked natively. `types` names the columns that are not
keywords. What lies below a flattened one can be searched: `holds` is true where one of some fields
there has one of some values, in which `*` stands for any text. It can be read only where runtime
fields are installed (`runtime_fields`): `feed(name)` leaves such columns out, `feed(name,
runtime=True)` has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from . import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FEEDS = Path(__file__).with_name("feeds")
# An empty index that maps every column. A query fails over a column that no index maps, and an
# integration maps many a field, event.original among them, when the first document has it.
COLUMNS_INDEX = "flowtrap-columns"
NAMESPACE = "data_stream.namespace"
_OF_EVERY_QUERY = {
    "@timestamp": "date",
    "event.ingested": "date",
    **dict.fromkeys(("event.id", "event.action", "event.dataset", NAMESPACE), "keyword"),
}
_NAME = re.compile(r"\{([A-Za-z@][\w.@]*)\}")
_PARAMETER = (
    r'"name"\s*:\s*"NAME"\s*,\s*"(?:value|intValue|boolValue|multiValue)"'
    r'\s*:\s*\[?\s*"?(?<VALUE>[^"\],}]+)'
)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COLUMN = re.compile(r"`[^`]+`|(?<![\w.])@?[a-z][a-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")


@dataclass(frozen=True)
class Field:
    """How one field is had; exactly one of `column`, `eval`, `kql` and the readings is given.

    `kql` is the search that `holds` asks.
    """

    name: str
    column: str = ""
    eval: str = ""
    readings: tuple[tuple[str, str], ...] = ()  # (what is read, the pattern around the value)
    columns: tuple[str, ...] = ()  # where the readings give nothing
    kql: str = ""
    lower: bool = False
    many: bool = False
    set: bool = False
    hint: str = ""


@dataclass
class Commands:
    """How fields are computed: `before` the flags of flattened fields are known, and `after`.

    `flags` is the KQL of each flag by its column; `known` the columns that `before` computes.
    """

    before: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    def add(self, other: Commands) -> None:
        """Take another feed's in."""
        self.before += other.before
        self.known += other.known
        self.flags |= other.flags
        self.after += other.after

    def lines(self, later: str, kept: Iterable[str]) -> list[str]:
        """Return all commands; `later` is what comes after them, `kept` the columns it needs.

        KQL() may stand in WHERE and STATS alone: flags are counted for each document, and what is
        needed later goes through the same STATS.
        """
        if not self.flags:
            return [*dict.fromkeys([*self.before, *self.after])]
        rest = " ".join([*self.after, later])
        named = set(re.findall(r"[a-z]\w+", rest))
        through = dict.fromkeys([*kept, *columns_in(rest), *(n for n in self.known if n in named)])
        counts = [f"{name} = COUNT(*) WHERE KQL({words.text(q)})" for name, q in self.flags.items()]
        values = [f"{name} = VALUES({name})" for name in through]
        return [
            *dict.fromkeys(self.before),
            f"STATS {', '.join([*counts, *values])} BY _id",
            f"EVAL {', '.join(f'{name} = {name} > 0' for name in self.flags)}",
            *dict.fromkeys(self.after),
        ]

    def unflagged(self) -> list[str]:
        """Return the commands of a query that must not aggregate: no flag is set there."""
        off = [f"EVAL {', '.join(f'{name} = false' for name in self.flags)}"] if self.flags else []
        return [*dict.fromkeys([*self.before, *off, *self.after])]


@dataclass(frozen=True)
class NativeFeed:
    """One feed's place and fields in Elasticsearch."""

    name: str
    short: str
    datasets: tuple[str, ...]
    index: str
    package: dict[str, str]
    fields: dict[str, Field]
    types: dict[str, str]
    notes: tuple[str, ...]

    def is_flattened(self, column: str) -> bool:
        """Tell whether a column lies below a flattened field."""
        return any(
            kind == "flattened" and column.startswith(f"{name}.")
            for name, kind in self.types.items()
        )

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

    def commands(self, wanted: set[str]) -> Commands:
        """Return the commands that compute the wanted fields, each once, in working order."""
        found = Commands()
        late: dict[str, bool] = {}  # whether a field is known only after the flags

        def add(name: str) -> bool:
            own = self.fields.get(name)
            if own is None or name in late:
                return late.get(name, False)
            late[name] = bool(own.kql)
            texts = (own.eval, *own.columns, *(place for place, _ in own.readings))
            others = [add(other) for text in texts for other in _NAME.findall(text)]
            late[name] |= any(others)
            if own.kql:
                found.flags[self.column(name)] = own.kql
            elif late[name]:
                found.after.extend(self._commands(own))
            elif not own.column:
                found.before.extend(self._commands(own))
                found.known.append(self.column(name))
            return late[name]

        for name in sorted(wanted):
            add(name)
        return found

    def _commands(self, own: Field) -> list[str]:
        target = self.column(own.name)
        if own.column:
            return []
        if own.eval:
            return [f"EVAL {target} = {self._named(own.eval)}"]
        columns = [self._as_text(column) for column in own.columns]
        several = len(own.readings) + len(columns) > 1
        parts = [f"{target}_{n}" if several else target for n in range(len(own.readings))]
        greps = [
            f"GROK {self._named(source)} {words.text(pattern.replace('VALUE', part))}"
            for part, (source, pattern) in zip(parts, own.readings, strict=True)
        ]
        if not several and not columns:
            return greps
        return [*greps, f"EVAL {target} = COALESCE({', '.join([*parts, *columns])})"]

    def _as_text(self, column: str) -> str:
        """Return a column, or what is computed of some, as text, whatever it is mapped as."""
        return f"TO_STRING({column})" if column in self.types else self._named(column)

    def _named(self, text: str) -> str:
        return _NAME.sub(lambda found: self.column(found[1]), text)


def columns_of(query: str) -> list[str]:
    """Return the columns of the index that a query names: without them it would fail."""
    return sorted(name.strip("`") for name in columns_in(query.partition("\n")[2]))


def columns_in(text: str) -> list[str]:
    """Return the index's columns that commands name, quoted where they must be."""
    found = set(_COLUMN.findall(_STRING.sub("", text)))
    return sorted(name for name in found if not name.startswith("flowtrap."))


def source(feeds: Iterable[NativeFeed]) -> str:
    """Return the first line's indices: those of the feeds, and the one that maps every column."""
    return ", ".join([*dict.fromkeys(one.index for one in feeds), f"{COLUMNS_INDEX}*"])


def columns() -> dict[str, str]:
    """Return every column that a rule may name, and what it is mapped as."""
    found: dict[str, str] = dict(_OF_EVERY_QUERY)
    for own in feeds():
        for one in own.fields.values():
            texts = (one.column, one.eval, *one.columns, *(place for place, _ in one.readings))
            for name in columns_in(" ".join(texts)):
                bare = name.strip("`")
                found.setdefault(bare, own.types.get(bare, "keyword"))
    return dict(sorted(found.items()))


def runtime_fields() -> dict[str, list[str]]:
    """Return, by index pattern, the fields below flattened ones that rules read."""
    found: dict[str, list[str]] = {}
    for own in feeds():
        names = [name for name in columns() if own.is_flattened(name)]
        for pattern in own.index.split(", ") if names else ():
            found[pattern] = names
    return found


def feeds() -> list[NativeFeed]:
    """Return all feeds that the integrations have, with what needs runtime fields."""
    paths = sorted(FEEDS.glob("*.yml"))
    return [one for path in paths if (one := feed(path.stem, runtime=True))]


@cache
def feed(name: str, *, runtime: bool = False) -> NativeFeed | None:
    """Return a feed's file, None where the integrations have no such feed.

    Without `runtime`, what only runtime fields make readable is left out.
    """
    path = FEEDS / f"{name}.yml"
    if not path.is_file():
        return None
    row: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    fields = {key: _field(key, value) for key, value in row["fields"].items()}
    whole = NativeFeed(
        name, row["short"], _texts(row["dataset"]), row["index"], row["package"], fields,
        row.get("types", {}), tuple(row.get("notes", ())),
    )  # fmt: skip
    return whole if runtime else replace(whole, fields=dict(_readable(whole)))


def _readable(whole: NativeFeed) -> Iterator[tuple[str, Field]]:
    """Yield a feed's fields without what lies below flattened ones."""

    def is_below(place: str) -> bool:
        return any(map(whole.is_flattened, columns_in(place)))

    lost = {
        f"{{{name}}}"
        for name, own in whole.fields.items()
        if own.columns and not own.readings and all(map(is_below, own.columns))
    }
    for name, own in whole.fields.items():
        if f"{{{name}}}" not in lost:
            columns = tuple(column for column in own.columns if not is_below(column))
            readings = tuple(
                row for row in own.readings if row[0] not in lost and not is_below(row[0])
            )
            yield name, replace(own, columns=columns, readings=readings)


def _field(name: str, row: dict[str, Any]) -> Field:
    readings = [("event.original", _json_pattern(path)) for path in _listed(row.get("json"))]
    readings += [(column, _map_pattern(key)) for column, key in _listed(row.get("map"))]
    if "param" in row:
        readings.append(("event.original", _PARAMETER.replace("NAME", row["param"])))
    readings += [(column, pattern) for column, pattern in _listed(row.get("grok"))]
    return Field(
        name, row.get("column", ""), row.get("eval", ""), tuple(readings),
        tuple(row.get("columns", ())), _kql(*row.get("holds", ((), ()))),
        bool(row.get("lower")), bool(row.get("many")), bool(row.get("set")), row.get("hint", ""),
    )  # fmt: skip


def _kql(fields: Iterable[str], values: Iterable[str]) -> str:
    """Return a search for any of the values in any of the fields.

    8.19 knows no list of values, `field: (a or b)`: each pair is asked for by itself.
    """
    return " or ".join(f"{name}: {_sought(value)}" for name in fields for value in values)


def _sought(value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    if "*" not in value:
        return f'"{quoted}"'
    return re.sub(r'([\\():<>"{} ])', r"\\\1", value)


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
