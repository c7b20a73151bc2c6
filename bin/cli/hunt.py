"""`flowtrap hunt PATH…`: exported logs in, findings out, no SIEM needed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from flowtrap.intake import Span
from flowtrap.model.finding import rfc3339
from flowtrap.output.json_lines import to_line
from flowtrap.pipeline import Hunt

from . import config, exit_codes
from .counters import counter_lines
from .messages import Messages
from .moments import Moment, order_problem
from .outlet import outlet
from .preparation import prepared
from .progress import shown
from .table import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.correlation.engine import Suppressed
    from flowtrap.model.detection import Detection
    from flowtrap.model.finding import Finding


class Request(NamedTuple):
    """What the command line asks for."""

    paths: tuple[str, ...]
    form: str
    output: str | None
    config_path: str | None
    since: int | None
    until: int | None
    names: tuple[str, ...]
    show_suppressed: bool
    fail_on_findings: bool
    accelerators: bool


@click.command("hunt")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "html"]), default="table",
    show_default=True,
    help="A block for each case, one JSON object a line, or a page for the browser.",
)  # fmt: skip
@click.option("--output", metavar="FILE", help="Write the findings there instead of to stdout.")
@click.option(
    "--config", "config_path", metavar="FILE", help="Settings; else flowtrap.yml here, if any."
)
@click.option("--since", type=Moment(), help="Leave out events before this time (UTC).")
@click.option("--until", type=Moment(end=True), help="Leave out events after this time (UTC).")
@click.option(
    "--detection", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated."
)
@click.option("--show-suppressed", is_flag=True, help="List what the allow-lists took out.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 3 if there is any finding.")
@click.option(
    "--accelerators/--no-accelerators", default=True, help="Use orjson where it is installed."
)
def hunt_verb(**options: Any) -> int:
    """Find cases in exported logs.

    PATH is a file, a folder, or - for standard input: .json .jsonl .ndjson .csv or text, plain
    or packed as .gz or .zst. What feed a file holds is told by its content.

    Findings go to standard output; messages, progress and counters to standard error.
    """
    return hunt(Request(**options))


def hunt(request: Request) -> int:
    """Read, correlate and write; return the exit code."""
    messages = Messages()
    now_ms = time.time_ns() // 1_000_000
    for problem in order_problem(request.since, request.until):
        raise click.UsageError(problem)
    detections, tunables = prepared(request.config_path, request.names, now_ms, messages)
    missing = _missing(request.paths)
    with ExitStack() as scratch, shown(messages.console, request.paths) as progress:
        run = Hunt(
            detections,
            tunables,
            spill=lambda: scratch.enter_context(TemporaryFile()),
            span=Span(request.since, request.until),
            accelerators=request.accelerators,
            report=messages.report,
            progress=progress,
        )
        run.read(request.paths)
        findings = run.findings()
    if request.form == "html":
        _write_page(request, run, findings, detections, messages, now_ms)
    else:
        _write(request, findings)
    _sum_up(request, run, messages)
    if _nothing_known(run, messages) or missing:
        return exit_codes.BAD_INPUT
    if findings and request.fail_on_findings:
        return exit_codes.FINDINGS
    return exit_codes.INCOMPLETE if run.incomplete else exit_codes.DONE


def _missing(paths: Sequence[str]) -> list[str]:
    """Return the paths that are not there; the hunt reports them and reads the others."""
    return [path for path in paths if path != "-" and not Path(path).exists()]


def _write(request: Request, findings: Sequence[Finding]) -> None:
    with outlet(request.output) as file:
        if request.form == "table":
            write_table(findings, file)
        else:
            file.writelines(f"{to_line(finding)}\n" for finding in findings)


def _write_page(
    request: Request,
    run: Hunt,
    findings: Sequence[Finding],
    detections: Sequence[Detection],
    messages: Messages,
    now_ms: int,
) -> None:
    from .html import report_page  # here, since only this form needs the template engine

    settings = str(config.find(request.config_path) or "")
    page = report_page(request, run, findings, detections, messages, now_ms, settings)
    with outlet(request.output) as file:
        file.write(page)


def _sum_up(request: Request, run: Hunt, messages: Messages) -> None:
    if request.show_suppressed:
        for row in run.suppressed:
            messages.say(_suppressed_line(row))
    for line in counter_lines(run.counters, run.incomplete):
        messages.say(line)


def _suppressed_line(row: Suppressed) -> str:
    entry, hit = row.entry, row.hit
    why = ", ".join(part for part in (entry.reason, entry.owner) if part) or "no reason given"
    return (
        f"suppressed: {rfc3339(hit.time_ms)} {row.detection}/{row.stage}: {hit.summary} "
        f"by {hit.actor or 'unknown'} ({row.tunable} {entry.pattern!r}: {why})"
    )


def _nothing_known(run: Hunt, messages: Messages) -> bool:
    """Tell whether nothing was there to hunt in, which must not pass for a clean bill."""
    counters = run.counters
    if counters.read == 0:
        messages.say("no records were found (name log files, or the folder that holds them)")
    elif counters.read == counters.unrecognised:
        messages.say("no record belongs to a known feed (see README.md for the feeds)")
    return counters.read in (0, counters.unrecognised)
