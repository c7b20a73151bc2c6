"""`flowtrap elastic <verb>`: what concerns Elasticsearch and Kibana."""

from __future__ import annotations

import click

from .elastic_deploy import deploy_verb
from .elastic_rules import rules_verb
from .elastic_run import run_verb


@click.group("elastic")
def elastic_group() -> None:
    """Flowtrap over an Elasticsearch cluster, and in Kibana (docs/elastic.md)."""


for verb in (rules_verb, deploy_verb, run_verb):
    elastic_group.add_command(verb)
