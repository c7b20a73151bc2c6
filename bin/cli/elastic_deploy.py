"""`flowtrap elastic deploy`: templates, lists, rules and dashboards into a cluster and Kibana."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from elastic.client import Cluster, connect
from elastic.cluster_shelves import Lists, Templates
from elastic.columns_shelf import Columns
from elastic.dashboards import saved_objects
from elastic.kibana import Kibana
from elastic.kibana_shelves import Exceptions, Rules, SavedObjects
from elastic.runtime_fields import RuntimeFields
from elastic.shelf import carry_out, plan, removal

from . import content, exit_codes
from .elastic_connection import access, connection_options
from .elastic_rules import lists_option
from .messages import Messages
from .preparation import prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from compiler.elastic.export import Native
    from elastic.shelf import Shelf, Step
    from flowtrap.model.detection import Detection
    from flowtrap.model.tunable import Tunables

PATIENCE_S = 60


@click.command("deploy")
@connection_options
@click.option(
    "--kibana",
    envvar="FLOWTRAP_KIBANA_URL",
    show_envvar=True,
    help="https://HOST:5601. Without it, only what lives in Elasticsearch is installed.",
)
@click.option("--space", default="", help="The space of Kibana.  [default: the default space]")
@click.option("--config", "config_path", metavar="FILE", help="Settings; else flowtrap.yml here.")
@click.option(
    "--runtime-fields",
    is_flag=True,
    help="Let rules read flattened fields: adds runtime fields to the integrations' data streams.",
)
@lists_option("index")
@click.option("--remove", is_flag=True, help="Take away all that deploy installed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def deploy_verb(
    kibana: str | None,
    space: str,
    config_path: str | None,
    runtime_fields: bool,
    lists: str,
    remove: bool,
    yes: bool,
    **where: Any,
) -> int:
    """Install index templates, lists, columns, rules, data views and dashboards.

    Shows what it would do, asks once, and changes only what differs: run it again after every
    change of flowtrap.yml or of the detections. Rules come switched off, and an update leaves them
    as they are. --remove takes away exactly what deploy installed; findings and states stay.
    """  # fmt: skip
    place, messages = access(where), Messages()
    detections, site = prepared(config_path, (), time.time_ns() // 1_000_000, messages)
    cluster = Cluster(connect(place), place.place, patience_s=PATIENCE_S)
    in_kibana: list[Shelf] = []
    if kibana:
        one = Kibana(kibana, place, space=space)
        found = _natives(detections, site, lists, runtime_fields=runtime_fields)
        in_kibana = _in_kibana(one, found, messages)
    index = _lookup(cluster, detections, site, lists)
    # The index comes before rules that ask it, and goes after they have ceased to.
    of_rules = [index, *in_kibana] if index.wanted else [*in_kibana, index]
    shelves: list[Shelf] = [Templates(cluster), Columns(cluster)]
    if runtime_fields or remove:
        shelves.append(RuntimeFields(cluster))
    shelves += of_rules
    steps = removal(shelves) if remove else plan(shelves)
    return _do(steps, yes, messages)


def _lookup(cluster: Cluster, detections: Sequence[Detection], site: Tunables, lists: str) -> Lists:
    """Return the shelf of the lookup index; with compiled lists nothing asks it, so it goes."""
    from compiler.elastic import lookup  # here, since pySigma takes its time to load

    wanted = {
        "settings": lookup.settings(),
        "mappings": lookup.mappings(detections),
        "rows": lookup.rows(detections, site),
    }
    return Lists(cluster, lookup.INDEX, wanted if lists == "index" else None)


def _natives(
    detections: Sequence[Detection], site: Tunables, lists: str, *, runtime_fields: bool
) -> Iterator[Native]:
    from compiler.elastic import export  # here, since pySigma takes its time to load

    settled = export.settled_by(detections, site)
    return export.natives(content.DETECTIONS, settled, lists, runtime_fields=runtime_fields)


def _in_kibana(one: Kibana, found: Iterable[Native], messages: Messages) -> list[Shelf]:
    """Return the shelves of Kibana, after a look at its version."""
    from compiler.elastic import export

    messages.say(f"{one.place}: Kibana {one.check_version()}")
    exceptions, *rules = map(json.loads, export.ndjson(export.rules(found)))
    return [Exceptions(one, exceptions), Rules(one, rules), SavedObjects(one, saved_objects())]


def _do(steps: Sequence[Step], yes: bool, messages: Messages) -> int:
    """Show the steps, ask, and carry out those that change something."""
    for step in steps:
        click.echo(str(step))
    changes = [step for step in steps if step.verb != "keep"]
    if not changes:
        messages.say("all is as it should be: nothing to do")
        return exit_codes.DONE
    if not yes and not _agreed():
        messages.say("nothing was changed; with --yes it is done without asking")
        return exit_codes.DONE
    for step in changes:
        carry_out(step)
        messages.say(f"done: {step}")
    return exit_codes.DONE


def _agreed() -> bool:
    return sys.stdin.isatty() and click.confirm("Do this?", err=True)
