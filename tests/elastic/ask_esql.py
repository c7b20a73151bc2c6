"""Elastic's offline validator over rules, in an environment of its own: JSON in, JSON out.

    .venv-esql/bin/python tests/elastic/ask_esql.py <asked.json

Its parser needs a second for a hundred letters. Rules share most of their commands, so each command
is parsed once, by itself, and a query's tree is put together from those of its commands; then it is
judged whole: columns of the schema and of commands before, functions, types, metadata, KEEP.

In: `{"schema": {field: type}, "lookups": {index: {field: type}}, "rules": [[name, query], …]}`.
Out: what is wrong with each rule, by name; "" where nothing is.
"""

from __future__ import annotations

import functools
import json
import sys

import esql

VERSION = "8.19.0"


@functools.cache
def parsed(command: str) -> object:
    """Return the tree of one command; raises what the parser raises."""
    if command.startswith("FROM "):
        return esql.parse_query(command).commands[0]
    return esql.parse_query(f"FROM x | {command}").commands[1]


def fault(name: str, query: str, schema: esql.Schema) -> str:
    """Return what is wrong with a rule's query, in one line."""
    try:
        with esql.ParserConfig(min_stack_version=VERSION):
            tree = esql.ast.EsqlQuery(commands=[parsed(line) for line in query.split("\n| ")])
            esql.verify_features(tree, VERSION)
        with esql.ParserConfig(schema, min_stack_version=VERSION):
            esql.analyze(tree, schema)
        esql.validate_detection_rule_query(tree, name)
    except esql.EsqlError as error:
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    schema = esql.Schema(asked["schema"], lookups=asked["lookups"])
    print(json.dumps({name: fault(name, query, schema) for name, query in asked["rules"]}))


main()
