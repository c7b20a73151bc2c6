"""`flowtrap elastic rules`: every detection as a Kibana rule, in one file to import."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import config, content, exit_codes
from .messages import Messages
from .outlet import outlet

if TYPE_CHECKING:
    from collections.abc import Callable


F = TypeVar("F", bound="Callable[..., Any]")


def lists_option(default: str) -> Callable[[F], F]:
    """Return the option that says how rules come to the lists of flowtrap.yml."""
    return click.option(
        "--lists",
        type=click.Choice(("compiled", "index")),
        default=default,
        show_default=True,
        help="Rules hold the lists of flowtrap.yml, or read them from the index flowtrap-lists.",
    )


@click.command("rules")
@click.option("--output", metavar="FILE", help="Where to write.  [default: stdout]")
@click.option(
    "--config", "config_path", metavar="FILE", help="Settings; else flowtrap.yml here, if any."
)
@click.option(
    "--detection", "names", multiple=True, metavar="NAME", help="Only this one; repeatable."
)
@click.option(
    "--by-namespace",
    is_flag=True,
    help="Never join events of different data stream namespaces (one for each customer, say).",
)
@click.option(
    "--runtime-fields",
    is_flag=True,
    help="For a cluster that was deployed to with --runtime-fields: read flattened fields.",
)
@lists_option("compiled")
def rules_verb(
    output: str | None,
    config_path: str | None,
    names: tuple[str, ...],
    by_namespace: bool,
    runtime_fields: bool,
    lists: str,
) -> int:
    """Write Kibana rules (NDJSON) for the detections.

    Import the file in Kibana under Security, Rules, Import. Rules come switched off. An import with
    "overwrite" updates them: their ids never change.
    """
    from compiler.elastic import export  # here, since pySigma takes its time to load

    messages, now_ms = Messages(), time.time_ns() // 1_000_000
    every = content.load()
    path = config.find(config_path)
    settings = config.read(path, every, now_ms) if path else config.Settings()
    for line in settings.expired:
        messages.say(line)
    chosen, site = settings.apply(content.select(every, names), now_ms)
    settled = export.settled_by(chosen, site)
    found = list(export.natives(content.DETECTIONS, settled, lists, runtime_fields=runtime_fields))
    lines = list(export.ndjson(export.rules(found, by_namespace=by_namespace)))
    with outlet(output) as file:
        file.writelines(lines)
    unsaid = [one.subject.name for one in found if not one.plan.verdicts]
    for name in unsaid:
        messages.say(f"{name}: has no native rule (see docs/elastic-rules.md); use elastic run")
    count = len(found) - len(unsaid)
    messages.say(f"{count} rules and {len(lines) - 1 - count} building blocks for their stages")
    return exit_codes.DONE
