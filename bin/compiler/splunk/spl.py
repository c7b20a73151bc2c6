"""Checks every search of a built add-on: saved searches, macros, dashboards, drill-downs.

Example: `Spl.of_addon(Path("output/TA_flowtrap")).problems()` gives a line for each fault, [] if
there is none.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from . import conf
from .spl_query import Checker, Names
from .spl_words import COMMANDS, CUSTOM, OF_ENTITIES, OF_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOKEN = re.compile(r"\$([\w.:]+)\$")
_OF_RESULTS = OF_FINDINGS | OF_ENTITIES | {"first_epoch", "last_epoch", "input", "problem"}
_GIVEN = frozenset(("earliest", "latest"))


class Spl(NamedTuple):
    """The conf files and views of an add-on, read back."""

    macros: dict[str, dict[str, str]]
    searches: dict[str, dict[str, str]]
    lookups: dict[str, frozenset[str]]
    views: dict[str, str]
    detections: frozenset[str]

    @classmethod
    def of_addon(cls, folder: Path) -> Spl:
        """Read a built add-on, or a staging copy of package/."""
        default = folder / "default"
        runtime = json.loads((folder / "lib/flowtrap/content/detections.json").read_text("utf-8"))
        return cls(
            _conf(default / "macros.conf"),
            _conf(default / "savedsearches.conf"),
            _lookups(folder),
            {
                p.name: p.read_text("utf-8")
                for p in sorted((default / "data/ui/views").glob("*.xml"))
            },
            frozenset(row["name"] for row in runtime["detections"]),
        )

    def problems(self) -> list[str]:
        """Return what is wrong with any search, each line beginning with where it is."""
        return [
            f"{place}: {problem}"
            for place, problem in (*self._saved(), *self._macros(), *self._views())
        ]

    def _checker(self) -> Checker:
        definitions = {name: row["definition"] for name, row in self.macros.items()}
        return Checker(Names(definitions, self.lookups, self.detections, frozenset(CUSTOM)))

    def _saved(self) -> Iterator[tuple[str, str]]:
        checker = self._checker()
        for name, row in self.searches.items():
            place = f"savedsearches.conf [{name}]"
            for problem in checker.problems(row["search"]):
                yield place, problem
            for other in _drilldowns(row):
                for problem in checker.problems(_TOKEN.sub("x", other)):
                    yield f"{place} drill-down", problem
            for token in _result_tokens(row):
                if token not in _OF_RESULTS:
                    yield place, f"results have no field {token}"

    def _macros(self) -> Iterator[tuple[str, str]]:
        checker = self._checker()
        used = " ".join(
            [
                *(row["definition"] for row in self.macros.values()),
                *(json.dumps(row) for row in self.searches.values()),
                *self.views.values(),
            ]
        )
        for name, row in self.macros.items():
            for problem in checker.problems(_usable(row["definition"])):
                yield f"macros.conf [{name}]", problem
            if f"`{name}`" not in used:
                yield f"macros.conf [{name}]", "nothing uses it"

    def _views(self) -> Iterator[tuple[str, str]]:
        checker = self._checker()
        for name, text in self.views.items():
            found = re.search(r"<definition><!\[CDATA\[(.*?)\]\]></definition>", text, re.DOTALL)
            if not found:
                continue
            definition = json.loads(found[1])
            tokens = _tokens_of(definition)
            used = {viz["dataSources"]["primary"] for viz in definition["visualizations"].values()}
            for key in used ^ set(definition["dataSources"]):
                yield name, f"{key} is not both asked and shown"
            for key, source in definition["dataSources"].items():
                query = source["options"]["query"]
                place = f"{name} {key} ({source['name']})"
                for problem in checker.problems(_TOKEN.sub("x", query)):
                    yield place, problem
                asked = json.dumps(source["options"])
                for token in _TOKEN.findall(asked):
                    if token.split(".")[0] not in tokens:
                        yield place, f"no input gives the token {token}"


def _usable(definition: str) -> str:
    """Return a macro as a search: one that begins with a command follows a search of findings."""
    word = definition.split()[0]
    if word in COMMANDS:
        return f'index=x sourcetype="flowtrap:finding" | {definition}'
    return definition


def _drilldowns(row: dict[str, str]) -> list[str]:
    rows = json.loads(row.get("action.notable.param.drilldown_searches", "[]"))
    return [one["search"] for one in rows]


def _result_tokens(row: dict[str, str]) -> list[str]:
    tokens = [
        token for key, value in row.items() if key != "search" for token in _TOKEN.findall(value)
    ]
    for risk in json.loads(row.get("action.risk.param._risk", "[]")):
        tokens += [value for key, value in risk.items() if key.endswith("_object_field")]
    named = (row.get("alert.suppress.fields", ""), row.get("action.notable.param.nes_fields", ""))
    return [*tokens, *(name for text in named for name in text.split(",") if name)]


def _tokens_of(definition: dict[str, Any]) -> set[str]:
    return {row["options"]["token"] for row in definition["inputs"].values()}


def _conf(path: Path) -> dict[str, dict[str, str]]:
    return conf.parse(path.read_text("utf-8"), path.name)


def _lookups(folder: Path) -> dict[str, frozenset[str]]:
    found = {}
    for name, row in _conf(folder / "default/transforms.conf").items():
        if "filename" in row:
            with (folder / "lookups" / row["filename"]).open(encoding="utf-8", newline="") as file:
                found[name] = frozenset(next(csv.reader(file)))
    return found
