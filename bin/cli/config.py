"""flowtrap.yml: a site's own values, read strictly; every mistake is one line with its place.

    tunables:
      time_window: 48h
      allowed_deployers:
        - {pattern: "*/github-*", scope: "123456789012", reason: CI, owner: platform}
    detections:
      aws_lambda_hand_run: {enabled: false}
      aws_lambda_opened: {time_window: 7d}

Scalars are taken as they are written: `scope: 001234567012` stays twelve digits, which YAML would
make an octal number.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from flowtrap.model.errors import FlowtrapError, TunableError
from flowtrap.model.tunable import TunableEntry, Tunables
from flowtrap.model.window import span_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrap.model.detection import Detection

DEFAULT_PATH = "flowtrap.yml"
MOST_BYTES = 16_000_000
_SECTIONS = ("tunables", "detections")
_ENTRY = ("pattern", "scope", "reason", "owner", "expires")
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Values = Mapping[str, Any]


class ConfigError(TunableError):
    """flowtrap.yml is wrong in the ways that `problems` tells, in the order of its lines."""

    def __init__(self, problems: Sequence[FlowtrapError]) -> None:
        self.problems = tuple(problems)
        super().__init__("")
        self.args = ("\n".join(map(str, problems)),)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a site set: values for every detection, for one, and what is switched off.

    `expired` has a line for each list entry that no longer counts.
    """

    tunables: Values = dataclasses.field(default_factory=dict)
    overrides: Mapping[str, Values] = dataclasses.field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    expired: tuple[str, ...] = ()

    def apply(
        self, detections: Sequence[Detection], now_ms: int
    ) -> tuple[list[Detection], Tunables]:
        """Return the detections that are on, with their own values as defaults, and the tunables.

        A name that any detection sets for itself is settled per detection: its own value, else
        the value for all, else the default. Lists add up.
        """
        own = {name for values in self.overrides.values() for name in values}
        settled = [self._settle(d, own) for d in detections if d.name not in self.disabled]
        common = {name: value for name, value in self.tunables.items() if name not in own}
        return settled, Tunables(common, now_ms=now_ms)

    def _settle(self, detection: Detection, own: set[str]) -> Detection:
        mine = self.overrides.get(detection.name, {})
        changed = dict(detection.tunables)
        for name in own & set(changed):
            default = changed[name]["default"]
            for value in (self.tunables.get(name), mine.get(name)):
                if value is not None:
                    default = [*default, *value] if isinstance(value, list) else value
            changed[name] = {**changed[name], "default": default}
        return dataclasses.replace(detection, tunables=changed)


def find(path: str | None) -> str | None:
    """Return the file to read: the one named, else flowtrap.yml here if there is one."""
    return path or (DEFAULT_PATH if Path(DEFAULT_PATH).is_file() else None)


def read(path: str, detections: Sequence[Detection], now_ms: int) -> Settings:
    """Read a settings file; raise ConfigError with all that is wrong with it."""
    reader = _Reader(path, detections, now_ms)
    settings = reader.settings(_compose(path))
    if reader.problems:
        raise ConfigError([problem for _, problem in sorted(reader.problems, key=_line_of)])
    return settings


def _line_of(numbered: tuple[int, FlowtrapError]) -> int:
    return numbered[0]


def _compose(path: str) -> yaml.Node | None:
    """Return the file's YAML tree, which keeps the line of everything."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError([TunableError("is too large for a settings file", place=path)])
        tree: yaml.Node | None = yaml.compose(content, Loader=yaml.SafeLoader)
    except OSError as error:
        problem = TunableError(f"cannot be read: {error.strerror}", place=path)
        raise ConfigError([problem]) from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_yaml_problem(path, error)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        problem = TunableError(f"is not YAML: {' '.join(str(error).split())[:200]}", place=path)
        raise ConfigError([problem]) from None
    return tree


def _yaml_problem(path: str, error: yaml.MarkedYAMLError) -> TunableError:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}" if mark else path
    cure = "put a value that begins with * or holds ': ' in quotes"
    return TunableError(f"is not YAML: {error.problem or error.context}", place=place, cure=cure)


class _Reader:
    """Walks the tree and keeps every problem with its line."""

    def __init__(self, path: str, detections: Sequence[Detection], now_ms: int) -> None:
        self._path = path
        self._now_ms = now_ms
        self._kinds = {
            detection.name: {name: str(row["kind"]) for name, row in detection.tunables.items()}
            for detection in detections
        }
        self._expired: list[str] = []
        self.problems: list[tuple[int, FlowtrapError]] = []

    def settings(self, tree: yaml.Node | None) -> Settings:
        """Return what the file sets."""
        if tree is None or _is_null(tree):
            return Settings()
        sections = dict(self._pairs(tree, "the file", _SECTIONS))
        every = {name: kind for kinds in self._kinds.values() for name, kind in kinds.items()}
        tunables = self._values(sections.get("tunables"), every, "tunables")
        overrides: dict[str, Values] = {}
        disabled: set[str] = set()
        for name, node in self._pairs(sections.get("detections"), "detections", [*self._kinds]):
            kinds = self._kinds[name]
            pairs = dict(self._pairs(node, name, [*kinds, "enabled"]))
            switch = pairs.pop("enabled", None)
            if switch is not None and not self._switch(switch):
                disabled.add(name)
            own = {key: self._value(value, kinds[key], key) for key, value in pairs.items()}
            overrides[name] = {key: value for key, value in own.items() if value is not None}
        return Settings(tunables, overrides, frozenset(disabled), tuple(self._expired))

    def _values(self, node: yaml.Node | None, kinds: Mapping[str, str], what: str) -> Values:
        pairs = self._pairs(node, what, [*kinds])
        values = {name: self._value(value, kinds[name], name) for name, value in pairs}
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, node: yaml.Node, kind: str, name: str) -> Any:
        if _is_null(node):
            return None
        return self._duration(node, name) if kind == "duration" else self._list(node, name)

    def _duration(self, node: yaml.Node, name: str) -> str | None:
        text = node.value if isinstance(node, yaml.ScalarNode) else "a list"
        try:
            if span_ms(text) > 0:
                return str(text)
        except FlowtrapError:
            pass
        self._problem(node, f"{name}: {text!r} is not a time span", "use 30s, 10m, 2h or 1d")
        return None

    def _list(self, node: yaml.Node, name: str) -> list[dict[str, str]] | None:
        if not isinstance(node, yaml.SequenceNode):
            self._problem(node, f"{name} is not a list", 'write one entry a line: - "NAME*"')
            return None
        entries = [self._entry(item, f"{name}[{n}]") for n, item in enumerate(node.value)]
        return [entry for entry in entries if entry]

    def _entry(self, node: yaml.Node, name: str) -> dict[str, str] | None:
        if isinstance(node, yaml.ScalarNode):
            return self._checked(node, {} if _is_null(node) else {"pattern": node.value}, name)
        row: dict[str, str] = {}
        for key, value in self._pairs(node, name, _ENTRY):
            if not isinstance(value, yaml.ScalarNode):
                self._problem(value, f"{name}: {key} is not a single value", "write a text")
                return None
            if not _is_null(value):
                row[key] = str(value.value)
        return self._checked(node, row, name)

    def _checked(self, node: yaml.Node, row: dict[str, str], name: str) -> dict[str, str] | None:
        if row.get("expires") and not _is_day(row["expires"]):
            problem = f"{name}: expires {row['expires']!r} is not a day"
            self._problem(node, problem, "write expires: 2027-01-31")
            return None
        try:
            entry = TunableEntry.from_dict(row)
        except TunableError as error:
            self._problem(node, f"{name}: {error.problem}", error.cure)
            return None
        if entry.expires_ms is not None and entry.expires_ms < self._now_ms:
            place = f"{self._path}:{node.start_mark.line + 1}"
            day = row["expires"]
            self._expired.append(f"{place}: {name} {entry.pattern!r} expired on {day}: not used")
        return row

    def _switch(self, node: yaml.Node) -> bool:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value.lower() not in _SWITCH:
            self._problem(node, "enabled is neither true nor false", "write enabled: false")
        return _SWITCH.get(value.lower(), True)

    def _pairs(
        self, node: yaml.Node | None, what: str, known: Sequence[str]
    ) -> Iterator[tuple[str, yaml.Node]]:
        """Yield the known keys of a mapping once each; anything else is a problem."""
        if node is None or _is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self._problem(node, f"{what} is not a mapping", "write name: value lines")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            if name not in known:
                self._problem(key, f"{what}: {name!r} is not known", _nearest(name, known))
            elif name in seen:
                self._problem(key, f"{what}: {name!r} stands here twice", "keep one of them")
            else:
                seen.add(name)
                yield name, value

    def _problem(self, node: yaml.Node, problem: str, cure: str) -> None:
        line = node.start_mark.line + 1
        error = TunableError(problem, place=f"{self._path}:{line}", cure=cure)
        self.problems.append((line, error))


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2027-01-31") and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _nearest(name: str, known: Sequence[str]) -> str:
    """Return advice: the name that was probably meant, else all of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
