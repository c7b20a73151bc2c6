"""`flowtrap elastic <verb>`: Flowtrap for Elasticsearch and Kibana (docs/elastic.md)."""

from __future__ import annotations

import click

from .elastic_rules import rules_verb
from .elastic_run import run_verb


@click.group("elastic")
def elastic_group() -> None:
    """Write rules for Kibana, install them, or run the core over a cluster."""


for verb in (rules_verb, run_verb):
    elastic_group.add_command(verb)
