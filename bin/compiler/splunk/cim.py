"""The CIM mapping: one YAML file to props, transforms, eventtypes and tags, and to plain fields.

Example: `cim_fields("o365", record)["action"]` is what Splunk's search-time fields should hold. The
two readings share the regular expressions; a test compares what they give with what CIM requires.
"""

from __future__ import annotations

import csv
import io
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conf import Stanzas

SOURCE = Path(__file__).with_name("cim.yml")
COLUMNS = ("action", "change_type", "object_category", "object_attrs", "model")
TAGS = {
    "change": ("change",),
    "data_access": ("data", "access"),
    "authentication": ("authentication",),
}
# `collect` writes lines of JSON; Splunk takes an event's time from the text, so it is told where.
_AS_JSON_LINES = {
    "KV_MODE": "json",
    "SHOULD_LINEMERGE": "false",
    "LINE_BREAKER": r"([\r\n]+)",
    "TRUNCATE": "0",
    "TIME_PREFIX": r'"last_time"\s*:\s*"',
    "MAX_TIMESTAMP_LOOKAHEAD": "32",
}
_ADDRESS = r"^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$"
_FAILED = "false|fail|error|denied|block|unsucc|not "
_PARAM = r'"(?:n|N)ame"\s*:\s*"{0}"\s*,\s*"(?:v|V)alue"\s*:\s*"([^"]+)"'


@lru_cache(maxsize=1)
def mapping() -> dict[str, Any]:
    """Return the mapping file."""
    loaded = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return dict(loaded)


# --- to Splunk --------------------------------------------------------------------------------


def cim_conf() -> dict[str, Stanzas]:
    """Return props, transforms, eventtypes and tags; stanzas that other files add are not here."""
    props: dict[str, dict[str, str]] = {}
    transforms: dict[str, dict[str, str]] = {}
    eventtypes: dict[str, dict[str, str]] = {}
    tags: dict[str, dict[str, str]] = {}
    for name, vendor in mapping().items():
        settings = _props(name, vendor)
        props.update({sourcetype: dict(settings) for sourcetype in vendor["sourcetypes"]})
        if vendor["operations"]:
            transforms[f"flowtrap_cim_{name}"] = {"filename": f"flowtrap_cim_{name}.csv"}
        for event_type, search, words in _event_types(name, vendor):
            eventtypes[event_type] = {"search": search}
            tags[f"eventtype={event_type}"] = dict.fromkeys(words, "enabled")
    return {"props": props, "transforms": transforms, "eventtypes": eventtypes, "tags": tags}


def cim_lookups() -> dict[str, str]:
    """Return the lookup files: an operation, and what it means."""
    found = {}
    for name, vendor in mapping().items():
        if vendor["operations"]:
            target = io.StringIO()
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(("operation", *COLUMNS))
            writer.writerows((key, *row) for key, row in vendor["operations"].items())
            found[f"flowtrap_cim_{name}.csv"] = target.getvalue()
    return found


def _props(name: str, vendor: Mapping[str, Any]) -> dict[str, str]:
    settings: dict[str, str] = {}
    if name == "findings":
        settings |= _AS_JSON_LINES
    for field, ways in vendor["fields"].items():
        for parameter in (way[6:] for way in ways if way.startswith("param:")):
            pattern = _PARAM.format(parameter).replace("([^", f"(?<{_variable(parameter)}>[^")
            settings[f"EXTRACT-flowtrap_{parameter.lower()}"] = pattern
        settings[f"EVAL-{field}"] = _eval(ways, vendor["clean"].get(field, ""))
    if vendor["status"]:
        told = f'match(lower(coalesce({_quoted(vendor["status"])},"")),"{_FAILED}")'
        settings["EVAL-status"] = f'if({told},"failure","success")'
        settings["EVAL-result"] = f"if({told},{_quoted(vendor['status'])},null())"
    elif vendor["operations"]:
        settings["EVAL-status"] = '"success"'
    if vendor["operations"]:
        settings[f"LOOKUP-flowtrap_cim_{name}"] = (
            f"flowtrap_cim_{name} operation AS {_as_input(vendor['operation'])} "
            f"OUTPUTNEW {' '.join(COLUMNS[:-1])}"
        )
    return settings


def _as_input(field: str) -> str:
    return f'"{field}"' if "." in field else field


def _eval(ways: list[str], clean: str) -> str:
    parts = [_way(way) for way in ways]
    value = parts[0] if len(parts) == 1 else f"coalesce({','.join(parts)})"
    if clean == "address":
        return f'replace({value},"{_ADDRESS}","\\1\\2")'
    return f"lower({value})" if clean == "lower" else value


def _way(way: str) -> str:
    if way.startswith("="):
        return f'"{way[1:]}"'
    if way.startswith("entity:"):
        return f"mvindex('entities{{}}.value',mvfind('entities{{}}.type',\"^{way[7:]}$\"))"
    return _variable(way[6:]) if way.startswith("param:") else _quoted(way)


def _variable(parameter: str) -> str:
    return f"flowtrap_{parameter.lower()}"


def _quoted(path: str) -> str:
    return f"'{path}'" if "." in path else path


def _event_types(name: str, vendor: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    types = " OR ".join(f'sourcetype="{one}"' for one in vendor["sourcetypes"])
    if name == "findings":
        return [("flowtrap_finding", f"{types} NOT superseded_by=*", ("alert",))]
    found = []
    for model, words in TAGS.items():
        of_model = [key for key, row in vendor["operations"].items() if row[4] == model]
        names = ", ".join(json.dumps(key) for key in of_model)
        search = f'({types}) "{vendor["operation"]}" IN ({names})'.replace(
            f'"{vendor["operation"]}"', vendor["operation"]
        )
        found.append((f"flowtrap_{name}_{model}", search, words))
    return found


# --- the same, offline ------------------------------------------------------------------------


def cim_fields(name: str, record: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that a record has by the mapping, and its model as `model`."""
    vendor, raw = mapping()[name], json.dumps(record, ensure_ascii=False)
    found = {}
    for field, ways in vendor["fields"].items():
        values = (_value(way, record, raw) for way in ways)
        value = next((value for value in values if value is not None), None)
        if value is not None:
            found[field] = _cleaned(value, vendor["clean"].get(field, ""))
    if vendor["operations"]:
        operation = str(_at(record, vendor["operation"]))
        row = vendor["operations"].get(operation)
        found.update(zip(COLUMNS, row or (), strict=False))
        told = _at(record, vendor["status"]) if vendor["status"] else None
        failed = bool(told) and re.search(_FAILED, str(told).lower()) is not None
        found["status"] = "failure" if failed else "success"
        if failed:
            found["result"] = str(told)
    return found


def _value(way: str, record: Mapping[str, Any], raw: str) -> str | None:
    if way.startswith("="):
        return way[1:]
    if way.startswith("param:"):
        match = re.search(_PARAM.format(way[6:]), raw)
        return match[1] if match else None
    if way.startswith("entity:"):
        named = (one["value"] for one in record["entities"] if one["type"] == way[7:])
        return next(named, None)
    value = _at(record, way)
    return None if value is None else str(value)


def _at(record: Any, path: str) -> Any:
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def _cleaned(value: str, clean: str) -> str:
    if clean == "address":
        return re.sub(_ADDRESS, lambda m: m[1] or m[2], value)
    return value.lower() if clean == "lower" else value
