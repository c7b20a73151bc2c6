"""`flowtrap elastic <verb>`: Flowtrap over an Elasticsearch cluster."""

from __future__ import annotations

import click

from .elastic_run import run_verb


@click.group("elastic")
def elastic_group() -> None:
    """Run Flowtrap over an Elasticsearch cluster (docs/elastic.md)."""


for verb in (run_verb,):
    elastic_group.add_command(verb)
