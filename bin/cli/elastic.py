"""`flowtrap elastic`: what concerns Elasticsearch and Kibana."""

from __future__ import annotations

import click

from .elastic_rules import rules_verb


@click.group("elastic")
def elastic_group() -> None:
    """Rules for Kibana's detection engine."""


elastic_group.add_command(rules_verb)
