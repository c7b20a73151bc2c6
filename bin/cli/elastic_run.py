"""`flowtrap elastic run`: the events of a cluster in, findings into an index of it."""

from __future__ import annotations

import gc
import signal
import time
from typing import TYPE_CHECKING, Any, NoReturn

import click

from elastic.client import Cluster, connect
from elastic.run import Run, Times
from elastic.selection import day_of
from elastic.sink import Sink
from elastic.sources import FEEDS, sources
from elastic.state import IndexState
from elastic.templates import FINDINGS_INDEX
from flowtrap.model.errors import FlowtrapError
from flowtrap.model.window import span_ms

from . import exit_codes
from .counters import counter_lines
from .elastic_connection import access, connection_options
from .messages import Messages
from .moments import Moment
from .preparation import prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_LOOK_MS = span_ms("7d")


class Length(click.ParamType[int]):
    """A time span such as 30s, 10m, 2h or 1d, as milliseconds."""

    name = "SPAN"

    def __init__(self, *, least_ms: int = 1) -> None:
        self._least_ms = least_ms

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return milliseconds."""
        try:
            length_ms = span_ms(str(value))
        except FlowtrapError:
            length_ms = -1
        if length_ms < self._least_ms:
            self.fail(f"{value!r} is not a time span: use 30s, 10m, 2h or 1d", param, ctx)
        return length_ms


@click.command("run", context_settings={"show_default": True})
@connection_options
@click.option(
    "--index",
    "indices",
    multiple=True,
    metavar="FEED=PATTERN",
    help="Where a feed is kept, if not where the Elastic integrations put it; may be repeated.",
)
@click.option("--output", default=FINDINGS_INDEX, help="The index of the findings.")
@click.option("--state", default="default", help="The name of the saved state.")
@click.option("--since", type=Moment(), help="Where the first run begins.  [default: 7 days ago]")
@click.option(
    "--lateness", type=Length(), default="2h", help="How late an event may come and still count."
)
@click.option(
    "--step",
    type=Length(),
    default="30d",
    help="How much time is read before cases are judged, at most.",
)
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=200_000,
    show_default=True,
    help="How many documents are read before cases are judged, at most.",
)
@click.option(
    "--save-every",
    type=Length(least_ms=0),
    default="5m",
    help="How long to work before the state is saved on the way; it always is at the end.",
)
@click.option("--final", is_flag=True, help="Judge open cases as if nothing more came.")
@click.option(
    "--slices",
    type=click.IntRange(1, 32),
    default=2,
    help="How many pages are asked for at a time.",
)
@click.option(
    "--patience",
    type=Length(),
    default="5m",
    help="How long to ask again a cluster that is busy or away.",
)
@click.option("--config", "config_path", metavar="FILE", help="Settings; else flowtrap.yml here.")
@click.option("--detection", "names", multiple=True, metavar="NAME", help="Only this one.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 3 if any finding was written.")
def run_verb(**options: Any) -> int:
    """Find cases in the events of a cluster and write them into an index of it.

    The first run reads the last seven days; each later one goes on from where the state that is
    saved in the cluster ends. Run it from a scheduler, every few minutes.
    """  # fmt: skip
    return run(options)


def run(options: dict[str, Any]) -> int:
    """Do one run; return the exit code."""
    gc.set_threshold(50_000)  # what is kept are long-lived hits without cycles
    messages = Messages()
    now_ms = time.time_ns() // 1_000_000
    place = access(options)
    detections, tunables = prepared(options["config_path"], options["names"], now_ms, messages)
    feeds = dict.fromkeys(stage.feed for d in detections for stage in d.stages.values())
    cluster = Cluster(connect(place), place.place, patience_s=options["patience"] / 1000)
    state = IndexState(cluster, options["state"])
    one = Run(
        cluster,
        sources(feeds, _patterns(options["indices"])),
        detections,
        tunables,
        state=state,
        sink=Sink(cluster, options["output"]),
        times=Times(
            now_ms - FIRST_LOOK_MS if options["since"] is None else options["since"],
            now_ms,
            options["step"],
            options["lateness"],
            options["save_every"],
        ),
        slices=options["slices"],
        batch=options["batch"],
        final=options["final"],
        say=messages.say,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        one.go()
    except KeyboardInterrupt:
        cluster.stop()
        messages.say(f"stopped: {_progress(one, state.place)}")
        return exit_codes.INTERRUPTED
    except FlowtrapError as error:
        messages.say(str(error))
        messages.say(f"given up: {_progress(one, state.place)}")
        return exit_codes.BAD_INPUT
    return _sum_up(one, options, state.place, messages)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _patterns(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        feed, _, pattern = pair.partition("=")
        if feed not in FEEDS or not pattern:
            known = ", ".join(FEEDS)
            raise click.UsageError(f"--index: {pair!r} is no FEED=PATTERN (feeds are {known})")
        found[feed] = pattern
    return found


def _progress(one: Run, state_place: str) -> str:
    if one.saved_until_ms is None:
        return "no state was saved, the next run begins at the same place"
    return f"the next run goes on from {day_of(one.saved_until_ms)} ({state_place})"


def _sum_up(one: Run, options: dict[str, Any], state_place: str, messages: Messages) -> int:
    for line in counter_lines(one.counters, one.incomplete):
        messages.say(line)
    if one.rebuilt:
        messages.say(
            f"{one.rebuilt:,} documents kept no event.original, so their fields were read"
            " (docs/elastic-mapping.md tells what those lack)"
        )
    written = one.written
    count = written.created + written.updated
    messages.say(
        f"{options['output']}: {written.created:,} findings are new, {written.updated:,} written"
        f" again; {_progress(one, state_place)}"
    )
    if count and options["fail_on_findings"]:
        return exit_codes.FINDINGS
    return exit_codes.INCOMPLETE if one.incomplete else exit_codes.DONE
