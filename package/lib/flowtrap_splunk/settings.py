"""The tunables that the add-on's pages keep, as the core takes them.

Durations are keys of the stanza `[tunables]` of ta_flowtrap_settings.conf; list entries are the
stanzas of ta_flowtrap_list_entry.conf, one each:

    [ci-deployer]
    tunable = allowed_deployers
    pattern = deploy-*
    scope = 123456789012
    reason = CI
    owned_by = platform
    expires = 2027-01-31

(UCC keeps a field called `owner` for itself.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import FlowtrapError
from flowtrap.model.tunable import TunableEntry
from flowtrap.model.window import span_ms

from .errors import SplunkdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowtrap.model.detection import Detection

    from .serve import Messages
    from .splunkd import Splunkd

DURATIONS = "configs/conf-ta_flowtrap_settings"
ENTRIES = "configs/conf-ta_flowtrap_list_entry"
STANZA = "tunables"
_COLUMNS = {
    "pattern": "pattern",
    "scope": "scope",
    "reason": "reason",
    "owned_by": "owner",
    "expires": "expires",
}


def read_tunables(
    splunkd: Splunkd, detections: Iterable[Detection], messages: Messages
) -> dict[str, Any]:
    """Return what the site has set; what is wrong is told and left out."""
    kinds = {
        name: str(row["kind"])
        for detection in detections
        for name, row in detection.tunables.items()
    }
    values: dict[str, Any] = {}
    try:
        for name, content in _stanzas(splunkd, DURATIONS):
            if name == STANZA:
                values.update(_durations(content, kinds, messages))
        for name, content in _stanzas(splunkd, ENTRIES):
            tunable = str(content.get("tunable") or "")
            if kinds.get(tunable) == "list":
                values.setdefault(tunable, []).extend(_entry(name, content, messages))
    except SplunkdError as error:
        messages.warn(f"the add-on's tunables could not be read, defaults hold: {error}")
        return {}
    return values


def _stanzas(splunkd: Splunkd, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        answer = splunkd.get(path, count="0")
    except SplunkdError as error:
        if error.status != 404:  # nobody has set anything yet
            raise
        return
    for entry in answer.get("entry", ()) if isinstance(answer, dict) else ():
        content = entry.get("content") or {}
        if str(content.get("disabled", "0")).lower() not in ("1", "true"):
            yield str(entry.get("name", "")), content


def _durations(
    content: dict[str, Any], kinds: dict[str, str], messages: Messages
) -> Iterator[tuple[str, str]]:
    for name, kind in kinds.items():
        value = str(content.get(name) or "").strip()
        if kind != "duration" or not value:
            continue
        try:
            if span_ms(value) > 0:
                yield name, value
        except FlowtrapError as error:
            messages.warn(f"tunable {name} is left out: {error}")


def _entry(name: str, content: dict[str, Any], messages: Messages) -> Iterator[dict[str, str]]:
    row = {name: str(content[field]) for field, name in _COLUMNS.items() if content.get(field)}
    try:
        TunableEntry.from_dict(row)
    except FlowtrapError as error:
        messages.warn(f"list entry {name!r} is left out: {error}")
        return
    yield row
