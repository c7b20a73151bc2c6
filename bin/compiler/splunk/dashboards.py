"""The dashboards (Dashboard Studio): cases, one case, sources, inputs; and help.

Example: `dashboards()["flowtrap_cases.xml"]`. A view is XML around JSON; queries use our macros.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

_FOUND = "`flowtrap_findings` | `flowtrap_latest`"
_CHOSEN = (
    '| search analytic="$analytic$" severity="$severity$" '
    '| eval platform=mvindex(split(detection,"_"),0)'
)
_WIDTH = 1440


class Panel(NamedTuple):
    """One picture: where it is (x, y, w, h), what it shows, and its query."""

    title: str
    kind: str
    place: tuple[int, int, int, int]
    query: str
    options: dict[str, Any] = {}
    click: str = ""


_CASES = (
    Panel(
        "Cases",
        "splunk.singlevalue",
        (0, 0, 240, 160),
        f"{_FOUND} {_CHOSEN} | stats count",
    ),
    Panel(
        "Cases by severity over time",
        "splunk.column",
        (240, 0, 720, 320),
        f"{_FOUND} {_CHOSEN} | timechart span=1d count by severity",
        {"stackMode": "stacked"},
    ),
    Panel(
        "Cases by platform",
        "splunk.pie",
        (960, 0, 480, 320),
        f"{_FOUND} {_CHOSEN} | stats count by platform",
    ),
    Panel(
        "Highest risk",
        "splunk.singlevalue",
        (0, 160, 240, 160),
        f"{_FOUND} {_CHOSEN} | stats max(risk_score) as risk",
    ),
    Panel(
        "Cases by analytic and detection",
        "splunk.table",
        (0, 320, 720, 320),
        f"{_FOUND} {_CHOSEN} | stats count as cases max(risk_score) as risk max(_time) as last "
        'by analytic platform detection | eval last=strftime(last,"%F %T") | sort 0 - risk',
    ),
    Panel(
        "Risk over time",
        "splunk.area",
        (720, 320, 720, 320),
        f"{_FOUND} {_CHOSEN} | timechart span=1d sum(risk_score) by analytic",
        {"stackMode": "stacked"},
    ),
    Panel(
        "Cases, the newest first: click on one",
        "splunk.table",
        (0, 640, _WIDTH, 480),
        f"{_FOUND} {_CHOSEN} | sort 0 - _time "
        "| table last_time severity risk_score title verdict explanation detection finding_id",
        {"count": 20},
        "/app/TA_flowtrap/flowtrap_case?form.finding=$row.finding_id.value$",
    ),
)
_ONE = '`flowtrap_findings` finding_id="$finding$" | `flowtrap_one`'
_CASE = (
    Panel(
        "What happened",
        "splunk.table",
        (0, 0, _WIDTH, 160),
        f"{_ONE} | table title verdict severity risk_score explanation",
    ),
    Panel(
        "When, and how sure",
        "splunk.table",
        (0, 160, 720, 140),
        f"{_ONE} | table first_time last_time revision incomplete detection",
    ),
    Panel(
        "Who and what took part",
        "splunk.table",
        (720, 160, 720, 240),
        f"{_ONE} | spath path=entities{{}} output=one | fields one | mvexpand one "
        "| spath input=one | table type value",
    ),
    Panel(
        "Events of each stage",
        "splunk.bar",
        (0, 300, 720, 240),
        f"{_ONE} | spath path=evidence{{}} output=one | fields one | mvexpand one "
        "| spath input=one | stats count by stage",
    ),
    Panel(
        "Timeline of the evidence",
        "splunk.scatter",
        (0, 540, _WIDTH, 260),
        f"{_ONE} | `flowtrap_evidence` "
        '| eval moment=strptime(substr(time,1,19)."+0000","%Y-%m-%dT%H:%M:%S%z") '
        "| streamstats count as step | table stage moment step",
    ),
    Panel(
        "Evidence, in order",
        "splunk.table",
        (0, 800, _WIDTH, 480),
        f"{_ONE} | `flowtrap_evidence`",
        {"count": 50},
    ),
)
_SOURCES = (
    Panel(
        "Data sources: what came in",
        "splunk.table",
        (0, 0, _WIDTH, 400),
        "| tstats count max(_indextime) as newest where index=* by sourcetype "
        "| lookup flowtrap_sourcetypes sourcetype OUTPUT feed | where isnotnull(feed) "
        "| mvexpand feed | inputlookup append=true flowtrap_sources "
        "| stats sum(count) as events max(newest) as newest values(optional) as optional "
        "values(detections) as detections by feed "
        '| eval newest=if(isnull(newest),"never",strftime(newest,"%F %T"))'
        ", events=coalesce(events,0)"
        " | sort 0 events",
        {"count": 20},
    ),
    Panel(
        "Events over time",
        "splunk.line",
        (0, 400, 720, 320),
        "| tstats count where index=* by _time span=1h sourcetype "
        "| lookup flowtrap_sourcetypes sourcetype OUTPUT feed | where isnotnull(feed) "
        "| mvexpand feed | timechart span=1h sum(count) by feed",
    ),
    Panel(
        "Runs of the searches: slow or failed",
        "splunk.table",
        (720, 400, 720, 320),
        'index=_internal sourcetype=scheduler app="TA_flowtrap" savedsearch_name="Flowtrap*" '
        '| stats count as runs count(eval(status!="success")) as failed max(run_time) as slowest '
        "by savedsearch_name | sort 0 - failed - slowest",
    ),
    Panel(
        "Messages of the commands",
        "splunk.table",
        (0, 720, _WIDTH, 320),
        'index=_internal source="*ta_flowtrap*" (WARNING OR ERROR) | table _time source _raw',
    ),
)
_DETECTIONS = Panel(
    "Detections, and what each cannot see",
    "splunk.table",
    (0, 1040, _WIDTH, 480),
    "| inputlookup flowtrap_detections | sort 0 analytic detection",
    {"count": 40},
)
_HEALTH = "`flowtrap_input_health`"
_OF_INPUTS = (
    Panel(
        "Inputs: how the last run went",
        "splunk.table",
        (0, 0, _WIDTH, 300),
        f"{_HEALTH} | stats latest(state) as state latest(behind_s) as behind_s latest(lag_s) as "
        "lag_s max(_time) as last latest(message) as message by input "
        '| eval last=strftime(last,"%F %T") | sort 0 input',
    ),
    Panel(
        "Events delivered",
        "splunk.column",
        (0, 300, 720, 320),
        f"{_HEALTH} | timechart span=1h sum(events) by input",
        {"stackMode": "stacked"},
    ),
    Panel(
        "Seconds behind the vendor's log",
        "splunk.line",
        (720, 300, 720, 320),
        f"{_HEALTH} | timechart span=1h max(behind_s) by input",
    ),
    Panel(
        "What it took",
        "splunk.table",
        (0, 620, 720, 320),
        f"{_HEALTH} | stats count as runs sum(events) as events sum(bytes) as bytes sum(requests) "
        "as requests sum(throttles) as throttles sum(retries) as retries sum(duplicates) as "
        "duplicates by input | sort 0 input",
    ),
    Panel(
        "Errors by code",
        "splunk.table",
        (720, 620, 720, 320),
        f"{_HEALTH} | spath path=errors output=one | search one=* | table _time input one "
        "| sort 0 - _time",
    ),
)
_TIME = {
    "type": "input.timerange",
    "title": "Time",
    "options": {"token": "time", "defaultValue": "-30d@d,now"},
}


def _choice(title: str, token: str, values: tuple[str, ...]) -> dict[str, Any]:
    items = [{"label": "all", "value": "*"}, *({"label": v, "value": v} for v in values)]
    options = {"token": token, "items": items, "defaultValue": "*"}
    return {"type": "input.dropdown", "title": title, "options": options}


_INPUTS = {
    "flowtrap_cases": {
        "time": _TIME,
        "analytic": _choice("Analytic", "analytic", ("AN1053", "AN1054", "AN1055")),
        "severity": _choice(
            "Severity", "severity", ("informational", "low", "medium", "high", "critical")
        ),
    },
    "flowtrap_case": {
        "time": _TIME,
        "finding": {
            "type": "input.text",
            "title": "finding_id",
            "options": {"token": "finding", "defaultValue": ""},
        },
    },
    "flowtrap_sources": {"time": _TIME},
    "flowtrap_inputs": {"time": _TIME},
}
_VIEWS = {
    "flowtrap_cases": ("Cases", "What Flowtrap found, by analytic, platform and risk", _CASES),
    "flowtrap_case": ("One case", "A finding's story, entities and evidence", _CASE),
    "flowtrap_sources": (
        "Data sources",
        "Which logs come in, and whether searches run",
        (*_SOURCES, _DETECTIONS),
    ),
    "flowtrap_inputs": ("Health of inputs", "Whether they run, lag or fail", _OF_INPUTS),
}
_HELP = """\
<dashboard version="1.1">
  <label>Help</label>
  <row><panel><html>
    <h2>Flowtrap</h2>
    <p>An intruder lets a function, a flow or a script that belongs to you run code for him. Each
    search follows one such chain from the first write to the last act; events may arrive in any
    order.</p>
    <h3>First steps</h3>
    <ol>
      <li>Macros <code>flowtrap_FEED</code>: put your indexes in place of <code>index=*</code>.</li>
      <li>Macro <code>flowtrap_index</code>: the index that findings are kept in.</li>
      <li>The page <i>Data sources</i> shows which logs are missing, and what is blind without.</li>
      <li>The page <i>Configuration</i> holds windows and lists, each entry with an end.</li>
    </ol>
    <h3>Looking back</h3>
    <p>Any search can be run over any time:
    <code>`flowtrap_events_m365_flow_then_forwarding` | chaindetect
    detection=m365_flow_then_forwarding</code></p>
    <h3>A finding</h3>
    <p>A case has one <code>finding_id</code>. More evidence gives it a higher
    <code>revision</code>; dashboards show the last. A case that turns out to begin
    earlier goes on under another id: the old one is told once more, with
    <code>superseded_by</code>, and is shown no longer. What is of medium severity and more goes to
    Enterprise Security, where there is one.</p>
  </html></panel></row>
</dashboard>
"""


def dashboards() -> dict[str, str]:
    """Return each view's file name and text."""
    views = {
        f"{name}.xml": _xml(label, about, definition(name))
        for name, (label, about, _) in _VIEWS.items()
    }
    return {**views, "flowtrap_help.xml": _HELP}


def definition(name: str) -> dict[str, Any]:
    """Return a view's JSON."""
    label, about, panels = _VIEWS[name]
    shown = [_panel(panel, number) for number, panel in enumerate(panels)]
    height = max(y + h for _, _, (_, y, _, h), *_ in panels)
    return {
        "title": label,
        "description": about,
        "dataSources": {f"ds_{n}": _source(panel) for n, panel in enumerate(panels)},
        "visualizations": {f"viz_{n}": viz for n, viz in enumerate(shown)},
        "inputs": {f"input_{token}": row for token, row in _INPUTS[name].items()},
        "defaults": {},
        "layout": {
            "type": "absolute",
            "options": {"width": _WIDTH, "height": height, "display": "auto"},
            "structure": [
                {
                    "item": f"viz_{n}",
                    "type": "block",
                    "position": dict(zip(("x", "y", "w", "h"), panel.place, strict=True)),
                }
                for n, panel in enumerate(panels)
            ],
            "globalInputs": [f"input_{token}" for token in _INPUTS[name]],
        },
    }


def _source(panel: Panel) -> dict[str, Any]:
    when = {"earliest": "$time.earliest$", "latest": "$time.latest$"}
    options = {"query": panel.query, "queryParameters": when}
    return {"type": "ds.search", "name": panel.title, "options": options}


def _panel(panel: Panel, number: int) -> dict[str, Any]:
    viz: dict[str, Any] = {
        "type": panel.kind,
        "title": panel.title,
        "dataSources": {"primary": f"ds_{number}"},
        "options": panel.options,
    }
    if panel.click:
        link = {"url": panel.click, "newTab": False}
        viz["eventHandlers"] = [{"type": "drilldown.customUrl", "options": link}]
    return viz


def _xml(label: str, about: str, body: dict[str, Any]) -> str:
    text = json.dumps(body, indent=2, ensure_ascii=True)
    return (
        '<dashboard version="2" theme="light">\n'
        f"  <label>{escape(label)}</label>\n"
        f"  <description>{escape(about)}</description>\n"
        f"  <definition><![CDATA[\n{text}\n  ]]></definition>\n"
        "</dashboard>\n"
    )
