"""The feeds that Flowtrap reads, and which of them a record is of.

Example: `recognise({"eventSource": "lambda.amazonaws.com", "eventName": "Invoke"}).name` is
`aws_cloudtrail`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import (
    aws_cloudtrail,
    aws_vpcflow,
    azure_activity,
    azure_functions,
    entra_audit,
    gcp_audit,
    gws_reports,
    gws_script_content,
    gws_script_logs,
    m365_audit,
    m365_flow_definitions,
    m365_graph,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.feed import FeedSpec

FEEDS: tuple[FeedSpec, ...] = (
    aws_cloudtrail.SPEC,
    aws_vpcflow.SPEC,
    gcp_audit.SPEC,
    azure_activity.SPEC,
    azure_functions.SPEC,
    entra_audit.SPEC,
    m365_audit.SPEC,
    m365_graph.SPEC,
    m365_flow_definitions.SPEC,
    gws_reports.SPEC,
    gws_script_logs.SPEC,
    gws_script_content.SPEC,
)


def recognise(record: Mapping[str, Any], likely: FeedSpec | None = None) -> FeedSpec | None:
    """Return the feed that a record is of, by its content, or None.

    No record is of two feeds, so one that is `likely` may be asked first.
    """
    if likely is not None and likely.recognise(record):
        return likely
    for spec in FEEDS:
        if spec.recognise(record):
            return spec
    return None
