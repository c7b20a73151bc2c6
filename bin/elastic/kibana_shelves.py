"""Rules, their exception list, and saved objects, as shelves of a Kibana.

Rules bear their digest in `meta.flowtrap`; dashboards and visualizations at the end of their
description; a data view has room for neither and is compared by what we set.

Source: Kibana API reference, 8.19: detection engine (_find, _import, delete), exception lists,
saved objects (_bulk_get, _import, delete).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .errors import ClusterError
from .shelf import MARK, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .kibana import Kibana
    from .shelf import Body

TAG = "Flowtrap"
PAGE = 1_000
_RULES = "/api/detection_engine/rules"
_LISTS = "/api/exception_lists"
_OBJECTS = "/api/saved_objects"
_SEAL = re.compile(r"\[flowtrap ([0-9a-f]{16})\]$")
_VIEW = ("title", "name", "timeFieldName")
_THEIRS = ("enabled", "actions", "exceptions_list")  # of a rule: what its users set


class Rules:
    """The detection rules, by rule_id. An update leaves a rule on or off, and keeps its actions."""

    kind = "rule"

    def __init__(self, kibana: Kibana, rules: Iterable[Body]) -> None:
        self._kibana = kibana
        self._there: dict[str, Body] = {}
        self.wanted: Mapping[str, Body] = {rule["rule_id"]: rule for rule in rules}

    def installed(self) -> dict[str, str]:
        """Return the rules with our tag and mark; rules copied from ours have neither's id."""
        self._there = {}
        page = 1
        while True:
            tag = f"alert.attributes.tags:%22{TAG}%22"
            query = f"filter={tag}&per_page={PAGE}&page={page}"
            answer = self._kibana.ask("GET", f"{_RULES}/_find?{query}")
            if answer is None:
                cure = "check --space, and that Kibana has the Security app"
                raise ClusterError("has no detection engine", place=self._kibana.place, cure=cure)
            rows = answer.get("data") or []
            self._there |= {row["rule_id"]: row for row in rows if _mark(row) is not None}
            if len(rows) < PAGE:
                return {name: _mark(row) or "" for name, row in self._there.items()}
            page += 1

    def put(self, names: Sequence[str]) -> None:
        """Import rules as one file."""
        lines = [json.dumps(self._line(name)) + "\n" for name in names]
        answer = self._kibana.upload(f"{_RULES}/_import?overwrite=true", lines)
        _refuse_errors(answer, self._kibana.place)

    def _line(self, name: str) -> Body:
        body = self.wanted[name]
        kept = {
            key: self._there[name][key] for key in _THEIRS if self._there.get(name, {}).get(key)
        }
        return {**body, **kept, "meta": {MARK: digest(body)}}

    def remove(self, names: Sequence[str]) -> None:
        """Delete rules; their alerts stay."""
        for name in names:
            self._kibana.ask("DELETE", f"{_RULES}?rule_id={name}")


class Exceptions:
    """The exception list that every rule asks. What users put into it is never changed."""

    kind = "exception list"

    def __init__(self, kibana: Kibana, body: Body) -> None:
        self._kibana = kibana
        self._path = f"{_LISTS}?list_id={body['list_id']}&namespace_type={body['namespace_type']}"
        self.wanted: Mapping[str, Body] = {body["list_id"]: body}

    def installed(self) -> dict[str, str]:
        """Return the list if it is there: it is never updated."""
        found = self._kibana.ask("GET", self._path)
        return {name: digest(body) for name, body in self.wanted.items() if found}

    def put(self, names: Sequence[str]) -> None:
        """Create the list."""
        for name in names:
            self._kibana.ask("POST", _LISTS, self.wanted[name])

    def remove(self, names: Sequence[str]) -> None:
        """Delete the list with all that is in it."""
        for _ in names:
            self._kibana.ask("DELETE", self._path)


class SavedObjects:
    """Data views, visualizations and dashboards, by type and id."""

    kind = "saved object"

    def __init__(self, kibana: Kibana, objects: Iterable[Body]) -> None:
        self._kibana = kibana
        self.wanted: Mapping[str, Body] = {f"{one['type']}/{one['id']}": one for one in objects}

    def installed(self) -> dict[str, str]:
        """Return the objects of our ids, with the digest that they bear."""
        asked = [_type_and_id(name) for name in self.wanted]
        answer = self._kibana.ask("POST", f"{_OBJECTS}/_bulk_get", asked) or {}
        found = {}
        for row in answer.get("saved_objects") or ():
            if "error" not in row:
                name = f"{row['type']}/{row['id']}"
                found[name] = _seal_of(row, self.wanted.get(name))
        return found

    def put(self, names: Sequence[str]) -> None:
        """Import objects as one file."""
        lines = [json.dumps(sealed(self.wanted[name])) + "\n" for name in names]
        answer = self._kibana.upload(f"{_OBJECTS}/_import?overwrite=true", lines)
        _refuse_errors(answer, self._kibana.place)

    def remove(self, names: Sequence[str]) -> None:
        """Delete objects, dashboards before what they refer to."""
        for name in reversed(names):
            self._kibana.ask("DELETE", f"{_OBJECTS}/{name}?force=true")


def sealed(saved: Body) -> Body:
    """Return an object with its digest at the end of its description, where it has one."""
    attributes = saved["attributes"]
    if "description" not in attributes:
        return saved
    text = f"{attributes['description']} [{MARK} {digest(saved)}]".lstrip()
    return {**saved, "attributes": {**attributes, "description": text}}


def _seal_of(row: Body, wanted: Body | None) -> str:
    attributes = row.get("attributes") or {}
    seal = _SEAL.search(str(attributes.get("description", "")))
    if seal:
        return seal[1]
    if wanted and row["type"] == "index-pattern":
        ours = wanted["attributes"]
        same = all(attributes.get(name) == ours.get(name) for name in _VIEW)
        return digest(wanted) if same else ""
    return ""


def _type_and_id(name: str) -> Body:
    kind, _, key = name.partition("/")
    return {"type": kind, "id": key}


def _mark(rule: Body) -> str | None:
    meta = rule.get("meta")
    return meta.get(MARK) if isinstance(meta, dict) else None


def _refuse_errors(answer: Any, place: str) -> None:
    """Raise ClusterError with the first of what an import refused."""
    errors = answer.get("errors") or []
    if not errors:
        return
    first = errors[0]
    cause = first.get("error") or {}
    what = first.get("rule_id") or f"{first.get('type')}/{first.get('id')}"
    why = " ".join(str(cause.get("message") or cause.get("type") or "no reason told").split())[:200]
    raise ClusterError(f"refused {len(errors)}, the first is {what}: {why}", place=place)
