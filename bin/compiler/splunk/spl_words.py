"""The part of SPL that our searches use: commands with their options, and functions with how many
arguments they take. What is not here is an error, so that a slip of the pen cannot pass for SPL.

Source: Splunk Search Reference 9.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MANY = 99
# Command -> its options, by name.
COMMANDS: Mapping[str, frozenset[str]] = {
    name: frozenset(options.split())
    for name, options in {
        "search": "",
        "eval": "",
        "where": "",
        "fields": "",
        "table": "",
        "sort": "",
        "dedup": "keepevents keepempty consecutive",
        "stats": "allnum delim",
        "streamstats": "current window global reset_on_change",
        "timechart": "span bins limit useother usenull",
        "tstats": "prestats local append summariesonly allow_old_summaries span",
        "lookup": "local update event_time_field",
        "inputlookup": "append start max strict",
        "mvexpand": "limit",
        "spath": "input output path",
        "collect": "index sourcetype source host testmode run_in_preview output_format marker "
        "addtime spool file",
        "format": "mvsep maxresults emptystr",
        "rename": "",
    }.items()
}
CUSTOM: Mapping[str, frozenset[str]] = {
    "chaindetect": frozenset(
        ["detection", "state", "lateness", "silence", "window", "explain", "final", "maxhits"]
    ),
}
GENERATING = frozenset(("tstats", "inputlookup"))
FUNCTIONS: Mapping[str, tuple[int, int]] = {  # eval and where
    "abs": (1, 1),
    "case": (2, MANY),
    "ceiling": (1, 1),
    "coalesce": (1, MANY),
    "floor": (1, 1),
    "if": (3, 3),
    "in": (2, MANY),
    "isnotnull": (1, 1),
    "isnull": (1, 1),
    "len": (1, 1),
    "like": (2, 2),
    "lower": (1, 1),
    "match": (2, 2),
    "mvcount": (1, 1),
    "mvdedup": (1, 1),
    "mvfilter": (1, 1),
    "mvfind": (2, 2),
    "mvindex": (2, 3),
    "mvjoin": (2, 2),
    "now": (0, 0),
    "null": (0, 0),
    "replace": (3, 3),
    "round": (1, 2),
    "split": (2, 2),
    "spath": (2, 2),
    "strftime": (2, 2),
    "strptime": (2, 2),
    "substr": (2, 3),
    "time": (0, 0),
    "tonumber": (1, 2),
    "tostring": (1, 2),
    "upper": (1, 1),
}
AGGREGATES: Mapping[str, tuple[int, int]] = {
    "avg": (1, 1),
    "c": (0, 1),
    "count": (0, 1),
    "dc": (1, 1),
    "earliest": (1, 1),
    "first": (1, 1),
    "last": (1, 1),
    "latest": (1, 1),
    "list": (1, 1),
    "max": (1, 1),
    "min": (1, 1),
    "sum": (1, 1),
    "values": (1, 1),
}
KEYWORDS = frozenset(("and", "or", "not", "xor", "in", "like", "true", "false", "null"))
# Fields that any event of an index has.
OF_ANY_EVENT = frozenset(
    [
        "_time",
        "_raw",
        "_indextime",
        "index",
        "sourcetype",
        "source",
        "host",
        "splunk_server",
        "eventtype",
        "tag",
    ]
)
# Columns of chaindetect, which are those of a finding kept as JSON too but for the last row.
OF_FINDINGS = frozenset(
    [
        "finding_id",
        "revision",
        "superseded_by",
        "detection",
        "title",
        "analytic",
        "strategy",
        "verdict",
        "severity",
        "risk_score",
        "first_time",
        "last_time",
        "explanation",
        "entities",
        "evidence",
        "evidence_totals",
        "incomplete",
        "techniques",
    ]
)
OF_ENTITIES = frozenset(
    [
        "function",
        "flow",
        "script",
        "user",
        "role",
        "service_account",
        "app",
        "src",
        "dest",
        "url",
        "account",
    ]
)
