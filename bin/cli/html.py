"""`hunt --format html`: what a run knows, handed to the report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import flowtrap as core
from report import Known, Run, render

from . import content
from .counters import loss_text
from .progress import shown
from .second_look import raw_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.model.detection import Detection
    from flowtrap.model.finding import Finding
    from flowtrap.pipeline import Hunt

    from .hunt import Request
    from .messages import Messages


def report_page(
    request: Request,
    run: Hunt,
    findings: Sequence[Finding],
    detections: Sequence[Detection],
    messages: Messages,
    now_ms: int,
    settings: str,
) -> str:
    """Return the report of a hunt as one HTML document.

    With SOURCE_DATE_EPOCH set (https://reproducible-builds.org/specs/source-date-epoch/) equal runs
    give equal bytes.
    """
    about = Run(
        inputs=request.paths,
        counters=run.counters.to_dict(),
        incomplete=run.incomplete,
        reason=_why(run),
        messages=tuple(messages.lines),
        suppressed=run.suppressed if request.show_suppressed else None,
        detections=len(detections),
        settings=settings,
        since_ms=request.since,
        until_ms=request.until,
        made_ms=_made_ms(now_ms),
        version=core.__version__,
    )
    with shown(messages.console, request.paths) as progress:
        raw = raw_events(
            request.paths, findings, accelerators=request.accelerators, progress=progress
        )
    return render(findings, about, known=_known(detections, findings), raw=raw)


def _made_ms(now_ms: int) -> int:
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(fixed) * 1000 if fixed.isascii() and fixed.isdigit() else now_ms


def _why(run: Hunt) -> str:
    if not run.incomplete:
        return ""
    lost = loss_text(run.counters)
    return f"Of the records, {lost}" if lost else "Not all input could be read, see its messages"


def _known(detections: Sequence[Detection], findings: Sequence[Finding]) -> dict[str, Known]:
    """Return the detections that fired, with what their files say of them."""
    fired = {finding.detection for finding in findings}
    prose = content.prose(fired)
    return {
        detection.name: Known(detection, *prose.get(detection.name, ("", {})))
        for detection in detections
        if detection.name in fired
    }
