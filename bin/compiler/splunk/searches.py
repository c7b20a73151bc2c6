"""Saved searches: one for each detection, and one that says which sources are missing.

A run reads what was indexed since the last one; `chaindetect` keeps open cases in between. Findings
go to an index first; what is medium or more then goes to Enterprise Security, where there is one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowtrap.match.condition import leaves

from .macros import events_macro
from .sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]
EVERY_MINUTES = 10
MEDIUM = 40
_RISK_OBJECTS = {  # entity type -> what Enterprise Security calls it
    "user": "user",
    "service_account": "user",
    "role": "other",
    "function": "other",
    "flow": "other",
    "script": "other",
    "app": "other",
}
_THREATS = {"src": "ip_address", "dest": "domain", "url": "url"}
# Operations that are logged only where a site has switched them on: data events and data access.
_DATA_OPERATIONS = frozenset(
    (
        "invoke", "invokewebfunctionendpoint", "invokeexecution", "getobject", "headobject",
        "putobject", "copyobject", "completemultipartupload", "deleteobject",
    )
)  # fmt: skip
_HIGHEST = {"medium": 40, "high": 60, "critical": 85}


def searches(detections: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return every saved search: name -> settings."""
    found = {title(row): _detection_search(row, n) for n, row in enumerate(detections)}
    found["Flowtrap - Data sources that are missing"] = _sources_search()
    found["Flowtrap - Inputs that lag or stopped"] = _inputs_search()
    return found


def title(detection: Row) -> str:
    """Return the search's name."""
    return f"Flowtrap - {detection['analytic']} - {detection['name']}"


def _detection_search(row: Row, number: int) -> dict[str, str]:
    name = row["name"]
    return {
        "description": f"{_flat(row['description'])} {_needs(row)}",
        "search": f"`{events_macro(row)}` `flowtrap_new_events`\n"
        f"| chaindetect detection={name} state={name}\n"
        "| `flowtrap_store`\n"
        "| `flowtrap_alert`",
        "disabled": "0" if is_on(row) else "1",
        "enableSched": "1",
        "cron_schedule": f"{number % EVERY_MINUTES}-59/{EVERY_MINUTES} * * * *",
        "realtime_schedule": "0",
        "schedule_window": "5",
        "dispatch.earliest_time": "-7d@h",
        "dispatch.latest_time": "+1h",
        "request.ui_dispatch_app": "TA_flowtrap",
        "request.ui_dispatch_view": "search",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.track": "0",
        "alert.digest_mode": "1",
        "alert.severity": "4",
        "alert.suppress": "1",
        "alert.suppress.fields": "finding_id",
        "alert.suppress.period": "86400s",
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": f"{title(row)} - Rule",
        "action.correlationsearch.annotations": json.dumps(attack_ids(row), sort_keys=True),
        **_notable(row),
        **_risk(row),
    }


def attack_ids(row: Row) -> dict[str, list[str]]:
    """Return the ids of ATT&CK that Enterprise Security shows, MITRE's three newer kinds as ours.

    `mitre_attack` is a framework that it knows; the others show as custom ones.
    """
    attack = row["attack"]
    return {
        "mitre_attack": list(attack["techniques"]),
        "mitre_strategy": [attack["strategy"]],
        "mitre_analytic": [row["analytic"]],
        "mitre_data_component": list(attack["data_components"]),
    }


def _notable(row: Row) -> dict[str, str]:
    feeds = dict.fromkeys(stage["feed"] for stage in row["stages"].values())
    sources = " OR ".join(f"`{SOURCES[feed].macro}`" for feed in feeds)
    one = '`flowtrap_findings` finding_id="$finding_id$"'
    drilldowns = [
        {
            "name": "Evidence, in order",
            "search": f"{one} | `flowtrap_one` | `flowtrap_evidence`",
            "earliest_offset": "$first_epoch$",
            "latest_offset": "$last_epoch$",
        },
        {
            "name": "The raw events",
            "search": f"({sources}) [search {one} earliest=-90d latest=now | `flowtrap_one` "
            "| `flowtrap_event_ids`]",
            "earliest_offset": "$first_epoch$",
            "latest_offset": "$last_epoch$",
        },
    ]
    return {
        "action.notable": "1",
        "action.notable.param.rule_title": f"{row['title']}: $verdict$",
        "action.notable.param.rule_description": "$explanation$",
        "action.notable.param.security_domain": "threat",
        "action.notable.param.severity": _severity(row),
        "action.notable.param.nes_fields": ",".join(("finding_id", *_kinds(row, _RISK_OBJECTS))),
        "action.notable.param.drilldown_searches": json.dumps(drilldowns),
        "action.notable.param.next_steps": json.dumps(
            {"version": 1, "data": "\n".join(map(_flat, _list(row.get("triage"))))}
        ),
    }


def _risk(row: Row) -> dict[str, str]:
    score = _least_risk(row)
    objects: list[dict[str, Any]] = [
        {"risk_object_field": kind, "risk_object_type": _RISK_OBJECTS[kind], "risk_score": score}
        for kind in _kinds(row, _RISK_OBJECTS)
    ]
    threats = [
        {"threat_object_field": kind, "threat_object_type": _THREATS[kind]}
        for kind in _kinds(row, _THREATS)
    ]
    return {
        "action.risk": "1",
        "action.risk.param._risk": json.dumps([*objects, *threats]),
        "action.risk.param._risk_message": "$explanation$",
        "action.risk.param._risk_score": "0",
        "action.risk.param.verbose": "0",
    }


def _kinds(row: Row, known: Mapping[str, str]) -> list[str]:
    return [kind for kind in row.get("entities") or {} if kind in known]


def _least_risk(row: Row) -> int:
    """Return the risk of the weakest verdict that makes a notable: a score is never overstated."""
    return min((v["risk"] for v in row["verdicts"] if v["risk"] >= MEDIUM), default=0)


def _severity(row: Row) -> str:
    """Return the severity of that verdict; a result's own field takes its place."""
    risk = _least_risk(row)
    return max(
        (s for s in _HIGHEST if _HIGHEST[s] <= risk), key=_HIGHEST.__getitem__, default="low"
    )


def is_on(row: Row) -> bool:
    """Tell whether a search is on when the add-on is installed.

    It is not where it could say nothing of weight on logs that a platform has by default: its
    anchor, or a stage of each verdict of medium and more, is of a log that must be switched on.
    """
    extra = {name for name, stage in row["stages"].items() if _must_be_switched_on(stage)}
    if row["chain"]["anchor"] in extra:
        return False
    weighty = [verdict for verdict in row["verdicts"] if verdict["risk"] >= MEDIUM]
    return any(not extra & _present(verdict) for verdict in weighty)


def _present(verdict: Row) -> set[str]:
    return {
        stage
        for stage, rule in verdict["require"].items()
        for one in (rule if isinstance(rule, list) else [rule])
        if one["at_least"]
    }


def _must_be_switched_on(stage: Row) -> bool:
    if not SOURCES[stage["feed"]].on_by_default:
        return True
    names = [leaf[2] for leaf in leaves(stage["condition"]) if leaf[:2] == ["in", "eventName"]]
    patterns = [leaf for leaf in leaves(stage["condition"]) if leaf[:2] == ["re", "eventName"]]
    if not names or patterns:
        return False
    return all(_DATA_OPERATIONS.issuperset(found) for found in names)


def _needs(row: Row) -> str:
    feeds = ", ".join(dict.fromkeys(stage["feed"] for stage in row["stages"].values()))
    switched = "" if is_on(row) else " Off until its optional logs are there."
    return f"Reads {feeds}.{switched}"


def _sources_search() -> dict[str, str]:
    return {
        "description": "Which data sources the detections ask for and nobody sent for a day, and "
        "which detections see nothing without them.",
        "search": "| tstats count where index=* by sourcetype\n"
        "| lookup flowtrap_sourcetypes sourcetype OUTPUT feed\n"
        "| where isnotnull(feed)\n"
        "| mvexpand feed\n"
        "| inputlookup append=true flowtrap_sources\n"
        "| stats sum(count) as events values(sourcetypes) as sourcetypes values(optional) as "
        "optional values(detections) as detections by feed\n"
        "| where isnull(events)\n"
        "| sort 0 feed",
        "disabled": "0",
        "enableSched": "1",
        "cron_schedule": "17 6 * * *",
        "schedule_window": "auto",
        "dispatch.earliest_time": "-24h@h",
        "dispatch.latest_time": "now",
        "request.ui_dispatch_app": "TA_flowtrap",
        "request.ui_dispatch_view": "search",
    }


def _inputs_search() -> dict[str, str]:
    return {
        "description": "Inputs whose last run failed, that are hours behind, or that have not run "
        "for three intervals. One that was disabled or deleted is named for two days.",
        "search": "`flowtrap_input_health`\n"
        "| stats latest(state) as state latest(message) as message latest(behind_s) as behind_s "
        "latest(interval_s) as interval_s max(_time) as last by input\n"
        "| eval patience_s=if(interval_s>1200,3*interval_s,3600), silent_s=now()-last\n"
        '| eval problem=case(silent_s>patience_s AND state!="stopped","has stopped",'
        'state="failed","fails",behind_s>2*patience_s,"lags")\n'
        "| where isnotnull(problem)\n"
        "| table input problem message behind_s silent_s",
        "disabled": "0",
        "enableSched": "1",
        "cron_schedule": "43 * * * *",
        "schedule_window": "auto",
        "dispatch.earliest_time": "-48h",
        "dispatch.latest_time": "now",
        "request.ui_dispatch_app": "TA_flowtrap",
        "request.ui_dispatch_view": "search",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.track": "1",
        "alert.digest_mode": "0",
        "alert.severity": "4",
        "alert.suppress": "1",
        "alert.suppress.fields": "input,problem",
        "alert.suppress.period": "1d",
    }


def _flat(text: object) -> str:
    return " ".join(str(text).split())


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value] if value else []
