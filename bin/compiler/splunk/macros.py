"""Macros: one per data source and per detection, and the few that all searches share.

A site narrows `flowtrap_<feed>` to its own indexes and changes nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .sources import SOURCES
from .terms import filters, spl

if TYPE_CHECKING:
    from collections.abc import Sequence

Macro = dict[str, str]
_MOMENT = 'strptime(substr({0},1,19)."+0000","%Y-%m-%dT%H:%M:%S%z")'

SHARED: dict[str, Macro] = {
    "flowtrap_index": {
        "definition": "summary",
        "description": "The index that findings are kept in. It must exist.",
    },
    "flowtrap_new_events": {
        "definition": "_index_earliest=-21m@m _index_latest=-1m@m",
        "description": "What a scheduled run reads: indexed since the run before, twice over, "
        "since an event that is seen again counts once.",
    },
    "flowtrap_store": {
        "definition": 'collect index=`flowtrap_index` sourcetype="flowtrap:finding" '
        'source="flowtrap"',
        "description": "Keeps findings, each as the JSON of its _raw.",
    },
    "flowtrap_alert": {
        "definition": "where risk_score>=40 | eval "
        f"first_epoch=floor({_MOMENT.format('first_time')}), "
        f"last_epoch=ceiling({_MOMENT.format('last_time')})+1",
        "description": "What is worth a notable: medium severity and more.",
    },
    "flowtrap_findings": {
        "definition": 'index=`flowtrap_index` sourcetype="flowtrap:finding"',
        "description": "Every revision of every finding.",
    },
    "flowtrap_latest": {
        "definition": "sort 0 -_indextime -revision | dedup finding_id "
        "| where isnull(superseded_by)",
        "description": "What was last said of each finding, without those that another absorbed.",
    },
    "flowtrap_one": {
        "definition": "where isnull(superseded_by) | sort 0 -_indextime -revision "
        "| dedup finding_id",
        "description": "The last revision of one finding, also if another has absorbed it since.",
    },
    "flowtrap_evidence": {
        "definition": "spath path=evidence{} output=one | fields finding_id one | mvexpand one "
        "| spath input=one | table time stage action actor summary feed event_id | sort 0 time",
        "description": "The evidence of findings, an event a row, in order.",
    },
    "flowtrap_input_health": {
        "definition": 'index=_internal sourcetype="flowtrap:input:health"',
        "description": "What the inputs tell of themselves, an event a run.",
    },
    "flowtrap_event_ids": {
        "definition": "spath path=evidence{}.event_id output=id | fields id | mvexpand id "
        '| dedup id | eval search="\\""+id+"\\"" | fields search '
        '| format "(" "(" "" ")" "OR" ")"',
        "description": "For a subsearch: the ids of the events of one finding.",
    },
}


def macros(detections: Sequence[dict[str, Any]]) -> dict[str, Macro]:
    """Return every macro."""
    found = dict(SHARED)
    for source in SOURCES.values():
        found[source.macro] = {
            "definition": source.definition,
            "description": f"Where {source.feed} is kept: put your indexes in place of index=*.",
        }
    for detection in detections:
        found[events_macro(detection)] = {
            "definition": _events(detection),
            "description": f"The events that {detection['name']} asks for.",
        }
    return {name: {**macro, "iseval": "0"} for name, macro in found.items()}


def events_macro(detection: dict[str, Any]) -> str:
    """Return the name of a detection's macro."""
    return f"flowtrap_events_{detection['name']}"


def _events(detection: dict[str, Any]) -> str:
    parts = []
    for feed, terms in filters(detection).items():
        source = SOURCES[feed]
        parts.append(f"(`{source.macro}`{' ' + spl(terms) if terms else ''})")
    return "(" + " OR ".join(parts) + ")"
