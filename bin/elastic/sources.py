"""Where a cluster keeps each feed, and what of its documents is needed.

The patterns and fields are those of the Elastic integrations; a site with others names them
(`--index aws_cloudtrail=my-trail-*`).
Source: https://www.elastic.co/docs/reference/integrations, the page of each integration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ORIGINAL = "event.original"


class Feed(NamedTuple):
    """A feed's place: its index pattern, the `event.dataset` of its documents, its own fields.

    `operation`: whether `event.action` is the native field that names the operation
    (FeedSpec.name_field), unchanged.
    """

    pattern: str
    dataset: str
    fields: tuple[str, ...]
    operation: bool = False


FEEDS: Mapping[str, Feed] = {
    "aws_cloudtrail": Feed(
        "logs-aws.cloudtrail-*", "aws.cloudtrail", ("aws", "cloud", "user_agent", "tls"), True
    ),
    "aws_vpcflow": Feed("logs-aws.vpcflow-*", "aws.vpcflow", ("aws", "cloud", "network")),
    "gcp_audit": Feed("logs-gcp.audit-*", "gcp.audit", ("gcp", "cloud", "service", "log")),
    "azure_activity": Feed("logs-azure.activitylogs-*", "azure.activitylogs", ("azure", "cloud")),
    "azure_functions": Feed(
        "logs-azure.platformlogs-*,logs-azure_functions.functionapplogs-*", "", ("azure", "cloud")
    ),
    "entra_audit": Feed(
        "logs-azure.auditlogs-*,logs-azure.signinlogs-*", "", ("azure", "cloud", "user_agent")
    ),
    "m365_audit": Feed("logs-o365.audit-*", "o365.audit", ("o365", "organization"), True),
    "m365_graph": Feed("logs-azure.graphactivitylogs-*", "", ("azure", "http", "url")),
    "gws_reports": Feed("logs-google_workspace.*", "", ("google_workspace", "organization")),
    "gws_script_logs": Feed("logs-gcp_pubsub.generic-*", "", ("gcp", "cloud")),
}
# What documents of every integration hold of their event, beside their own fields.
COMMON = ("@timestamp", "message", "event", "user", "source", "destination", "related")


class Source(NamedTuple):
    """An index pattern to read, and the feeds that it may hold."""

    pattern: str
    feeds: tuple[str, ...]

    @property
    def fields(self) -> list[str]:
        """Return the fields of `_source` that are fetched."""
        own = {name: None for feed in self.feeds for name in FEEDS[feed].fields}
        return [*COMMON, *own]


def sources(feeds: Iterable[str], patterns: Mapping[str, str]) -> list[Source]:
    """Return what is to be read for some feeds; `patterns` names a site's own by feed."""
    by_pattern: dict[str, list[str]] = {}
    for feed in feeds:
        by_pattern.setdefault(patterns.get(feed) or FEEDS[feed].pattern, []).append(feed)
    return [Source(pattern, tuple(names)) for pattern, names in by_pattern.items()]
