"""Where a cluster keeps each feed, and what of its documents is needed.

The patterns and fields are those of the Elastic integrations; a site with others names them
(`--index aws_cloudtrail=my-trail-*`).
Source: https://www.elastic.co/docs/reference/integrations, the page of each integration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Feed(NamedTuple):
    """A feed's place: its index pattern, and its own field of documents."""

    pattern: str
    field: str


FEEDS: Mapping[str, Feed] = {
    "aws_cloudtrail": Feed("logs-aws.cloudtrail-*", "aws"),
    "aws_vpcflow": Feed("logs-aws.vpcflow-*", "aws"),
    "gcp_audit": Feed("logs-gcp.audit-*", "gcp"),
    "azure_activity": Feed("logs-azure.activitylogs-*", "azure"),
    "azure_functions": Feed(
        "logs-azure.platformlogs-*,logs-azure_functions.functionapplogs-*,"
        "logs-azure_app_service.app_service_logs-*",
        "azure",
    ),
    "entra_audit": Feed("logs-azure.auditlogs-*,logs-azure.signinlogs-*", "azure"),
    "m365_audit": Feed("logs-o365.audit-*", "o365"),
    "m365_graph": Feed("logs-azure.graphactivitylogs-*", "azure"),
    "gws_reports": Feed("logs-google_workspace.*", "google_workspace"),
    "gws_script_logs": Feed("logs-gcp_pubsub.generic-*", "gcp"),
    # What Flowtrap's own inputs read of flows and scripts: no integration has it.
    "m365_flow_definitions": Feed("logs-flowtrap.flow_definitions-*", "flowtrap"),
    "gws_script_content": Feed("logs-flowtrap.script_content-*", "flowtrap"),
}
# What documents of every integration tell of an event, beside the vendor's own fields; `message`
# and `event.original` hold the record itself where it was kept.
COMMON = (
    "@timestamp", "message", "event", "user", "source", "destination", "client", "cloud",
    "user_agent", "network", "http", "url", "file", "log", "service", "organization",
)  # fmt: skip


class Source(NamedTuple):
    """An index pattern to read, and the feeds that it may hold."""

    pattern: str
    feeds: tuple[str, ...]

    @property
    def fields(self) -> list[str]:
        """Return the fields of `_source` that are fetched."""
        own = dict.fromkeys(FEEDS[feed].field for feed in self.feeds)
        return [*COMMON, *own]


def sources(feeds: Iterable[str], patterns: Mapping[str, str]) -> list[Source]:
    """Return what is to be read for some feeds; `patterns` names a site's own by feed."""
    by_pattern: dict[str, list[str]] = {}
    for feed in feeds:
        by_pattern.setdefault(patterns.get(feed) or FEEDS[feed].pattern, []).append(feed)
    return [Source(pattern, tuple(names)) for pattern, names in by_pattern.items()]
