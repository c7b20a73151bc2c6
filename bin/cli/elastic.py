"""`flowtrap elastic <verb>`: what concerns Elasticsearch and Kibana."""

from __future__ import annotations

import click

from .lazy import LazyGroup

VERBS = {
    "deploy": "cli.elastic_deploy:deploy_verb",
    "rules": "cli.elastic_rules:rules_verb",
    "run": "cli.elastic_run:run_verb",
}


@click.group("elastic", cls=LazyGroup, later=VERBS)
def elastic_group() -> None:
    """Flowtrap over an Elasticsearch cluster, and in Kibana (docs/elastic.md)."""
