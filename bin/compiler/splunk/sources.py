"""Where Splunk keeps each feed: a macro, its sourcetypes, and whether the log is on by default.

Example: `SOURCES["m365_audit"].macro` is `flowtrap_m365_audit`, whose definition names index and
sourcetype in one place. Source of the sourcetypes: those of Splunk's own add-ons (AWS, Google Cloud
Platform, Microsoft Cloud Services, Office 365, Google Workspace).
"""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A feed's place in Splunk. `words` narrows a sourcetype that several feeds share."""

    feed: str
    sourcetypes: tuple[str, ...]
    words: str = ""
    on_by_default: bool = True

    @property
    def macro(self) -> str:
        """Return the macro's name."""
        return f"flowtrap_{self.feed}"

    @property
    def definition(self) -> str:
        """Return what the macro stands for until a site narrows it to its indexes."""
        types = " OR ".join(f'sourcetype="{name}"' for name in self.sourcetypes)
        narrowed = f" ({self.words})" if self.words else ""
        return f"(index=* ({types}){narrowed})"


_GOOGLE = tuple(
    f"google:gcp:pubsub:{kind}"
    for kind in (
        "message",
        "audit:admin_activity",
        "audit:data_access",
        "audit:system_event",
        "audit:policy_denied",
    )
)
_EVENT_HUB = ("mscs:azure:eventhub",)
_FUNCTION_LOGS = "FunctionAppLogs OR AppServiceHTTPLogs OR WorkflowRuntime OR AuditEvent"

_ALL = (
    Source("aws_cloudtrail", ("aws:cloudtrail",)),
    Source("aws_vpcflow", ("aws:cloudwatchlogs:vpcflow",), on_by_default=False),
    Source("gcp_audit", _GOOGLE),
    Source("azure_activity", ("azure:monitor:activity", "mscs:azure:audit", *_EVENT_HUB)),
    Source(
        "azure_functions",
        ("azure:monitor:resource", "azure:monitor:activity", *_EVENT_HUB),
        _FUNCTION_LOGS,
        on_by_default=False,
    ),
    Source("entra_audit", ("azure:monitor:aad", *_EVENT_HUB)),
    Source("m365_audit", ("o365:management:activity",)),
    Source(
        "m365_graph",
        ("azure:monitor:aad", *_EVENT_HUB),
        "MicrosoftGraphActivityLogs",
        on_by_default=False,
    ),
    Source("m365_flow_definitions", ("flowtrap:flow_definition",), on_by_default=False),
    Source("gws_reports", ("gws:reports:*", "gsuite:drive:json")),
    Source("gws_script_logs", _GOOGLE, "app_script_function", on_by_default=False),
    Source(
        "gws_script_content",
        ("flowtrap:script_content", "flowtrap:script_process"),
        on_by_default=False,
    ),
)
SOURCES = {source.feed: source for source in _ALL}

# Definitions and code are longer than the 10,000 bytes at which Splunk cuts events off as shipped.
LONG_EVENTS = {
    sourcetype: {"KV_MODE": "json", "SHOULD_LINEMERGE": "false", "TRUNCATE": "0"}
    for feed in ("m365_flow_definitions", "gws_script_content")
    for sourcetype in SOURCES[feed].sourcetypes
}
