"""Stages' Sigma blocks and fields, where they are written.

The lessons are those of scenarios.md, section 6: event names need their source (9), some names are
no events (1), and Lambda's bear a date (2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compiler.sigma_condition import leaves, used_selections
from flowtrap.model.errors import DetectionError

from .check import Check, Issue
from .native_roots import NATIVE_ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.subject import StageSource, Subject

_NO_EVENTS = {
    "passrole": "a permission, not an event: read the role from the write",
    "invokefunction": "a permission: the event is called Invoke",
}
# Operations whose CloudTrail names end in the API's date (docs.aws.amazon.com/lambda/latest/dg/
# logging-using-cloudtrail.html; events.md, section 2).
_DATED = re.compile(
    "(add|remove)permission|addlayerversionpermission|publish(layer)?version"
    "|(create|get|update)alias|(create|update|delete)eventsourcemapping|listeventsourcemappings"
    "|(create|delete|get)function|getfunctionconfiguration|listfunctions|getpolicy"
    "|updatefunction(code|configuration)",
    re.IGNORECASE,
)


def _mappings(block: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield each mapping of fields in a Sigma block, and its path in it."""
    for name, definition in block.items():
        if isinstance(definition, dict):
            yield (name,), definition
        elif isinstance(definition, list):
            for number, item in enumerate(definition):
                if isinstance(item, dict):
                    yield (name, number), item


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


class EventNameNeedsSource(Check):
    """In CloudTrail the same event name comes from several services."""

    id = "event_source"
    hint = "add eventSource: SERVICE.amazonaws.com to the same mapping"

    def check_stage(self, stage: StageSource) -> Iterator[Issue]:
        """Look at each mapping of fields."""
        if stage.feed != "aws_cloudtrail":
            return
        for where, fields in _mappings(stage.block):
            names = {key.split("|")[0]: key for key in fields}
            if "eventSource" in names or "service" in names:
                continue
            for name in ("eventName", "action"):
                if name in names:
                    path = (*stage.detection_path, *where, names[name])
                    problem = f"{name} without eventSource matches other services too"
                    yield self.issue(stage.document, path, problem)


class NoSuchEvents(Check):
    """Permissions that are taken for events, again and again."""

    id = "no_such_event"

    def check_stage(self, stage: StageSource) -> Iterator[Issue]:
        """Look at each event name."""
        if stage.feed != "aws_cloudtrail":
            return
        for where, fields in _mappings(stage.block):
            for key, value in fields.items():
                if key.split("|")[0] not in ("eventName", "action"):
                    continue
                for text in _texts(value):
                    for name, why in _NO_EVENTS.items():
                        if name in text.lower():
                            path = (*stage.detection_path, *where, key)
                            yield self.issue(stage.document, path, f"{text!r} never comes", why)


class DatedNames(Check):
    """Lambda's event names end in a date; a bare name never matches."""

    id = "dated_names"
    hint = r"write eventName|re: '^CreateFunction(\d{8}(v\d)?)?$'"

    def check_stage(self, stage: StageSource) -> Iterator[Issue]:
        """Look at the plain event names of Lambda."""
        for where, fields in _mappings(stage.block):
            source = [text.lower() for text in _texts(fields.get("eventSource"))]
            if stage.feed != "aws_cloudtrail" or "lambda.amazonaws.com" not in source:
                continue
            for text in _texts(fields.get("eventName", [])):
                if _DATED.fullmatch(text):
                    path = (*stage.detection_path, *where, "eventName")
                    problem = f"{text!r} never comes: CloudTrail writes a date behind it"
                    yield self.issue(stage.document, path, problem)


class SelectionsUsed(Check):
    """Every selection of a block is used by its condition."""

    id = "selections_used"
    hint = "use it in condition, or drop it"

    def check_stage(self, stage: StageSource) -> Iterator[Issue]:
        """Compare the two; a block that does not compile has been reported."""
        if stage.condition is None:
            return
        used = used_selections(stage.block)
        for name in stage.block:
            if name != "condition" and name not in used:
                path = (*stage.detection_path, name)
                yield self.issue(stage.document, path, f"{name!r} is not in the condition")


class KnownFields(Check):
    """Conditions, keys and facts use fields that the feed has."""

    id = "known_fields"

    def check(self, subject: Subject) -> Iterator[Issue]:
        """Look at each stage of a detection, with the keys and facts it gives."""
        for stage in subject.stages.values():
            try:
                feed = subject.library.feed(stage.feed).value
            except DetectionError as error:
                path = ("stages", stage.name, "feed")
                yield self.issue(subject.document, path, error.problem, error.cure)
                continue
            yield from self.fields_of(stage, feed)

    def fields_of(self, stage: StageSource, feed: dict[str, Any]) -> Iterator[Issue]:
        """Yield an issue for each field of a stage that the feed does not have."""
        for where, field in _fields(stage):
            if not _has(feed, field):
                path = (*stage.path, *where)
                cure = f"see fields and native_roots of {feed['feed']}.yml"
                problem = f"{feed['feed']} has no field {field!r}"
                yield self.issue(stage.document, path, problem, cure)


def _fields(stage: StageSource) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for where, fields in _mappings(stage.block):
        for key in fields:
            yield ("detection", *where, key), key.split("|")[0]
    for leaf in leaves(stage.condition or ["and"]):
        if leaf[0] == "fieldref":
            yield ("detection",), leaf[2]
    for part, names in (("keys", stage.keys), ("facts", stage.facts)):
        for name, field in names.items():
            yield (part, name), field


def _has(feed: dict[str, Any], field: str) -> bool:
    roots = feed.get("native_roots") or NATIVE_ROOTS.get(feed["feed"], ())
    root = re.split(r"[.\[]", field)[0]
    return field in feed["fields"] or field in roots or root in roots
