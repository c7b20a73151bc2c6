"""Data views, a saved search and three dashboards over findings, as saved objects of Kibana.

Each visualization is an object of its own, made of aggregations: a form that Kibana has read since
version 7 and migrates itself. `saved_objects()` gives them in the order of their references.

Source: Kibana's saved objects `index-pattern`, `search`, `visualization`, `dashboard`: attributes
and references as its export writes them (8.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from .templates import FINDINGS_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Body = dict[str, Any]
VERSION = "8.1.0"
FINDINGS_VIEW, LOGS_VIEW = "flowtrap-findings", "flowtrap-logs"
CASES_SEARCH = "flowtrap-cases"
LOGS = (
    "logs-aws.cloudtrail-*,logs-aws.vpcflow-*,logs-gcp.audit-*,logs-azure.*-*,logs-o365.audit-*,"
    "logs-google_workspace.*-*"
)
_INDEX_REF = "kibanaSavedObjectMeta.searchSourceJSON.index"
_WIDE = 48  # columns of a dashboard


class Chart(NamedTuple):
    """One panel: `kind` is Kibana's type, `buckets` pairs of a role and a field, `size` w and h."""

    id: str
    title: str
    kind: str
    buckets: tuple[tuple[str, str], ...] = ()
    metric: tuple[str, str] = ("count", "")
    view: str = FINDINGS_VIEW
    size: tuple[int, int] = (24, 12)


class Board(NamedTuple):
    """One dashboard: its panels from left to right; with `search`, the cases at its foot."""

    id: str
    title: str
    description: str
    charts: tuple[Chart, ...]
    search: bool = False


_OVER_TIME, _ROW, _PART, _COLOUR = "segment", "bucket", "segment", "group"
BOARDS = (
    Board(
        "flowtrap-overview",
        "Flowtrap: cases",
        "Cases by analytic, platform, severity and risk over time.",
        (
            Chart("flowtrap-total", "Cases", "metric", size=(12, 8)),
            Chart(
                "flowtrap-worst", "Highest risk", "metric",
                metric=("max", "flowtrap.risk_score"), size=(12, 8),
            ),
            Chart(
                "flowtrap-severity", "Severity", "pie", ((_PART, "flowtrap.severity"),),
                size=(24, 8),
            ),
            Chart(
                "flowtrap-over-time", "Cases over time", "histogram",
                ((_OVER_TIME, "@timestamp"), (_COLOUR, "flowtrap.severity")),
            ),
            Chart(
                "flowtrap-risk-over-time", "Risk over time", "histogram",
                ((_OVER_TIME, "@timestamp"),), ("sum", "flowtrap.risk_score"),
            ),
            Chart("flowtrap-analytic", "Analytic", "pie", ((_PART, "flowtrap.analytic"),)),
            Chart("flowtrap-platform", "Platform", "pie", ((_PART, "flowtrap.platform"),)),
            Chart(
                "flowtrap-detection", "Detection and verdict", "table",
                ((_ROW, "rule.name"), (_ROW, "flowtrap.verdict")),
            ),
            Chart("flowtrap-entities", "Who and what", "table", ((_ROW, "related.entity"),)),
        ),
        search=True,
    ),
    Board(
        "flowtrap-case",
        "Flowtrap: one case",
        "Filter by flowtrap.finding_id, or pick a case in the list; its evidence is told here.",
        (
            Chart(
                "flowtrap-case-stages", "Stages", "table",
                ((_ROW, "flowtrap.evidence_totals.stage"),),
            ),
            Chart("flowtrap-case-actors", "Actors", "table", ((_ROW, "flowtrap.evidence.actor"),)),
            Chart(
                "flowtrap-case-evidence", "What was done (first 20 a stage)", "table",
                ((_ROW, "flowtrap.evidence.summary"),), size=(48, 16),
            ),
        ),
        search=True,
    ),
    Board(
        "flowtrap-health",
        "Flowtrap: data health",
        "What the feeds bring, and cases that were judged on incomplete data.",
        (
            Chart(
                "flowtrap-feeds", "Events by data set", "table",
                ((_ROW, "data_stream.dataset"),), view=LOGS_VIEW,
            ),
            Chart(
                "flowtrap-latest", "Latest event by data set", "table",
                ((_ROW, "data_stream.dataset"),), ("max", "@timestamp"), view=LOGS_VIEW,
            ),
            Chart(
                "flowtrap-feeds-over-time", "Events over time", "histogram",
                ((_OVER_TIME, "@timestamp"), (_COLOUR, "data_stream.dataset")),
                view=LOGS_VIEW, size=(48, 14),
            ),
            Chart(
                "flowtrap-incomplete", "Cases on incomplete data", "pie",
                ((_PART, "flowtrap.incomplete"),),
            ),
        ),
    ),
)  # fmt: skip
CASE_COLUMNS = (
    "flowtrap.severity",
    "flowtrap.risk_score",
    "rule.name",
    "flowtrap.explanation",
    "flowtrap.evidence.summary",
    "flowtrap.finding_id",
)


def saved_objects() -> Iterator[Body]:
    """Yield every object; what an object refers to comes before it."""
    yield _data_view(FINDINGS_VIEW, f"{FINDINGS_INDEX}*", "Flowtrap findings")
    yield _data_view(LOGS_VIEW, LOGS, "Flowtrap source logs")
    yield _search()
    for board in BOARDS:
        yield from map(_visualization, board.charts)
        yield _dashboard(board)


def _saved(kind: str, key: str, attributes: Body, references: Sequence[Body] = ()) -> Body:
    return {
        "type": kind,
        "id": key,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": VERSION,
    }


def _data_view(key: str, title: str, name: str) -> Body:
    return _saved(
        "index-pattern", key, {"title": title, "name": name, "timeFieldName": "@timestamp"}
    )


def _search() -> Body:
    attributes = {
        "title": "Flowtrap cases",
        "description": "Every case, the latest first.",
        "columns": list(CASE_COLUMNS),
        "sort": [["@timestamp", "desc"]],
        "kibanaSavedObjectMeta": {"searchSourceJSON": _source()},
    }
    return _saved("search", CASES_SEARCH, attributes, [_view_reference(FINDINGS_VIEW)])


def _source() -> str:
    return json.dumps(
        {"query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": _INDEX_REF}
    )


def _view_reference(view: str) -> Body:
    return {"type": "index-pattern", "id": view, "name": _INDEX_REF}


def _visualization(chart: Chart) -> Body:
    state = {
        "title": chart.title,
        "type": chart.kind,
        "params": _params(chart.kind),
        "aggs": [_metric(chart), *(_bucket(n, *pair) for n, pair in enumerate(chart.buckets, 2))],
    }
    attributes = {
        "title": f"Flowtrap: {chart.title}",
        "description": "",
        "visState": json.dumps(state),
        "uiStateJSON": "{}",
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _source()},
    }
    return _saved("visualization", chart.id, attributes, [_view_reference(chart.view)])


def _metric(chart: Chart) -> Body:
    kind, field = chart.metric
    params = {"field": field} if field else {}
    return {"id": "1", "enabled": True, "type": kind, "schema": "metric", "params": params}


def _bucket(number: int, schema: str, field: str) -> Body:
    head = {"id": str(number), "enabled": True, "schema": schema}
    if field == "@timestamp":
        params: Body = {"field": field, "interval": "auto", "min_doc_count": 1}
        return {**head, "type": "date_histogram", "params": params}
    params = {"field": field, "orderBy": "1", "order": "desc", "size": 20}
    return {**head, "type": "terms", "params": params}


def _params(kind: str) -> Mapping[str, Any]:
    if kind == "table":
        return {"perPage": 10, "showPartialRows": False, "showTotal": False, "totalFunc": "sum"}
    if kind == "pie":
        return {"type": "pie", "isDonut": True, "addTooltip": True, "legendPosition": "right"}
    if kind == "metric":
        return {"addTooltip": True, "metric": {"style": {"fontSize": 40}, "labels": {"show": True}}}
    return {"type": "histogram", "addTooltip": True, "addLegend": True, "legendPosition": "right"}


def _dashboard(board: Board) -> Body:
    panels, references = [], []
    for number, (kind, key, grid) in enumerate(_placed(board)):
        name = f"panel_{number}"
        panels.append(
            {
                "panelIndex": str(number),
                "gridData": {**grid, "i": str(number)},
                "version": VERSION,
                "type": kind,
                "panelRefName": name,
                "embeddableConfig": {},
            }
        )
        references.append({"type": kind, "id": key, "name": f"{number}:{name}"})
    attributes = {
        "title": board.title,
        "description": board.description,
        "panelsJSON": json.dumps(panels),
        "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
        "version": 1,
        "timeRestore": True,
        "timeFrom": "now-30d",
        "timeTo": "now",
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}})
        },
    }
    return _saved("dashboard", board.id, attributes, references)


def _placed(board: Board) -> Iterator[tuple[str, str, Body]]:
    """Yield type, id and place of each panel; a row ends where the next one does not fit."""
    x = y = height = 0
    for chart in board.charts:
        width, high = chart.size
        if x + width > _WIDE:
            x, y, height = 0, y + height, 0
        yield "visualization", chart.id, {"x": x, "y": y, "w": width, "h": high}
        x, height = x + width, max(height, high)
    if board.search:
        yield "search", CASES_SEARCH, {"x": 0, "y": y + height, "w": _WIDE, "h": 18}
